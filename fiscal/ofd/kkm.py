"""A cash register in software: what it sends to the operator, what it makes by itself, and what it keeps.

    online    a document is written down with its request number and token, sent, and decided with the answer
    offline   no answer within the total time: that very document, and every later one, is made with a number of the
              register's own and waits in the queue; the link is tried again after a pause, and the queue is handed over
              in order before anything new goes out
    blocked   the operator, or a queued document it refuses, stops everything until someone acts

One request never changes its number and token: the operator knows a repeat by them. Every step is one transaction.
Source: KGD protocol 2.0.2, sections on TOKEN, REQNUM and the autonomous mode (github
texport/FiscalSerializationLib_v2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fiscal.failures import Failure, FailureKind
from fiscal.ofd import requests, words
from fiscal.ofd.counters import ShiftTotals, plus, zx_report
from fiscal.ofd.exchange import Answer, Exchange
from fiscal.ofd.frames import REQNUM_WRAP, Frame
from fiscal.ofd.proto import UINT32_MAX, encode
from fiscal.ofd.results import Reaction, failure, row_for
from fiscal.ofd.settings import Settings
from fiscal.ofd.state import Doc, Kkm, Stage
from fiscal.ofd.store import Store
from fiscal.ofd.words import Command

NS = 1_000_000_000
PARTS: Mapping[Command, str] = {
    Command.TICKET: "ticket",
    Command.CLOSE_SHIFT: "close_shift",
    Command.MONEY_PLACEMENT: "money_placement",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document to be made: its own part of the request, and what it adds to the counters."""

    key: str
    kind: str
    command: Command
    body: Mapping[str, Any]
    total_tiyn: int
    adds: Mapping[str, int]
    cash_tiyn: int  # What it does to the drawer, with its sign.
    offline_counter: str  # Counter of autonomous documents of its kind.


