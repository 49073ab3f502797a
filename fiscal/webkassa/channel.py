"""One HTTP exchange with Webkassa, told apart by what may have happened to the request.

    Envelope   an answer came, whatever it says
    Denied     refused before it was processed: certainly nothing fiscalised
    Unsent     certainly no byte of the request left the program
    Lost       it may have been processed: ask before anything else

Nothing is ever repeated here, with one exception: a domain that says "not here, go there" (505) is followed to the
next host with the same bytes, and a borrowed host that cannot be reached gives way to our own.
Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from fiscal.failures import Failure
from fiscal.https.exchange import Exchange, Limits
from fiscal.https.fields import AnswerMalformed
from fiscal.https.reply import UNPROCESSED, Answer, Lost, Unsent, lost
from fiscal.webkassa import domains
from fiscal.webkassa.settings import Settings
from fiscal.webkassa.wire import ANSWER_BYTES_MAX, Envelope, decode


@dataclass(frozen=True, slots=True)
class Denied:
    failure: Failure


Reply = Envelope | Denied | Unsent | Lost


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """The domain is shut; these hosts were named."""

    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Request:
    path: str
    content: bytes
    deadline_s: float
    hidden: str
    headers: Mapping[str, str] | None


class Channel:
    """HTTP client of one cashbox. Not safe for threads by itself: the session above it holds the lock."""

    def __init__(
        self,
        settings: Settings,
        api_key: str,
        transport: httpx.BaseTransport | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._api_key = api_key
        self._host = settings.origin
        self._http = Exchange(
            transport=transport,
            monotonic=monotonic,
            headers={
                "x-api-key": api_key,
                "Content-Type": "application/json; charset=utf-8",
                "Accept": "application/json",
            },
            limits=Limits(connect_s=settings.connect_s, body_bytes_max=ANSWER_BYTES_MAX),
            tls_seclevel=settings.tls_seclevel,
            env_proxy=settings.env_proxy,
        )

    def close(self) -> None:
        self._http.close()

    def post(
        self, path: str, content: bytes, deadline_s: float, hidden: str, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send once. `hidden` is the session token: like the key, it must not come back to us inside an answer."""
        request = _Request(path, content, deadline_s, hidden, headers)
        reply = self._exchange(self._host, request)
        if isinstance(reply, _Elsewhere):
            own = (self._settings.origin,) if self._host != self._settings.origin else ()
            return self._follow((*reply.origins, *own), request)
        if isinstance(reply, Unsent) and self._host != self._settings.origin:
            self._host = self._settings.origin
            reply = self._exchange(self._host, request)
        return _shut(path) if isinstance(reply, _Elsewhere) else reply

    def _follow(self, origins: tuple[str, ...], request: _Request) -> Reply:
        for origin in origins:
            reply = self._exchange(origin, request)
            if not isinstance(reply, Unsent | _Elsewhere):
                self._host = origin
                return reply
        # "Unavailable here" is no proof that the request was not taken in.
        return _shut(request.path)

    def _exchange(self, origin: str, request: _Request) -> Reply | _Elsewhere:
        reply = self._http.send(
            "POST",
            origin + request.path,
            request.content,
            deadline_s=request.deadline_s,
            place=request.path,
            headers=request.headers,
            hidden=(request.hidden, self._api_key),
        )
        return self._classify(reply, request.path) if isinstance(reply, Answer) else reply

    def _classify(self, reply: Answer, path: str) -> Reply | _Elsewhere:
        status = reply.status
        answer: Envelope | AnswerMalformed
        try:
            answer = decode(reply.body)
        except AnswerMalformed as malformed:
            answer = malformed
        shut = isinstance(answer, Envelope) and any(error.code == 505 for error in answer.errors)
        if status == 505 or shut:
            return _Elsewhere(
                domains.origins(reply.headers.get(domains.HEADER, "")) if self._settings.alternates else ()
            )
        if status in UNPROCESSED:
            if isinstance(answer, Envelope) and answer.errors:
                return answer
            return Denied(Failure(UNPROCESSED[status], f"http:{status}", "refused before processing", path))
        if not 200 <= status < 300:
            return lost(f"http:{status}", "the server or a box on the way failed", path)
        if isinstance(answer, AnswerMalformed):
            return lost("answer", answer.text, f"{path} {answer.place}".strip())
        return answer


def _shut(path: str) -> Lost:
    return lost("webkassa:505", "service unavailable on every known domain", path)
