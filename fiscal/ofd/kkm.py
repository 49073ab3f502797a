"""A cash register in software: what it sends to the operator, what it makes by itself, and what it keeps.

    online    a document is written down with its request number and token, sent, and decided with the answer
    offline   no answer within the total time: that very document, and every later one, is made with a number of the
              register's own and waits in the queue; the link is tried again after a pause, and the queue is handed over
              in order before anything new goes out
    blocked   the operator, or a queued document it refuses, stops everything until someone acts

One request never changes its number and token: the operator knows a repeat by them, and knows only the last one. So
nothing else is sent while a request is without its answer. Every step is one transaction.
Source: KGD protocol 2.0.2, sections on TOKEN, REQNUM and the autonomous mode (github
texport/FiscalSerializationLib_v2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fiscal.failures import Failure, FailureKind
from fiscal.ofd import books, requests, words
from fiscal.ofd.books import NS, Wanted
from fiscal.ofd.exchange import Answer, Exchange, NoAnswer
from fiscal.ofd.frames import Frame
from fiscal.ofd.proto import encode
from fiscal.ofd.results import UNDONE, Reaction, failure, row_for
from fiscal.ofd.settings import Settings
from fiscal.ofd.state import Doc, Kkm, Stage
from fiscal.ofd.store import Store
from fiscal.ofd.words import Command

PARTS: Mapping[Command, str] = {
    Command.TICKET: "ticket",
    Command.CLOSE_SHIFT: "close_shift",
    Command.MONEY_PLACEMENT: "money_placement",
}


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
        """Ask the operator whatever is due: the document a power cut left in mid-air, the greeting of a start, the
        queue, the end of a block. What stands in the way of a document, or None: it may be made, online or
        autonomously."""
        if (interrupted := self._store.sending()) is not None:
            self.finish(interrupted)
        kkm = self.state
        if kkm.blocked and self._may_try(kkm):
            self._knock(kkm)
        elif kkm.offline_since_ns is not None and self._may_try(kkm):
            self._drain()
        elif not self._greeted and kkm.offline_since_ns is None:
            self._greet()
        return self._obstacle(self.state)

    def _obstacle(self, kkm: Kkm) -> Failure | None:
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
        answer = self._plain(Command.INFO)
        if isinstance(answer, Answer):
            self._greeted = True
            self._take_plain(answer)

    def _knock(self, kkm: Kkm) -> None:
        """While blocked: ask with COMMAND_SYSTEM, at most once a pause, until the operator is content."""
        self._store.keep(replace(kkm, tried_ns=self._now()))
        if any(doc.held for doc in self._store.queue()):
            return  # A queued document nobody can send on: a person decides what becomes of it.
        answer = self._plain(Command.SYSTEM)
        if isinstance(answer, Answer):
            self._take_plain(answer)

    def _plain(self, command: Command) -> Answer | NoAnswer:
        """A request that registers nothing. Its number is spent before it goes out."""
        kkm = books.numbered(self.state)
        self._store.keep(kkm)
        payload = encode("Request", {"command": int(command), "service": self._service(kkm)})
        return self._exchange.ask(Frame(self._settings.device, kkm.token, kkm.reqnum, payload), command, once=True)

    def _take_plain(self, answer: Answer) -> None:
        kkm = replace(self.state, token=answer.token)
        row = row_for(answer.code)
        if row.reaction in (Reaction.DONE, Reaction.SHIFT):
            facts = _facts(answer.fields.get("service", {}))
            self._store.keep(replace(kkm, blocked="", greeted=True, facts={**kkm.facts, **facts}))
        else:
            self._store.keep(replace(kkm, blocked=_blocked(answer)))

    def _service(self, kkm: Kkm) -> dict[str, Any]:
        offset = self._settings.utc_offset
        begin = kkm.offline_since_ns if kkm.offline_since_ns is not None else self._now()
        return requests.service(self._settings, (words.moment(begin, offset), words.moment(self._now(), offset)))

    # Documents

    def make(self, wanted: Wanted) -> Doc | Failure:
        """Make a document: online, or autonomously. A Failure says why it was not made. `catch_up` comes first."""
        kkm, now_ns = self.state, self._now()
        opened = books.opened(kkm, now_ns)
        doc = books.drafted(wanted, opened, now_ns, self._settings)
        if kkm.offline_since_ns is not None:
            return self._store.add(*books.made_autonomously(opened, doc, now_ns))
        spent = books.numbered(kkm)
        # The shift it opens is written with the outcome: a document that was refused has opened none.
        return self._send(self._store.add(spent, replace(doc, reqnum=spent.reqnum, token=spent.token)), sent=False)

    def finish(self, doc: Doc) -> Doc | Failure:
        """Take up a document whose request may have left: the same request again, or the queue."""
        return self._send(doc, sent=True)

    def _send(self, doc: Doc, *, sent: bool) -> Doc | Failure:
        answer = self._exchange.ask(self._frame(doc), doc.command)
        kkm = self.state
        if isinstance(answer, NoAnswer):
            since = replace(books.opened(kkm, doc.at_ns), offline_since_ns=doc.at_ns, tried_ns=self._now())
            counted, queued = books.made_autonomously(since, doc, self._now())
            queued = queued if sent or answer.sent else books.unsent(queued)
            self._store.change(counted, queued)
            return queued
        kkm = books.answered(kkm, doc, answer)
        if row_for(answer.code).reaction is Reaction.DONE:
            made = books.made_by_operator(doc, answer)
            self._store.change(books.counted(books.opened(kkm, doc.at_ns), doc), made)
            return made
        return self._refused(kkm, doc, answer, sent=sent or answer.repeated)

    def _refused(self, kkm: Kkm, doc: Doc, answer: Answer, *, sent: bool) -> Failure:
        """`sent`: the request may have arrived before, and then this refusal is of the repeat only."""
        reaction = row_for(answer.code).reaction
        trouble = failure(answer.code, answer.text)
        if reaction is Reaction.NUMBERS or (sent and reaction in UNDONE):
            trouble = replace(trouble, kind=FailureKind.HUMAN)
        stage = Stage.DOUBT if trouble.kind is FailureKind.HUMAN else Stage.REFUSED
        blocked = _blocked(answer) if reaction in UNDONE else kkm.blocked
        told = replace(doc, stage=stage, note=f"{trouble.code}: {trouble.text}", answer=answer.payload.hex())
        self._store.change(replace(kkm, blocked=blocked), told)
        return trouble

    def report(self, kkm: Kkm, at_ns: int) -> dict[str, Any]:
        """The X-report of the open shift."""
        return books.report(kkm, at_ns, self._settings, closed=False)

    def _frame(self, doc: Doc) -> Frame:
        assert doc.reqnum is not None and doc.token is not None  # noqa: S101 - numbered before it is sent
        fields = {"command": doc.command, PARTS[Command(doc.command)]: doc.body, "service": self._service(self.state)}
        return Frame(self._settings.device, doc.token, doc.reqnum, encode("Request", fields))

    # The queue

    def _drain(self) -> None:
        """Hand the queue over in order. Stops at the first silence; a refusal blocks the register."""
        self._store.keep(replace(self.state, tried_ns=self._now()))
        for doc in self._store.queue():
            if not self._hand_over(doc):
                return
        self._store.keep(replace(self.state, offline_since_ns=None))

    def _hand_over(self, doc: Doc) -> bool:
        kkm, sent = self.state, doc.reqnum is not None
        if not sent:
            kkm = books.numbered(kkm)
            doc = replace(doc, reqnum=kkm.reqnum, token=kkm.token)
            self._store.change(kkm, doc)
        answer = self._exchange.ask(self._frame(doc), doc.command, once=True)
        if isinstance(answer, NoAnswer):
            if not (sent or answer.sent):
                self._store.change(kkm, books.unsent(doc))
            return False
        kkm = books.answered(kkm, doc, answer)
        reaction = row_for(answer.code).reaction
        if reaction is Reaction.DONE:
            self._store.change(kkm, books.made_by_operator(doc, answer))
            return True
        blocked, evidence = _blocked(answer), answer.payload.hex()
        if reaction in UNDONE and not sent:
            # Its first time out, and nothing to do with the document: it goes again, as new, when the block is over.
            doc = replace(books.unsent(doc), answer=evidence)
        else:
            doc = replace(doc, held=True, note=blocked, answer=evidence)
        self._store.change(replace(kkm, blocked=blocked), doc)
        return False


def _blocked(answer: Answer) -> str:
    """The operator's words for a person; ticket ads carry the text a blocked register must show."""
    ads = answer.fields.get("service", {}).get("ticket_ads", [])
    told = "; ".join(ad["text"] for ad in ads if ad["info"]["type"] == 4)
    return f"ofd:{answer.code} {told or answer.text or row_for(answer.code).meaning}"


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
