"""Login, token renewal and "one request at a time" of a cashbox.

A token lives until the next login of the same user, so it can die under our hands at any request: codes 2 and 3 are
answered by one login and one repeat of the same body, never by a loop.
Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from fiscal.https.fields import AnswerMalformed, Json, dump
from fiscal.https.reply import Lost, Unsent
from fiscal.register import Failure, FailureKind, RegisterUnavailable
from fiscal.webkassa import codes
from fiscal.webkassa.channel import Channel, Denied, Reply
from fiscal.webkassa.codes import Reaction
from fiscal.webkassa.settings import Settings
from fiscal.webkassa.wire import Envelope, ErrorEntry, with_token

AUTHORIZE = "/api/v4/Authorize"
TOKEN_LENGTH_MAX = 512
LOGIN_PAUSE_S = 60.0
BUSY_PAUSE_S = 1.0
BUSY_TRIES = 3


def worst(errors: tuple[ErrorEntry, ...]) -> ErrorEntry:
    """The error that decides: known key first, then anything that leaves doubt, then the first one named."""

    def rank(error: ErrorEntry) -> int:
        reaction = codes.row_for(error.code, error.text).reaction
        return {Reaction.DUPLICATE: 0, Reaction.DOUBT: 1}.get(reaction, 2)

    return min(errors, key=rank)


def reaction_of(envelope: Envelope) -> Reaction | None:
    """What the errors of an answer ask for; None when there are none."""
    if not envelope.errors:
        return None
    error = worst(envelope.errors)
    return codes.row_for(error.code, error.text).reaction


def failure_of(envelope: Envelope, place: str) -> Failure:
    error = worst(envelope.errors)
    return codes.failure(error.code, error.text, place)


@dataclass(slots=True)
class Session:
    """Requests with a valid token. The caller holds the cashbox's lock."""

    settings: Settings
    channel: Channel
    password: str = field(repr=False)
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    _token: str = field(default="", repr=False)
    _token_at: float = 0.0
    _refused: Failure | None = None  # Last login the service refused: repeating it at once could lock the user out.
    _refused_at: float = 0.0
    _flight: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def write(self, path: str, body: str) -> Reply:
        """One fiscal request. `Unsent` also when the login before it failed: its bytes never left."""
        return self._call(path, body, self.settings.write_s)

    def read(self, path: str, fields: Json, headers: Mapping[str, str] | None = None) -> Envelope:
        """A request that changes nothing. Waits and repeats while the cashbox is busy.

        RegisterUnavailable when no readable answer came; errors inside the answer are the caller's business.
        """
        body = dump({"CashboxUniqueNumber": self.settings.cashbox, **fields})
        tries = BUSY_TRIES
        while True:
            reply, tries = self._call(path, body, self.settings.read_s, headers), tries - 1
            if not isinstance(reply, Envelope):
                raise RegisterUnavailable(reply.failure)
            if reaction_of(reply) is not Reaction.WAIT or tries == 0:
                return reply
            self.sleep(BUSY_PAUSE_S)

    def read_good(self, path: str, fields: Json, headers: Mapping[str, str] | None = None) -> Envelope:
        """The same, with RegisterUnavailable also for an answer that carries an error."""
        envelope = self.read(path, fields, headers)
        if envelope.errors:
            raise RegisterUnavailable(failure_of(envelope, path))
        return envelope

    def _call(self, path: str, body: str, deadline_s: float, headers: Mapping[str, str] | None = None) -> Reply:
        old = not self._token or self.monotonic() - self._token_at >= self.settings.login_h * 3600
        if old and (failure := self._renew(self._token)) is not None:
            return Unsent(failure)
        token = self._token
        reply = self.channel.post(path, with_token(token, body), deadline_s, hidden=token, headers=headers)
        if not (isinstance(reply, Envelope) and reaction_of(reply) is Reaction.LOGIN):
            return reply
        if self.settings.yields:
            # Taking it back would end the session of a till that may be selling, and it ours, and so on.
            text = f"another login of {self.settings.login} ended this session"
            return Denied(Failure(FailureKind.CONFIGURATION, "session_taken", text, path))
        # The answer was "no session": this body was not processed, whatever becomes of the login.
        if (failure := self._renew(token)) is not None:
            return Denied(failure)
        token = self._token
        reply = self.channel.post(path, with_token(token, body), deadline_s, hidden=token, headers=headers)
        if isinstance(reply, Envelope) and reaction_of(reply) is Reaction.LOGIN:
            return Denied(failure_of(reply, path))
        return reply

    def _renew(self, stale: str) -> Failure | None:
        """Log in unless another thread has done so since `stale` was read. The reason when there is no new token."""
        with self._flight:
            if self._token and self._token != stale:
                return None
            self._token = ""
            if self._refused is not None and self.monotonic() - self._refused_at < LOGIN_PAUSE_S:
                return self._refused
            self._refused = None
            content = dump({"Login": self.settings.login, "Password": self.password}).encode()
            reply = self.channel.post(AUTHORIZE, content, self.settings.read_s, hidden="")
            if isinstance(reply, Denied | Unsent | Lost):
                return self._told(reply.failure)
            if reply.errors:
                self._refused, self._refused_at = self._told(failure_of(reply, AUTHORIZE)), self.monotonic()
                return self._refused
            try:
                token = reply.fields().text("Token")
            except AnswerMalformed as malformed:
                return Failure(FailureKind.UNAVAILABLE, "answer", malformed.text, f"{AUTHORIZE} {malformed.place}")
            if not 0 < len(token) <= TOKEN_LENGTH_MAX:
                return Failure(FailureKind.UNAVAILABLE, "answer", "the token is missing", f"{AUTHORIZE} Data.Token")
            self._token, self._token_at = token, self.monotonic()
            return None

    def _told(self, failure: Failure) -> Failure:
        """Why there is no session: the order itself did not leave, and the server may have quoted the password."""
        kind = FailureKind.UNAVAILABLE if failure.kind is FailureKind.NO_ANSWER else failure.kind
        return replace(failure, kind=kind, text=failure.text.replace(self.password, "***"))
