"""Accounts and sessions: who may sign in, and who a cookie is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from sync.hq.engine import writing
from sync.hq.pages import audit, passwords
from sync.hq.pages.roles import Role
from sync.hq.pages.settings import LANGUAGES, PagesSettings
from sync.hq.pages.tables import audit as trail
from sync.hq.pages.tables import session, user

SEEN_EVERY_NS = 60 * 10**9  # Not every look at a page is a write.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


class AccountInvalid(ValueError):
    """`kind` names the text: name, name-taken, password, role, language, last-administrator, yourself."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class SignInRefused(Exception):
    """`kind`: wrong (name, password or a closed account: which of them is not said) or too-many."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    full_name: str
    role: Role
    language: str
    active: bool
    created_ns: int
    signed_in_ns: int | None


@dataclass(frozen=True, slots=True)
class Signed:
    account: Account
    csrf: str


class Accounts:
    """`now` is UTC nanoseconds; `random` gives that many unguessable bytes."""

    def __init__(
        self, engine: Engine, settings: PagesSettings, now: Callable[[], int], random: Callable[[int], bytes]
    ) -> None:
        self._engine, self._settings, self._now, self._random = engine, settings, now, random

    # --- sessions ---

    def sign_in(self, name: str, password: str, address: str) -> str:
        """The cookie of a new session. Raises SignInRefused; a refusal is in the audit trail, and they are counted."""
        name = name.strip().lower()[:40]
        with self._engine.connect() as db:
            limited = self._limited(db, name, address)
            stored = None if limited else db.execute(select(user).where(user.c.name == name)).first()
        known = stored.password if stored is not None else passwords.nobody(self._settings.scrypt_cost)
        fits = not limited and passwords.matches(password[: passwords.LENGTH_MAX], known)
        now = self._now()
        with writing(self._engine) as db:
            if stored is None or not fits or not stored.active:
                kind = "too-many" if limited else "wrong"
                if not limited:
                    audit.write(db, now, name, address, "sign-in-refused", name)
            else:
                kind, cookie = "", self._random(32).hex()
                values = {"digest": _digest(cookie), "name": name, "csrf": self._random(16).hex()}
                db.execute(delete(session).where(session.c.created_ns < now - self._settings.session_s * 10**9))
                db.execute(insert(session).values(**values, created_ns=now, seen_ns=now))
                db.execute(update(user).where(user.c.name == name).values(signed_in_ns=now))
                audit.write(db, now, name, address, "signed-in", name)
        if kind:
            raise SignInRefused(kind)
        return cookie

    def _limited(self, db: Connection, name: str, address: str) -> bool:
        since = self._now() - self._settings.failures_s * 10**9
        refused = select(func.count()).where(trail.c.what == "sign-in-refused", trail.c.at_ns > since)
        most = self._settings.failures_max
        of_name = db.scalar(refused.where(trail.c.who == name)) or 0
        return of_name >= most or (db.scalar(refused.where(trail.c.address == address)) or 0) >= 10 * most

    def signed(self, cookie: str, *, by_hand: bool = True) -> Signed | None:
        """Whose session this cookie is. A page that refreshes itself (`by_hand` False) does not keep it alive."""
        now, digest = self._now(), _digest(cookie)
        of_session = (session.c.csrf, session.c.created_ns.label("begun_ns"), session.c.seen_ns)
        query = select(user, *of_session).join(session, user.c.name == session.c.name).where(session.c.digest == digest)
        with self._engine.connect() as db:
            found = db.execute(query).first()
        if found is None or not found.active:
            return None
        kept = self._settings
        if now - found.begun_ns > kept.session_s * 10**9 or now - found.seen_ns > kept.idle_s * 10**9:
            return None
        if by_hand and now - found.seen_ns > SEEN_EVERY_NS:
            with writing(self._engine) as db:
                db.execute(update(session).where(session.c.digest == digest).values(seen_ns=now))
        return Signed(_account(found._mapping), found.csrf)

    def sign_out(self, cookie: str, who: str, address: str) -> None:
        with writing(self._engine) as db:
            db.execute(delete(session).where(session.c.digest == _digest(cookie)))
            audit.write(db, self._now(), who, address, "signed-out", who)

    # --- accounts ---

    def all(self) -> list[Account]:
        with self._engine.connect() as db:
            return [_account(row) for row in db.execute(select(user).order_by(user.c.name)).mappings()]

    def create(self, name: str, full_name: str, role: str, password: str, *, by: str, address: str) -> None:
        """Raises AccountInvalid."""
        name = name.strip().lower()
        if not _NAME.fullmatch(name):
            raise AccountInvalid("name")
        values = {"role": str(_role(role)), "password": self._password(password), "full_name": full_name.strip()[:80]}
        now = self._now()
        with writing(self._engine) as db:
            if db.scalar(select(func.count()).where(user.c.name == name)):
                raise AccountInvalid("name-taken")
            language = self._settings.language
            db.execute(insert(user).values(name=name, language=language, active=True, created_ns=now, **values))
            audit.write(db, now, by, address, "account-created", name, {"role": values["role"]})

    def change(self, name: str, role: str, active: bool, password: str, *, by: str, address: str) -> None:
        """An empty password stays as it was. Raises AccountInvalid; the last administrator cannot be taken away."""
        if name == by:
            raise AccountInvalid("yourself")
        values: dict[str, object] = {"role": str(_role(role)), "active": active}
        if password:
            values["password"] = self._password(password)
        now = self._now()
        with writing(self._engine) as db:
            old = db.execute(select(user).where(user.c.name == name).with_for_update()).first()
            if old is None:
                raise AccountInvalid("name")
            db.execute(update(user).where(user.c.name == name).values(**values))
            administrators = select(func.count()).where(user.c.role == Role.ADMINISTRATOR, user.c.active)
            if not db.scalar(administrators):
                raise AccountInvalid("last-administrator")
            db.execute(delete(session).where(session.c.name == name))
            detail = {"role": values["role"], "active": active, "password": bool(password)}
            audit.write(db, now, by, address, "account-changed", name, detail)

    def change_own_password(self, name: str, old: str, new: str, address: str, cookie: str) -> None:
        """Every other session of the account ends: who changes a password may fear that somebody has it."""
        with self._engine.connect() as db:
            stored = db.scalar(select(user.c.password).where(user.c.name == name))
        if stored is None or not passwords.matches(old[: passwords.LENGTH_MAX], stored):
            raise AccountInvalid("old-password")
        password = self._password(new)
        with writing(self._engine) as db:
            db.execute(update(user).where(user.c.name == name).values(password=password))
            db.execute(delete(session).where(session.c.name == name, session.c.digest != _digest(cookie)))
            audit.write(db, self._now(), name, address, "password-changed", name)

    def choose_language(self, name: str, language: str) -> None:
        if language in LANGUAGES:
            with writing(self._engine) as db:
                db.execute(update(user).where(user.c.name == name).values(language=language))

    def _password(self, password: str) -> str:
        if not passwords.LENGTH_MIN <= len(password) <= passwords.LENGTH_MAX:
            raise AccountInvalid("password")
        return passwords.hashed(password, self._random(16), self._settings.scrypt_cost)


def _account(row: Mapping[Any, Any]) -> Account:
    return Account(
        name=row["name"],
        full_name=row["full_name"],
        role=Role(row["role"]),
        language=row["language"],
        active=row["active"],
        created_ns=row["created_ns"],
        signed_in_ns=row["signed_in_ns"],
    )


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise AccountInvalid("role") from None


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
