"""Requests to the web server of ATOL's driver 10: posted under a uuid, asked for until they have ended, cancelled.

    POST /api/v2/requests            201 accepted, 409 the uuid is known: nothing is done twice
    GET  /api/v2/requests/UUID       the results so far, 404 (code 505) it is not known
    DELETE /api/v2/requests/UUID     only what has not begun is cancelled
    GET  /api/v2/getRequestsQueueStatus

A lost answer is made good by asking: a uuid that is not known is posted again as it was, for the server takes each one
once. Only what the server itself says counts; a page of a box on the way is a lost answer.
Source: github avb56/kktsite-agent, src/server.js (the vendor's Web Requests 1.0.4.0); github sir-go/atol-client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fiscal.atol.errors import JSON_FAMILY
from fiscal.atol.web.answers import Entry, QueueState, State, entries, queue_state, server_error
from fiscal.atol.web.settings import Settings
from fiscal.device.family import Silence
from fiscal.failures import Failure, FailureKind
from fiscal.https.exchange import Exchange
from fiscal.https.fields import AnswerMalformed, dump
from fiscal.https.reply import UNPROCESSED, Answer, Unsent

REQUESTS = "/api/v2/requests"
QUEUE = "/api/v2/getRequestsQueueStatus"
POSTS_MAX = 3  # Of one request, under the same uuid.
ASKS_MAX = 3  # About one request, without any answer.

Task = Mapping[str, Any]


class UuidKnown(Exception):
    """The server has had a request under this uuid before."""


class Refused(Exception):
    """The server did not take a request: certainly nothing of it was done."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class _Lost:
    failure: Failure
    sent: bool


class Channel:
    def __init__(
        self,
        settings: Settings,
        exchange: Exchange,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._monotonic = monotonic
        self._sleep = sleep
        self._query = "" if settings.device is None else f"?deviceID={quote(settings.device, safe='')}"

    def close(self) -> None:
        self._exchange.close()

    def run(self, uuid: str, tasks: str, timeout_s: float) -> list[Entry]:
        """Post tasks (their JSON) and wait for their end. UuidKnown, Refused; Silence when nothing can be said."""
        self._post(uuid, tasks)
        return self.ended(uuid, timeout_s)

    def ended(self, uuid: str, timeout_s: float) -> list[Entry]:
        """The results of a request that the server has, when it has ended; one that never begins is cancelled."""
        until = self._monotonic() + timeout_s
        while True:
            found = self.results(uuid)
            if found is None:
                raise _silent("gone", f"the server has forgotten request {uuid}", sent=True)
            if all(entry.state.is_final for entry in found):
                return found
            if any(entry.state is State.BLOCKED for entry in found) and self._waits_for_paper():
                text = "out of paper: the server waits for it and knows the document"
                raise Silence(Failure(FailureKind.PAPER, "paper", text, uuid), sent=True)
            if self._monotonic() >= until:
                if found[0].state is State.WAIT and self._cancelled(uuid):
                    continue
                raise _silent("timeout", "the register works on it for too long", sent=True)
            self._sleep(self._settings.poll_s)

    def results(self, uuid: str) -> list[Entry] | None:
        """The results of a request so far; None when the server does not know it. Silence when it does not say."""
        path = f"{REQUESTS}/{quote(uuid, safe='')}"
        lost = _Lost(Failure(FailureKind.NO_ANSWER, "answer", "no answer", path), True)
        for _ in range(ASKS_MAX):
            reply = self._send("GET", path)
            if isinstance(reply, _Lost):
                lost = reply
                continue
            if reply.status == 404 and server_error(reply.body) is not None:
                return None
            if (refusal := _refusal(reply, path)) is not None:
                raise Silence(refusal, sent=True)
            try:
                return entries(_good(reply))
            except AnswerMalformed as malformed:
                lost = _Lost(Failure(FailureKind.NO_ANSWER, "answer", str(malformed), path), True)
        raise Silence(lost.failure, sent=True)

    def queue(self) -> QueueState:
        """Silence when the server does not say."""
        reply = self._send("GET", QUEUE)
        if isinstance(reply, _Lost):
            raise Silence(reply.failure, sent=False)
        if (refusal := _refusal(reply, QUEUE)) is not None:
            raise Silence(refusal, sent=False)
        try:
            return queue_state(_good(reply))
        except AnswerMalformed as malformed:
            raise _silent("answer", str(malformed), sent=False) from malformed

    def _waits_for_paper(self) -> bool:
        """Asked while the server has a request of ours: silence about the queue leaves that request open."""
        try:
            return self.queue().reason == "paperError"
        except Silence as silence:
            raise Silence(silence.failure, sent=True) from silence

    def _post(self, uuid: str, tasks: str) -> None:
        content = f'{{"uuid":{dump(uuid)},"request":{tasks}}}'.encode()
        sent = False
        for _ in range(POSTS_MAX):
            reply = self._send("POST", REQUESTS, content)
            if isinstance(reply, Answer):
                if reply.status == 201:
                    return
                if reply.status == 409 and server_error(reply.body) is not None:
                    if sent:  # The one that was lost before has come after all.
                        return
                    raise UuidKnown
                if (refusal := _refusal(reply, REQUESTS)) is not None:
                    if sent:  # One that was lost before may still come.
                        raise Silence(refusal, sent=True)
                    raise Refused(refusal)
                sent = True
                failure = Failure(FailureKind.NO_ANSWER, f"http:{reply.status}", "no answer of the server", REQUESTS)
            else:
                sent, failure = sent or reply.sent, reply.failure
                if not sent:
                    raise Silence(failure, sent=False)
            try:
                if self.results(uuid) is not None:
                    return
            except Silence as silence:
                raise Silence(silence.failure, sent=True) from silence
        raise Silence(failure, sent=True)

    def _cancelled(self, uuid: str) -> bool:
        reply = self._send("DELETE", f"{REQUESTS}/{quote(uuid, safe='')}")
        return isinstance(reply, Answer) and reply.status == 200

    def _send(self, method: str, path: str, content: bytes = b"") -> Answer | _Lost:
        url = f"{self._settings.origin}{path}{self._query}"
        reply = self._exchange.send(method, url, content, deadline_s=self._settings.answer_s, place=path)
        if isinstance(reply, Answer):
            return reply
        return _Lost(reply.failure, not isinstance(reply, Unsent))


def _good(reply: Answer) -> bytes:
    """The body of an answer to a question. AnswerMalformed for another status than 200."""
    if reply.status != 200:
        raise AnswerMalformed(f"status {reply.status}", "is no answer of the server")
    return reply.body


def _refusal(reply: Answer, path: str) -> Failure | None:
    """Why the server itself refuses; None when it does not, or somebody else answers."""
    kind = UNPROCESSED.get(reply.status)
    code = server_error(reply.body)
    if kind is None or (code is None and reply.status != 401):
        return None
    return Failure(kind, f"{JSON_FAMILY}:http{reply.status}", "the web server refuses the request", path)


def _silent(code: str, text: str, *, sent: bool) -> Silence:
    return Silence(Failure(FailureKind.NO_ANSWER, code, text), sent=sent)
