"""What is wrong with a till, from what it last said. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sync.hq.pages.ports import Heartbeat
from sync.hq.pages.settings import PagesSettings


class Trouble(StrEnum):
    """In the order a person should care."""

    ALARM = "alarm"  # Its journal forked or was changed.
    SILENT = "silent"
    NEVER = "never"  # Expected by the list of places, never heard.
    REGISTER = "register"
    QUEUE = "queue"
    SHIFT = "shift"
    CLOCK = "clock"
    CACHE = "cache"


class Light(StrEnum):
    RED = "red"
    AMBER = "amber"
    GREEN = "green"


LIGHT_OF: Mapping[Trouble, Light] = {
    Trouble.ALARM: Light.RED,
    Trouble.SILENT: Light.RED,
    Trouble.NEVER: Light.AMBER,
    Trouble.REGISTER: Light.RED,
    Trouble.QUEUE: Light.AMBER,
    Trouble.SHIFT: Light.RED,
    Trouble.CLOCK: Light.AMBER,
    Trouble.CACHE: Light.AMBER,
}


@dataclass(frozen=True, slots=True)
class TillFacts:
    till: str
    shop: str
    shop_name: str
    region: str
    heard_ns: int | None  # Newest of batch and heartbeat.
    alarms: int
    beat: Heartbeat | None


@dataclass(frozen=True, slots=True)
class TillHealth:
    facts: TillFacts
    troubles: tuple[Trouble, ...]

    @property
    def light(self) -> Light:
        found = {LIGHT_OF[trouble] for trouble in self.troubles}
        return next((light for light in (Light.RED, Light.AMBER) if light in found), Light.GREEN)


_Rule = Callable[[TillFacts, Heartbeat, PagesSettings, int], bool]
_RULES: Mapping[Trouble, _Rule] = {
    Trouble.REGISTER: lambda _f, beat, _s, _n: beat.register_ok is False,
    Trouble.QUEUE: lambda _f, beat, rules, _n: (beat.queue_age_s or 0) > rules.queue_old_s,
    Trouble.SHIFT: lambda _f, beat, rules, now: (
        beat.shift == "open" and now - (beat.shift_opened_ns or now) > rules.shift_old_s * 10**9
    ),
    Trouble.CLOCK: lambda _f, beat, rules, _n: abs(beat.clock_offset_ms or 0) > rules.clock_off_ms,
    Trouble.CACHE: lambda _f, beat, rules, _n: (beat.cache_age_s or 0) > rules.cache_old_s,
}


def judged(facts: TillFacts, rules: PagesSettings, now_ns: int) -> TillHealth:
    found = {Trouble.ALARM} if facts.alarms else set()
    if facts.heard_ns is None:
        found.add(Trouble.NEVER)
    elif now_ns - facts.heard_ns > rules.silent_after_s * 10**9:
        found.add(Trouble.SILENT)
    beat = facts.beat
    if beat is not None:
        found |= {trouble for trouble, rule in _RULES.items() if rule(facts, beat, rules, now_ns)}
    return TillHealth(facts, tuple(trouble for trouble in Trouble if trouble in found))


def red_first(tills: list[TillHealth]) -> list[TillHealth]:
    lights, troubles = tuple(Light), tuple(Trouble)

    def urgency(till: TillHealth) -> tuple[int, int, int, str]:
        first = troubles.index(till.troubles[0]) if till.troubles else len(troubles)
        return lights.index(till.light), first, -len(till.troubles), till.facts.till

    return sorted(tills, key=urgency)
