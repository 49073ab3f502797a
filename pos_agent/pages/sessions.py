"""Who sits at a page: a browser that once showed a code keeps a cookie until somebody revokes it.

A technician asks the agent for a code of eight digits (`pos-agent page code`), types it on the sign-in page once, and
the browser of that till stays signed in over restarts of browser, agent and machine. The file holds hashes alone:
whoever reads it cannot sign in with it. Codes live in memory, for minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from pos_agent.clock import NS_PER_S

CODE_DIGITS = 8
CODE_TTL_S = 600
CODES_MAX = 16
FAILURES_MAX = 8  # Of a code, within CODE_TTL_S: then every code is void, for a guesser must not have a second million.
SESSIONS_MAX = 64
TOKEN_BYTES = 32
LIVES_S: Mapping[str, int] = {"till": 400 * 86_400, "it": 12 * 3_600}  # 400 days: as long as a browser keeps a cookie.
TOUCH_EVERY_S = 86_400


class Role(StrEnum):
    """What a page may show and do. IT may do all a cashier may."""

    TILL = "till"
    IT = "it"


class SessionsUnusable(Exception):
    """The file of signed-in pages cannot be read or written. The text says where and why."""


class CodeRefused(Exception):
    """No such code, or not any more."""


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. Times are UTC nanoseconds; `token_hash` is the SHA-256 of its cookie, in hex."""

    name: str  # For people: which till or whose laptop.
    role: Role
    token_hash: str
    since_ns: int
    seen_ns: int  # Renewed once a day.

    @property
    def client(self) -> str:
        """Name under which its calls are kept: no client of the configuration can have it."""
        return f"page:{self.token_hash[:16]}"

    def lives_until_ns(self) -> int:
        return self.seen_ns + LIVES_S[self.role] * NS_PER_S


@dataclass(frozen=True, slots=True)
class _Code:
    digits: str
    name: str
    role: Role
    until_ns: int


class Sessions:
    """Safe for several threads. Raises SessionsUnusable when its file is damaged, and keeps that file."""

    def __init__(self, path: Path, now_ns: Callable[[], int], random: Callable[[int], bytes]) -> None:
        self._path, self._now_ns, self._random = path, now_ns, random
        self._lock = threading.Lock()
        self._codes: list[_Code] = []
        self._failures: list[int] = []
        self._sessions = {session.token_hash: session for session in _read(path)}

    def offer(self, role: Role, name: str) -> str:
        """A new code that signs one browser in, once, within CODE_TTL_S."""
        with self._lock:
            now_ns = self._now_ns()
            digits = f"{int.from_bytes(self._random(8), 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"
            fresh = [code for code in self._codes if code.until_ns > now_ns and code.digits != digits]
            self._codes = [*fresh[-(CODES_MAX - 1) :], _Code(digits, name, role, now_ns + CODE_TTL_S * NS_PER_S)]
            return digits

    def redeem(self, digits: str) -> tuple[str, Session]:
        """The cookie of a newly signed-in browser. Raises CodeRefused, SessionsUnusable."""
        with self._lock:
            now_ns = self._now_ns()
            self._failures = [at for at in self._failures if at > now_ns - CODE_TTL_S * NS_PER_S]
            if len(self._failures) >= FAILURES_MAX:
                self._codes.clear()
            # Every code is compared, so that timing tells nothing of any.
            matches = [code for code in self._codes if hmac.compare_digest(code.digits.encode(), digits.encode())]
            if not matches or matches[0].until_ns <= now_ns:
                self._failures.append(now_ns)
                raise CodeRefused
            code = matches[0]
            token = self._random(TOKEN_BYTES).hex()
            session = Session(code.name, code.role, _hash(token), now_ns, now_ns)
            living = [known for known in self._sessions.values() if known.lives_until_ns() > now_ns]
            living.sort(key=lambda known: known.seen_ns)
            self._keep({known.token_hash: known for known in [*living[-(SESSIONS_MAX - 1) :], session]})
            self._codes.remove(code)
            self._failures.clear()
            return token, session

    def find(self, token: str) -> Session | None:
        """The session of a cookie, or None when it was never, or is no longer, signed in."""
        # A look-up by hash: how long it takes says nothing about a token nobody can choose the hash of.
        session = self._sessions.get(_hash(token))
        now_ns = self._now_ns()
        if session is None or session.lives_until_ns() <= now_ns:
            return None
        if now_ns - session.seen_ns > TOUCH_EVERY_S * NS_PER_S:
            session = self._touched(session, now_ns)
        return session

    def _touched(self, session: Session, now_ns: int) -> Session | None:
        with self._lock:
            if session.token_hash not in self._sessions:  # Revoked meanwhile.
                return None
            renewed = replace(session, seen_ns=now_ns)
            self._keep({**self._sessions, session.token_hash: renewed})
            return renewed

    def all(self) -> list[Session]:
        return sorted(self._sessions.values(), key=lambda session: session.since_ns)

    def revoke(self, *, name: str | None = None, client: str | None = None) -> int:
        """Sign out the browsers of that name, the one of that client, or all. Returns how many."""
        with self._lock:
            gone = [
                known
                for known in self._sessions.values()
                if (name is None or known.name == name) and (client is None or known.client == client)
            ]
            if gone:
                self._keep({key: known for key, known in self._sessions.items() if known not in gone})
            return len(gone)

    def _keep(self, sessions: dict[str, Session]) -> None:
        """Durable before it counts: a browser told that it is signed out must stay so after a power cut."""
        _write(self._path, list(sessions.values()))
        self._sessions = sessions


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _read(path: Path) -> list[Session]:
    try:
        rows: Any = json.loads(path.read_text(encoding="utf-8"))
        return [Session(**{**row, "role": Role(row["role"])}) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SessionsUnusable(f"{path}: {error}. Remove the file and sign the pages in again") from error


def _write(path: Path, sessions: list[Session]) -> None:
    beside = path.with_suffix(".new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump([asdict(session) for session in sessions], file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise SessionsUnusable(f"{path}: {error.strerror}") from error
