"""Protocol X: fields of the data, each ended by a tab. What cannot be read is refused with the number of its field."""

from __future__ import annotations

from dataclasses import dataclass

from hw_sim.datecs.command import Reply, wrong
from hw_sim.datecs.money import amount_of, pointed, quantity_of
from hw_sim.datecs.receipt import Correction


def done(*fields: object) -> Reply:
    """Error code 0, then the fields."""
    return Reply("".join(f"{field}\t" for field in (0, *fields)))


def sums(*amounts: int) -> list[str]:
    return [pointed(amount) for amount in amounts]


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one request, counted from 1. One that was left out is empty."""

    texts: tuple[str, ...]

    @classmethod
    def of(cls, data: str, least: int, most: int) -> Fields:
        """Split; refused when the last field has no tab, or when there are too few or too many."""
        if data and not data.endswith("\t"):
            raise wrong(data.count("\t") + 1)
        texts = tuple(data.split("\t")[:-1])
        if not least <= len(texts) <= most:
            raise wrong(min(len(texts), most) + 1)
        return cls(texts)

    def text(self, place: int, longest: int = 218) -> str:
        value = self.texts[place - 1] if place <= len(self.texts) else ""
        if len(value) > longest:
            raise wrong(place)
        return value

    def whole(self, place: int, numbers: range, default: int | None = None) -> int:
        """A number within `numbers`; an empty field is the default, or refused when there is none."""
        text = self.text(place)
        if not text and default is not None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) in numbers):
            raise wrong(place)
        return int(text)

    def amount(self, place: int, default: int | None = None) -> int:
        """Tiyn."""
        text = self.text(place)
        value = amount_of(text) if text else default
        if value is None:
            raise wrong(place)
        return value

    def quantity(self, place: int, default: int) -> int:
        """Thousandths."""
        text = self.text(place)
        value = quantity_of(text) if text else default
        if value is None:
            raise wrong(place)
        return value

    def correction(self, place: int) -> Correction | None:
        """A kind (1 and 2 markup and discount by percent, 3 and 4 by sum) and, in the next field, its value."""
        kind, value = self.whole(place, range(5), 0), self.text(place + 1)
        if kind == 0:
            # A public driver sends 0.00 here with every sale, and devices take it.
            if value and amount_of(value) != 0:
                raise wrong(place + 1)
            return None
        size = self.amount(place + 1)
        if size <= 0 or (kind <= 2 and size > 9999):
            raise wrong(place + 1)
        signed = size if kind in (1, 3) else -size
        return Correction(percent=signed) if kind <= 2 else Correction(amount=signed)
