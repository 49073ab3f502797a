"""Requests to a cloud register with a token that is won by a login, and may end at any request.

    401 on a request     it was not processed: one login, the same bytes once more
    401 again, no login  Denied: certainly nothing was registered, and no loop

A login the service has refused is not repeated for a while, so that a wrong password does not lock the user out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import httpx

from fiscal.cloud.settings import CloudSettings
from fiscal.failures import Failure, FailureKind
from fiscal.https.exchange import Exchange, Limits
from fiscal.https.fields import AnswerMalformed, Json
from fiscal.https.reply import Answer, Lost, Unsent

LOGIN_PAUSE_S = 60.0
TOKEN_LENGTH_MAX = 8192  # A JWT is some hundred characters; headers end somewhere.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # What a header Authorization can carry (RFC 6750).


@dataclass(frozen=True, slots=True)
class Denied:
    """Refused before it was processed."""

    failure: Failure


Reply = Answer | Denied | Unsent | Lost


@dataclass(frozen=True, slots=True)
class Login:
    """The request that wins a token."""

    target: str = field(repr=False)  # Path with its query: a secret may stand in it.
    content: bytes = field(repr=False)
    content_type: str = "application/json"

    @property
    def place(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Granted:
    token: str = field(repr=False)
    facts: Json = field(default_factory=dict, repr=False)  # The whole answer, where it is an object.


ReadLogin = Callable[[Answer], Granted | Failure]  # May raise AnswerMalformed.


class Session:
    """The caller holds the register's lock."""

    def __init__(
        self,
        base: str,
        settings: CloudSettings,
        login: Login,
        read_login: ReadLogin,
        *,
        scheme: str,  # Of the header Authorization: "Bearer", "Token".
        token_s: float | None,  # A token older than this is renewed before it is used; None: never.
        secrets: tuple[str, ...],
        transport: httpx.BaseTransport | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._base, self._settings = base, settings
        self._login, self._read_login = login, read_login
        self._scheme, self._token_s, self._secrets = scheme, token_s, secrets
        self._monotonic = monotonic
        self._http = Exchange(
            transport=transport,
            monotonic=monotonic,
            headers={"Accept": "application/json"},
            limits=Limits(connect_s=settings.connect_s),
            tls_seclevel=settings.tls_seclevel,
            env_proxy=settings.env_proxy,
        )
        self._granted: Granted | None = None
        self._granted_at = 0.0
        self._refused: Failure | None = None
        self._refused_at = 0.0

    def close(self) -> None:
        """Close the connections, and the injected transport with them."""
        self._http.close()

    def read(self, method: str, path: str, content: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        """A request that changes nothing."""
        return self._call(method, path, content, self._settings.read_s, headers or {})

    def write(self, path: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        """A fiscal request. Unsent also when the login before it failed: its bytes never left."""
        return self._call("POST", path, content, self._settings.write_s, headers)

    def granted(self) -> Granted | Failure:
        """The login that holds now, or why there is none."""
        old = self._token_s is not None and self._monotonic() - self._granted_at >= self._token_s
        if self._granted is not None and not old:
            return self._granted
        return self._renew()

    def age_s(self) -> float:
        """How long ago the login was that holds now."""
        return self._monotonic() - self._granted_at

    def _call(self, method: str, path: str, content: bytes, deadline_s: float, headers: Mapping[str, str]) -> Reply:
        granted = self.granted()
        if isinstance(granted, Failure):
            return Unsent(granted)
        reply = self._send(method, path, content, deadline_s, headers, granted.token)
        if not (isinstance(reply, Answer) and reply.status == 401):
            return reply
        granted = self._renew()
        if isinstance(granted, Failure):
            return Denied(granted)
        reply = self._send(method, path, content, deadline_s, headers, granted.token)
        if isinstance(reply, Answer) and reply.status == 401:
            text = "the service does not take the token it has just given"
            return Denied(Failure(FailureKind.CONFIGURATION, "http:401", text, path))
        return reply

    def _send(
        self, method: str, path: str, content: bytes, deadline_s: float, headers: Mapping[str, str], token: str
    ) -> Answer | Unsent | Lost:
        sent = {"Authorization": f"{self._scheme} {token}", **headers}
        if content:
            sent["Content-Type"] = "application/json"
        return self._http.send(
            method,
            self._base + path,
            content,
            deadline_s=deadline_s,
            place=path.partition("?")[0],
            headers=sent,
            hidden=(token, *self._secrets),
        )

    def _renew(self) -> Granted | Failure:
        self._granted = None
        if self._refused is not None and self._monotonic() - self._refused_at < LOGIN_PAUSE_S:
            return self._refused
        self._refused = None
        login = self._login
        reply = self._http.send(
            "POST",
            self._base + login.target,
            login.content,
            deadline_s=self._settings.read_s,
            place=login.place,
            headers={"Content-Type": login.content_type},
            hidden=self._secrets,
        )
        if not isinstance(reply, Answer):
            return self._told(reply.failure)
        try:
            granted = self._read_login(reply)
        except AnswerMalformed as malformed:
            place = f"{login.place} {malformed.place}".strip()
            return Failure(FailureKind.UNAVAILABLE, "answer", malformed.text, place)
        if isinstance(granted, Failure):
            refused = self._told(granted)
            if refused.kind is not FailureKind.UNAVAILABLE:
                self._refused, self._refused_at = refused, self._monotonic()
            return refused
        if len(granted.token) > TOKEN_LENGTH_MAX or not _TOKEN.fullmatch(granted.token):
            return Failure(FailureKind.UNAVAILABLE, "answer", "there is no token in it", login.place)
        self._granted, self._granted_at = granted, self._monotonic()
        return granted

    def _told(self, failure: Failure) -> Failure:
        """Why there is no session: no order has left, and the server may have quoted a secret."""
        kind = FailureKind.UNAVAILABLE if failure.kind is FailureKind.NO_ANSWER else failure.kind
        text = failure.text
        for secret in self._secrets:
            text = text.replace(secret, "***") if secret else text
        return replace(failure, kind=kind, text=text)
