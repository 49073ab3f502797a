"""Sessions of IS MPT: an access token of half an hour, a refresh token that works once, rights per account."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hw_sim.exchange import Clock
from hw_sim.ismpt.errors import BAD_CREDENTIALS, INACTIVE_TOKEN, Rejected

SHRINK_READ, FULL_READ = "MARKING-CODE.SHRINK-READ", "MARKING-CODE.READ"
ALL_RIGHTS = frozenset({SHRINK_READ, FULL_READ, "WITHDRAWAL", "DOCUMENT.ADMINISTRATION"})
ACCESS_LIFE_MS = 1_800_000
REFRESH_LIFE_MS = 24 * 3_600_000
_MS = 1_000_000


@dataclass(slots=True)
class Account:
    """Who may ask, and what."""

    login: str
    password: str
    tin: str = "000000000000"
    rights: frozenset[str] = ALL_RIGHTS


class Sessions:
    """The live tokens."""

    def __init__(self, now: Clock, rng: random.Random, accounts: Iterable[Account]) -> None:
        self.accounts = {account.login: account for account in accounts}
        self.access_life_ms = ACCESS_LIFE_MS
        self.refresh_life_ms = REFRESH_LIFE_MS
        self._now = now
        self._rng = rng
        self._access: dict[str, tuple[Account, int]] = {}
        self._refresh: dict[str, tuple[Account, int]] = {}

    def login(self, login: object, password: object) -> dict[str, Any]:
        """Open a session; 401 with the code of a wrong password otherwise."""
        account = self.accounts.get(login) if isinstance(login, str) else None
        if account is None or account.password != password:
            raise Rejected(401, BAD_CREDENTIALS)
        return self._issue(account)

    def refresh(self, token: str) -> dict[str, Any]:
        """Exchange a refresh token; it works once."""
        account, until_ns = self._refresh.pop(token, (None, 0))
        if account is None or self._now() >= until_ns:
            raise Rejected(401, INACTIVE_TOKEN, _cause=INACTIVE_TOKEN)
        return self._issue(account)

    def account_of(self, header: str) -> Account:
        """The account behind an Authorization header, or 401."""
        kind, _, token = header.partition(" ")
        account, until_ns = self._access.get(token, (None, 0))
        if kind.lower() != "bearer" or account is None or self._now() >= until_ns:
            raise Rejected(401, INACTIVE_TOKEN, _cause=INACTIVE_TOKEN)
        return account

    def end(self, header: str) -> None:
        """Forget the access token of this header."""
        self._access.pop(header.partition(" ")[2], None)

    def _issue(self, account: Account) -> dict[str, Any]:
        access, refresh = f"A{self._rng.getrandbits(160):040x}", f"R{self._rng.getrandbits(160):040x}"
        self._access[access] = (account, self._now() + self.access_life_ms * _MS)
        self._refresh[refresh] = (account, self._now() + self.refresh_life_ms * _MS)
        return {
            "accessToken": access,
            "accessTokenType": "BEARER",
            "accessTokenExpiresIn": str(self.access_life_ms),
            "refreshToken": refresh,
        }
