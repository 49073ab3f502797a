"""The login of a shop at the registry: one access token for all threads, renewed before it ends.

A token lives about half an hour and is renewed at 80 % of that. When the registry refuses one, it is refreshed once,
then there is one login, then it is a configuration failure, kept for a minute so that no queue of customers turns into
a storm of logins. Tokens live in memory only.
Source: description of the IS MPT API, xTrace 1.0 (MarkSolutions), chapter on authentication.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from sync.ismpt import refusals
from sync.ismpt.channel import FORM, Answered, Channel, Limits, Trouble
from sync.ismpt.profile import Profile

TOKEN_LENGTH_MAX = 16_384
LIFE_S_MAX = 7 * 86_400.0
EARLY_SHARE = 1 / 3  # Of a check's time that renewing a token may cost while the old one still works.
EARLY_PAUSE_S = 30.0  # After a renewal that failed while the old token still works.


class Step(StrEnum):
    """What one call may spend on its token."""

    REFRESH = "refresh"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class _Tokens:
    access: str
    refresh: str | None
    renew_at: float  # Monotonic.
    ends_at: float


class Session:
    """Safe for threads: whoever comes while another renews waits for that one's token, within its own deadline."""

    def __init__(
        self,
        channel: Channel,
        login: str,
        password: str,
        profile: Profile,
        now: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self._channel = channel
        self._login = login
        self._password = password
        self._profile = profile
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._tokens: _Tokens | None = None
        self._blocked: tuple[float, str] = (-math.inf, "")  # Until when, why.

    def bearer(self, limits: Limits, spent: set[Step]) -> str | Trouble:
        """A token that should work, logging in when there is none."""
        tokens = self._tokens
        if tokens is not None and self._monotonic() < tokens.renew_at:
            return tokens.access
        if not self._enter(limits):
            return _busy()
        try:
            return self._current(limits, spent)
        finally:
            self._lock.release()

    def renewed(self, refused: str, limits: Limits, spent: set[Step]) -> str | Trouble:
        """Another token after the registry refused this one; a configuration failure when all steps are spent."""
        if not self._enter(limits):
            return _busy()
        try:
            tokens = self._tokens
            if tokens is not None and tokens.access != refused:
                return tokens.access  # Another thread was faster.
            if tokens is None and self._is_blocked():
                return self._failure()
            if Step.REFRESH not in spent and tokens is not None and tokens.refresh is not None:
                spent.add(Step.REFRESH)
                outcome = self._refresh(tokens.refresh, limits)
                if outcome is not None:
                    return outcome
            if Step.LOGIN not in spent:
                return self._log_in(limits, spent)
            return self._block("the registry refuses the token it has just given")
        finally:
            self._lock.release()

    def secrets(self) -> tuple[str, ...]:
        """What must not come back to us inside an error text."""
        tokens = self._tokens
        held = () if tokens is None else (tokens.access, tokens.refresh or "")
        return (self._password, *held)

    def _enter(self, limits: Limits) -> bool:
        return self._lock.acquire(timeout=max(0.0, self._channel.left_s(limits)))

    def _current(self, limits: Limits, spent: set[Step]) -> str | Trouble:
        tokens, at = self._tokens, self._monotonic()
        if tokens is not None and at < tokens.renew_at:
            return tokens.access
        if tokens is not None and at < tokens.ends_at:
            return self._early(tokens, limits, spent)
        if self._is_blocked():
            return self._failure()
        if tokens is not None and tokens.refresh is not None:
            spent.add(Step.REFRESH)
            outcome = self._refresh(tokens.refresh, limits)
            if outcome is not None:
                return outcome
        return self._log_in(limits, spent)

    def _early(self, tokens: _Tokens, limits: Limits, spent: set[Step]) -> str | Trouble:
        """Renew a token that still works: whatever goes wrong, the old one is good for this call."""
        if tokens.refresh is None:
            return tokens.access
        share = Limits(self._monotonic() + self._channel.left_s(limits) * EARLY_SHARE, limits.connect_s)
        spent.add(Step.REFRESH)
        outcome = self._refresh(tokens.refresh, share)
        if isinstance(outcome, str):
            return outcome
        kept = tokens.refresh if isinstance(outcome, Trouble) else None
        later = self._monotonic() + EARLY_PAUSE_S
        self._tokens = _Tokens(tokens.access, kept, later if kept else tokens.ends_at, tokens.ends_at)
        return tokens.access

    def _refresh(self, token: str, limits: Limits) -> str | Trouble | None:
        """A new access token, the trouble of the line, or None: refused, only a login can help."""
        content = urlencode({"refreshToken": token}).encode()
        reply = self._channel.post(self._profile.refresh_path, content, limits, content_type=FORM)
        if isinstance(reply, Trouble):
            return reply
        return self._keep(reply, token) if reply.status == 200 else None

    def _log_in(self, limits: Limits, spent: set[Step]) -> str | Trouble:
        spent.add(Step.LOGIN)
        content = json.dumps({"login": self._login, "password": self._password}, separators=(",", ":")).encode()
        reply = self._channel.post(self._profile.authenticate_path, content, limits)
        if isinstance(reply, Trouble):
            return reply
        if reply.status == 200:
            kept = self._keep(reply, None)
            if kept is not None:
                return kept
            return Trouble("login: the answer has no token", transient=True)
        reason = "login: " + refusals.words(reply.status, reply.body, self.secrets())
        if reply.status == 429 or (reply.status >= 500 and not refusals.login_is_wrong(reply.body)):
            wait_s = refusals.retry_after_s(reply.retry_after, self._now())
            return Trouble(reason, transient=True, wait_s=wait_s)
        return self._block(reason)

    def _keep(self, reply: Answered, refresh: str | None) -> str | None:
        try:
            content = json.loads(reply.body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(content, dict):
            return None
        access = _token(content.get("accessToken"))
        if access is None:
            return None
        life_s = _life_s(content.get("accessTokenExpiresIn")) or self._profile.token_life_s
        at = self._monotonic()
        self._tokens = _Tokens(
            access=access,
            refresh=_token(content.get("refreshToken")) or refresh,
            renew_at=at + life_s * self._profile.refresh_share,
            ends_at=at + life_s,
        )
        self._blocked = (-math.inf, "")
        return access

    def _block(self, reason: str) -> Trouble:
        self._tokens = None
        self._blocked = (self._monotonic() + self._profile.blocked_s, reason)
        return self._failure()

    def _is_blocked(self) -> bool:
        return self._monotonic() < self._blocked[0]

    def _failure(self) -> Trouble:
        return Trouble(f"configuration: {self._blocked[1]}", transient=False)


def _busy() -> Trouble:
    return Trouble("no answer in time (another login is under way)", transient=True)


def _token(value: object) -> str | None:
    """A token as it may stand in a header."""
    if not isinstance(value, str) or not 0 < len(value) <= TOKEN_LENGTH_MAX:
        return None
    return value if value.isascii() and value.isprintable() and " " not in value else None


def _life_s(value: object) -> float | None:
    """The life in seconds from milliseconds, which come as text or as a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        life_s = float(value) / 1000
    except (ValueError, OverflowError):
        return None
    return min(life_s, LIFE_S_MAX) if life_s > 0 else None
