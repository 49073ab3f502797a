"""What a register behind driver 10 has made since a baseline. Changes nothing; may raise Silence.

The uuids of the order come first: the document the server tells of one of them is ours, whatever else was made, when it
can be (attempts.py). Where it tells none, every document of the storage above the baseline's last one is read, and cash
moves are counted: the server may have lost its memory, and a cash move it calls failed may have been made before the
link broke.
"""

from __future__ import annotations

from collections.abc import Mapping

from fiscal.atol.web import answers, attempts
from fiscal.atol.web.answers import Entry, Stored
from fiscal.atol.web.channel import Channel
from fiscal.atol.web.reader import Reader
from fiscal.device.family import Silence
from fiscal.device.looks import Look, Made
from fiscal.documents import Baseline, SeenDocument
from fiscal.failures import Failure, FailureKind
from fiscal.https.fields import AnswerMalformed
from fiscal.orders import Prepared

READ_BACK_MAX = 30  # Documents: more than that, and somebody else works at the register.
SUM_OF = {"cash_in": "put", "cash_out": "taken"}
RECEIPTS = ("sale", "sale_return")

Counters = Mapping[str, int]


class Evidence:
    def __init__(self, channel: Channel, reader: Reader) -> None:
        self._channel = channel
        self._reader = reader

    def made(self, prepared: Prepared, baseline: Baseline, look: Look) -> Made:
        before, now = counters_of(baseline), look.counters
        if "fd" not in before:
            return Made(None, why="the baseline holds no counters")
        for entry in attempts.carried_out(self._channel, prepared.key):
            seen = self.told(entry, prepared)
            if seen is not None and is_new(seen, baseline):
                return Made(1, seen, "the server carried it out under the uuid of this order")
            if seen is not None:
                return Made(None, why=f"the server tells document {seen.number} as ours, which was there before")
        if prepared.kind in SUM_OF:
            return _cash(prepared.kind, before, now)
        return self._stored(prepared.kind, before["fd"], now["fd"])

    def told(self, entry: Entry, prepared: Prepared) -> SeenDocument | None:
        """The document a result tells, read back as far as it leaves out what proves it; None when it cannot be this
        order's: none at all, another kind, another sum."""
        if prepared.kind in SUM_OF:
            return SeenDocument("", prepared.kind, prepared.total_tiyn, "")
        try:
            told = answers.made(entry)
        except AnswerMalformed:
            return None
        if prepared.kind not in RECEIPTS or told.total_tiyn is not None:
            at = self._reader.moment(told.at) or ""
            seen = SeenDocument(str(told.number), prepared.kind, told.total_tiyn, at, told.shift, told.sign)
        else:
            stored = self._reader.document(told.number)
            if stored is None:
                return None
            seen = self.seen(stored)
        if seen.kind != prepared.kind or (prepared.kind in RECEIPTS and seen.total_tiyn != prepared.total_tiyn):
            return None
        return seen

    def find(self, key: str) -> SeenDocument | None:
        """A receipt or a shift's document by our key, as the server tells it."""
        for entry in reversed(attempts.carried_out(self._channel, key)):
            if entry.result is not None and "fiscalParams" in entry.result:
                stored = self.document(parsed(entry).number)
                return None if stored is None else self.seen(stored)
        return None

    def last(self) -> SeenDocument | None:
        number = self._reader.last_number()
        stored = self._reader.document(number) if number else None
        if stored is None:
            return SeenDocument(str(number), "", None, "") if number else None
        return self.seen(stored)

    def document(self, number: int) -> Stored | None:
        return self._reader.document(number)

    def seen(self, stored: Stored) -> SeenDocument:
        total = stored.total_tiyn if stored.kind in RECEIPTS else None
        at = self._reader.moment(stored.at) or ""
        return SeenDocument(str(stored.number), stored.kind, total, at, stored.shift, stored.sign)

    def _stored(self, kind: str, first: int, last: int) -> Made:
        why = f"document {first} before, {last} now, and the server carried nothing out for this order"
        if last < first or last - first > READ_BACK_MAX:
            return Made(None if last > first else -1, why=why)
        stored = [self._reader.document(number) for number in range(first + 1, last + 1)]
        if None in stored:
            return Made(None, why=f"{why}; one of them cannot be read")
        ours = [one for one in stored if one is not None and one.kind == kind]
        return Made(len(ours), self.seen(ours[-1]) if len(ours) == 1 else None, why)


def parsed(entry: Entry) -> answers.Made:
    """fiscalParams of a result. Silence when they are not what they should be."""
    try:
        return answers.made(entry)
    except AnswerMalformed as malformed:
        raise Silence(Failure(FailureKind.NO_ANSWER, "answer", str(malformed)), sent=True) from malformed


def is_new(seen: SeenDocument, baseline: Baseline) -> bool:
    """Whether a document is one made since the baseline; a cash move has no number and is."""
    return not seen.number or int(seen.number) > counters_of(baseline).get("fd", -1)


def counters_of(baseline: Baseline) -> Counters:
    return dict(baseline.extra.get("counters", {}))


def _cash(kind: str, before: Counters, now: Counters) -> Made:
    if kind not in before or kind not in now or before["shift"] > now["shift"]:
        return Made(None, why="the driver does not tell how many cash moves there were")
    if before["shift"] < now["shift"] and before[kind]:
        return Made(None, why="the shift was closed in between, and its counts with it")
    count, gained = now[kind] - before[kind], now[SUM_OF[kind]] - before[SUM_OF[kind]]
    why = f"{count} moves of this kind, {gained} tiyn"
    return Made(count, SeenDocument("", kind, gained, "") if count == 1 else None, why)
