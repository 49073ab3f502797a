"""Who may do what. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    CONTROLLER = "controller"
    ADMINISTRATOR = "administrator"


class Act(StrEnum):
    LOOK = "look"  # Every page of cases, every export.
    WORK = "work"  # Owner, note, resolve, prepare documents.
    APPROVE = "approve"  # File a prepared document.
    CLEAR_ALARM = "clear-alarm"
    ACCOUNTS = "accounts"
    AUDIT = "audit"


_FROM: Mapping[Act, Role] = {
    Act.LOOK: Role.VIEWER,
    Act.WORK: Role.CONTROLLER,
    Act.APPROVE: Role.ADMINISTRATOR,
    Act.CLEAR_ALARM: Role.ADMINISTRATOR,
    Act.ACCOUNTS: Role.ADMINISTRATOR,
    Act.AUDIT: Role.ADMINISTRATOR,
}
_ORDER = tuple(Role)


def may(role: Role, act: Act) -> bool:
    return _ORDER.index(role) >= _ORDER.index(_FROM[act])


def needed(act: Act) -> Role:
    """The least role that may."""
    return _FROM[act]