class SoftwareKkm:
    """The caller takes turns. Raises StoreBroken when the fiscal memory fails."""

    def __init__(
        self, settings: Settings, store: Store, exchange: Exchange, now: Callable[[], int], token: int
    ) -> None:
        self._settings = settings
        self._store = store
        self._exchange = exchange
        self._now = now
        self._greeted = False
        self._adopt(token)

    def _adopt(self, token: int) -> None:
        """A token in the configuration that is not the one it had before was typed by an engineer."""
        kkm = self._store.kkm()
        if token != kkm.given_token:
            self._store.keep(replace(kkm, token=token, given_token=token, blocked=""))

    @property
    def state(self) -> Kkm:
        return self._store.kkm()

    def close(self) -> None:
        self._exchange.close()

    # The link

    def catch_up(self) -> Failure | None:
        """Ask the operator whatever is due: the greeting of a start, the queue, the end of a block. What stands in
        the way of a document, or None: it may be made, online or autonomously."""
        if (doubtful := self._store.doubtful()) is not None:
            return Failure(FailureKind.HUMAN, "ofd:doubt", f"document {doubtful.key}: {doubtful.note}")
        kkm = self.state
        if kkm.blocked and self._may_try(kkm):
            self._knock(kkm)
        elif kkm.offline_since_ns is not None and self._may_try(kkm):
            self._drain()
        elif not self._greeted and kkm.offline_since_ns is None:
            self._greet()
        kkm = self.state
        if kkm.blocked:
            return Failure(FailureKind.CONFIGURATION, kkm.blocked.partition(" ")[0], kkm.blocked)
        if not kkm.greeted:
            text = "the operator has never answered: registration and token are not proven yet"
            return Failure(FailureKind.UNAVAILABLE, "ofd:greeting", text)
        limit_ns = self._settings.offline_h * 3600 * NS
        if kkm.offline_since_ns is not None and self._now() - kkm.offline_since_ns > limit_ns:
            text = f"autonomous for more than {self._settings.offline_h} h"
            return Failure(FailureKind.OFFLINE_LIMIT, "ofd:72h", text)
        return None

    def _may_try(self, kkm: Kkm) -> bool:
        return self._now() - kkm.tried_ns >= self._settings.again_s * NS

    def _greet(self) -> None:
        """COMMAND_INFO: work begins with it. Silence is no obstacle once it was answered before."""
        answer = self._plain(Command.INFO, once=True)
        if isinstance(answer, Answer):
            self._greeted = True
            self._take_plain(answer)

    def _knock(self, kkm: Kkm) -> None:
        """While blocked: ask with COMMAND_SYSTEM, at most once a pause, until the operator is content."""
        self._store.keep(replace(kkm, tried_ns=self._now()))
        if any(doc.note for doc in self._store.queue()):
            return  # A queued document it refused: only a person can take that out.
        answer = self._plain(Command.SYSTEM, once=True)
        if isinstance(answer, Answer):
            self._take_plain(answer)

    def _plain(self, command: Command, *, once: bool) -> Any:
        """A request that registers nothing. Its number is spent before it goes out."""
        kkm = self._numbered(self.state)
        self._store.keep(kkm)
        payload = encode("Request", {"command": int(command), "service": self._service(kkm)})
        return self._exchange.ask(Frame(self._settings.device, kkm.token, kkm.reqnum, payload), command, once=once)

    def _take_plain(self, answer: Answer) -> None:
        kkm = replace(self.state, token=answer.token)
        row = row_for(answer.code)
        if row.reaction in (Reaction.DONE, Reaction.SHIFT):
            facts = _facts(answer.fields.get("service", {}))
            self._store.keep(replace(kkm, blocked="", greeted=True, facts={**kkm.facts, **facts}))
        else:
            self._store.keep(replace(kkm, blocked=_blocked(answer)))

    @staticmethod
    def _numbered(kkm: Kkm) -> Kkm:
        return replace(kkm, reqnum=(kkm.reqnum + 1) % REQNUM_WRAP)

    def _service(self, kkm: Kkm) -> dict[str, Any]:
        offset = self._settings.utc_offset
        begin = kkm.offline_since_ns if kkm.offline_since_ns is not None else self._now()
        return requests.service(self._settings, (words.moment(begin, offset), words.moment(self._now(), offset)))

    # Documents

    def make(self, wanted: Wanted) -> Doc | Failure:
        """Make a document: online, or autonomously. A Failure says why it was not made. `catch_up` comes first."""
        kkm = self.state
        opened = kkm if kkm.opened_ns is not None else self._opened(kkm)
        doc = self._doc(wanted, opened)
        if kkm.offline_since_ns is not None:
            return self._autonomous(opened, doc, wanted)
        numbered = self._numbered(opened)
        doc = replace(doc, reqnum=numbered.reqnum, token=numbered.token)
        # The shift it opens is written with the outcome: a document that was refused has opened none.
        doc = self._store.add(replace(kkm, reqnum=numbered.reqnum), doc)
        return self._send(doc, wanted)

    def finish(self, doc: Doc, wanted: Wanted) -> Doc | Failure:
        """Take up a document whose request may have left: the same request again, or the queue."""
        return self._send(doc, wanted)

    def _send(self, doc: Doc, wanted: Wanted) -> Doc | Failure:
        answer = self._exchange.ask(self._frame(doc), doc.command)
        kkm = self.state
        opened = kkm if kkm.opened_ns is not None else self._opened(kkm, doc.at_ns)
        if not isinstance(answer, Answer):
            since = replace(opened, offline_since_ns=doc.at_ns, tried_ns=self._now())
            return self._autonomous(since, doc, wanted)
        return self._decided(replace(opened, token=answer.token), replace(kkm, token=answer.token), doc, wanted, answer)

    def _decided(self, opened: Kkm, before: Kkm, doc: Doc, wanted: Wanted, answer: Answer) -> Doc | Failure:
        reaction = row_for(answer.code).reaction
        doc = replace(doc, answer=answer.payload.hex())
        if reaction is Reaction.DONE:
            made = _signed(replace(doc, stage=Stage.DONE), answer)
            self._store.change(self._counted(opened, wanted), made)
            return made
        trouble = failure(answer.code, answer.text)
        stage = Stage.DOUBT if reaction is Reaction.NUMBERS else Stage.REFUSED
        blocked = _blocked(answer) if reaction in (Reaction.LOCK, Reaction.TOKEN) else ""
        note = f"{trouble.code}: {trouble.text}"
        self._store.change(replace(before, blocked=blocked), replace(doc, stage=stage, note=note))
        return trouble

    def _autonomous(self, kkm: Kkm, doc: Doc, wanted: Wanted) -> Doc:
        """Give it a number of our own and put it at the end of the queue, with everything it counts."""
        number = max(self._now() // NS & UINT32_MAX, kkm.offline_number + 1)
        body = dict(doc.body)
        if doc.command == Command.TICKET:
            body["offline_ticket_number"] = number
        else:
            body["is_offline"] = True
        queued = replace(doc, stage=Stage.QUEUED, offline_number=number, body=body)
        counted = replace(self._counted(kkm, wanted, offline=True), offline_number=number)
        if doc.number:
            self._store.change(counted, queued)
            return queued
        return self._store.add(counted, queued)

    def _counted(self, kkm: Kkm, wanted: Wanted, *, offline: bool = False) -> Kkm:
        if wanted.command is Command.CLOSE_SHIFT:
            before = plus(kkm.before, {name: n for name, n in kkm.counters.items() if _never_starts_anew(name)})
            return replace(kkm, opened_ns=None, documents=0, counters={}, before=before)
        adds = plus(wanted.adds, {wanted.offline_counter: 1}) if offline else wanted.adds
        cash = kkm.cash_tiyn + wanted.cash_tiyn
        return replace(kkm, documents=kkm.documents + 1, counters=plus(kkm.counters, adds), cash_tiyn=cash)

    def _opened(self, kkm: Kkm, at_ns: int | None = None) -> Kkm:
        return replace(kkm, shift=kkm.shift + 1, opened_ns=self._now() if at_ns is None else at_ns)

    def _doc(self, wanted: Wanted, kkm: Kkm) -> Doc:
        at_ns, offset = self._now(), self._settings.utc_offset
        at, place = words.moment(at_ns, offset), kkm.documents + 1
        body = dict(wanted.body)
        if wanted.command is Command.TICKET:
            body |= {"date_time": at, "fr_shift_number": kkm.shift, "shift_document_number": place}
        elif wanted.command is Command.MONEY_PLACEMENT:
            body |= {"datetime": at, "fr_shift_number": kkm.shift}
        else:
            body |= {"close_time": at, "fr_shift_number": kkm.shift, "z_report": self.report(kkm, at_ns, closed=True)}
        return Doc(
            0, wanted.key, wanted.kind, Stage.SENDING, int(wanted.command), body, wanted.total_tiyn, kkm.shift, place,
            at_ns,
        )  # fmt: skip

    def report(self, kkm: Kkm, at_ns: int, *, closed: bool) -> dict[str, Any]:
        """The X-report of the open shift, or its Z-report when `closed`."""
        offset = self._settings.utc_offset
        at = words.moment(at_ns, offset)
        opened = words.moment(at_ns if kkm.opened_ns is None else kkm.opened_ns, offset)
        totals = ShiftTotals(kkm.shift, kkm.counters, kkm.before, kkm.cash_tiyn)
        return zx_report(totals, at, opened, at if closed else None)

    def _frame(self, doc: Doc) -> Frame:
        assert doc.reqnum is not None and doc.token is not None  # noqa: S101 - numbered before it is sent
        fields = {"command": doc.command, PARTS[Command(doc.command)]: doc.body, "service": self._service(self.state)}
        return Frame(self._settings.device, doc.token, doc.reqnum, encode("Request", fields))

    # The queue

    def _drain(self) -> None:
        """Hand the queue over in order. Stops at the first silence; a refusal blocks the register."""
        self._store.keep(replace(self.state, tried_ns=self._now()))
        for doc in self._store.queue():
            kkm = self.state
            if doc.reqnum is None:
                kkm = self._numbered(kkm)
                doc = replace(doc, reqnum=kkm.reqnum, token=kkm.token)
                self._store.change(kkm, doc)
            answer = self._exchange.ask(self._frame(doc), doc.command, once=True)
            if not isinstance(answer, Answer):
                return
            kkm = replace(kkm, token=answer.token)
            evidence = answer.payload.hex()
            if row_for(answer.code).reaction is not Reaction.DONE:
                trouble = _blocked(answer)
                self._store.change(replace(kkm, blocked=trouble), replace(doc, note=trouble, answer=evidence))
                return
            self._store.change(kkm, _signed(replace(doc, stage=Stage.DONE, answer=evidence), answer))
        self._store.keep(replace(self.state, offline_since_ns=None))

    def set_aside(self, number: int, by: str, why: str) -> None:
        """A person takes a queued document out that the operator refuses, or ends a doubt. KeyError when there is
        none."""
        doc = self._store.by_number(number)
        if doc is None or doc.stage not in (Stage.QUEUED, Stage.DOUBT):
            raise KeyError(number)
        aside = replace(doc, stage=Stage.ASIDE, note=f"{doc.note}; set aside by {by}: {why}")
        self._store.change(replace(self.state, blocked="", tried_ns=0), aside)


def _never_starts_anew(name: str) -> bool:
    """Of a shift's counters those that go on in the next: sums and counts of tickets, counts of cash moves."""
    kind, *rest = name.split(".")
    return (kind == "ticket" and rest[-1] in ("sum", "count")) or (kind == "place" and rest[-1] == "count")


def _blocked(answer: Answer) -> str:
    """The operator's words for a person; ticket ads carry the text a blocked register must show."""
    ads = answer.fields.get("service", {}).get("ticket_ads", [])
    told = "; ".join(ad["text"] for ad in ads if ad["info"]["type"] == 4)
    return f"ofd:{answer.code} {told or answer.text or row_for(answer.code).meaning}"


def _signed(doc: Doc, answer: Answer) -> Doc:
    ticket = answer.fields.get("ticket")
    if ticket is None:
        return doc
    return replace(doc, sign=ticket["ticket_number"], qr=ticket.get("qr_code", b"").decode("utf-8", "replace"))


def _facts(service: Mapping[str, Any]) -> dict[str, str]:
    """Names and addresses the receipt must show, as the operator has them."""
    info = service.get("reg_info", {})
    org, pos = info.get("org", {}), info.get("pos", {})
    facts = {
        "taxpayer_name": org.get("title", ""),
        "taxpayer_xin": org.get("inn", ""),
        "address": pos.get("address", "") or org.get("address", ""),
        "address_kk": pos.get("address_kz", "") or org.get("address_kz", ""),
    }
    return {name: value for name, value in facts.items() if value}
