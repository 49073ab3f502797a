"""Numbers, sums, times and words as people in Kazakhstan read them. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from marking.words import MissingWords, catalogue
from pos_agent.clock import NS_PER_S
from pos_agent.troubles import Trouble

DOMAIN: Final = "it"
NONE: Final = "\u2014"
SPACE: Final = "\u00a0"
MINUS: Final = "\u2212"

GOOD, LOOK, BAD, PLAIN = "good", "look", "bad", "plain"
# Words that devices, documents and queues use of themselves -> the tone a badge shows them in.
TONES: Final[Mapping[str, str]] = {
    "online": GOOD, "offline": BAD, "denied": BAD, "busy": BAD, "ok": GOOD, "paper_out": BAD, "cover_open": BAD,
    "error": BAD, "MADE": GOOD, "REFUSED": PLAIN, "ABSENT": PLAIN, "INTENDED": LOOK, "IN_DOUBT": BAD, "waiting": LOOK,
    "refused": BAD, "conflict": BAD, "failure": BAD, "warning": LOOK, "allow": GOOD, "refuse": BAD, "ask": LOOK,
    "WARNING": LOOK, "ERROR": BAD, "CRITICAL": BAD, "free": GOOD, "held": LOOK, "environment": LOOK, "file": GOOD,
    "pending": LOOK, "on_balance": LOOK, "withdrawn": GOOD, "reintroduced": GOOD, "low": LOOK, "out": BAD,
    "held_behind": LOOK, "headquarters": BAD,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Formats:
    lang: str
    zone: dt.tzinfo

    def text(self, key: str, **values: object) -> str:
        """Raises MissingWords."""
        return catalogue("pos_agent", DOMAIN).text(key, self.lang, **values)

    def word(self, value: object) -> str:
        """A word of the program in the reader's language; one of a vendor as it is."""
        if isinstance(value, bool):
            return self.text("word.yes" if value else "word.no")
        try:
            return self.text(f"word.{value}") if value else NONE
        except MissingWords:
            return str(value)

    def tone(self, value: object) -> str:
        return TONES.get(str(value), PLAIN)

    def number(self, value: int | None) -> str:
        if value is None:
            return NONE
        return (MINUS if value < 0 else "") + f"{abs(value):,}".replace(",", SPACE)

    def tenge(self, tiyn: int | None) -> str:
        """1 234,50 ₸; tiyn are left out where there are none."""
        if tiyn is None:
            return NONE
        whole, rest = divmod(abs(tiyn), 100)
        return (MINUS if tiyn < 0 else "") + self.number(whole) + (f",{rest:02}" if rest else "") + f"{SPACE}₸"

    def time(self, at_ns: int | None) -> str:
        if not at_ns:
            return NONE
        return f"{dt.datetime.fromtimestamp(at_ns // NS_PER_S, self.zone):%d.%m.%Y %H:%M:%S}"

    def duration(self, seconds: float | None) -> str:
        """The two largest parts: 3 d 4 h, 12 min, 40 s."""
        if seconds is None:
            return NONE
        whole = abs(round(seconds))
        parts = (("d", whole // 86_400), ("h", whole // 3_600 % 24), ("min", whole // 60 % 60))
        shown = [self.text(f"span.{name}", n=value) for name, value in parts if value]
        return " ".join(shown[:2] if whole >= 3_600 else shown[:1]) or self.text("span.s", n=whole)

    def size(self, size_bytes: int) -> str:
        unit, bytes_each = ("span.gib", 2**30) if size_bytes >= 2**30 else ("span.mib", 2**20)
        return f"{size_bytes / bytes_each:.1f}".replace(".", ",") + f"{SPACE}{self.text(unit)}"

    def trouble(self, trouble: Trouble) -> tuple[str, str]:
        """What is wrong, and what to do."""
        values: dict[str, Any] = {**trouble.values, "age": self.duration(trouble.values.get("age_s"))}
        if "waits_for" in values:
            values["waits_for"] = self.word(f"waits.{values['waits_for']}")
        return self.text(f"trouble.{trouble.id}", **values), self.text(f"trouble.{trouble.id}.fix", **values)
