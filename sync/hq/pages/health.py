"""A till as the fleet page shows it: colour, kinds of trouble, order. Pure; whether it is well says sync.hq.fleet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sync.hq.fleet.standing import FleetState, Heard, Reason, TillStanding


class Light(StrEnum):
    RED = "red"
    AMBER = "amber"
    GREEN = "green"


LIGHT_OF: Mapping[FleetState, Light] = {
    FleetState.ALARM: Light.RED,
    FleetState.SILENT: Light.RED,
    FleetState.LATE: Light.AMBER,
    FleetState.OK: Light.GREEN,
}


@dataclass(frozen=True, slots=True)
class TillHealth:
    till: str
    shop: str  # "" not on the list of places.
    shop_name: str
    region: str
    heard_ns: int | None  # Newest of rows and heartbeat.
    heard: Heard | None
    standing: TillStanding
    alarms: int  # Open ones.

    @property
    def light(self) -> Light:
        return LIGHT_OF[self.standing.state]

    @property
    def troubles(self) -> tuple[str, ...]:
        """Kinds of its reasons, worst first, each once."""
        return tuple(dict.fromkeys(reason.kind for reason in self.standing.reasons))

    @property
    def register(self) -> bool | None:
        """Whether the register was reachable at the last look; None: nobody looked."""
        facts = self.heard.heartbeat.register if self.heard else None
        return None if facts is None or "reachable" not in facts else facts["reachable"] is True

    def reason(self, kind: str) -> Reason:
        return next(reason for reason in self.standing.reasons if reason.kind == kind)


def red_first(tills: list[TillHealth]) -> list[TillHealth]:
    states = tuple(FleetState)[::-1]
    return sorted(tills, key=lambda one: (states.index(one.standing.state), -len(one.standing.reasons), one.till))
