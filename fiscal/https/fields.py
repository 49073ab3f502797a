"""Exact JSON of cloud registers: numbers as they were written, names without regard to case. Pure.

Out: compact, in the order given, decimals as money has them (900, 248.28). In: any bytes become a value or an
AnswerMalformed with the place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fiscal.money import TIYN_MAX, MoneyError, from_tenge

DEPTH_MAX = 32
CENT = Decimal("0.01")

Json = dict[str, Any]

# Made once: json.dumps makes an encoder for every value that is not written in its own way.
_SCALAR = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class AnswerMalformed(ValueError):
    """An answer that is not what was asked for; `place` is the path of the field."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place or 'answer'}: {text}")
        self.place = place
        self.text = text


def dump(value: Any) -> str:
    """JSON text of str, int, bool, None, Decimal, list and dict, compact, keys in their order, Cyrillic as it is."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return "{" + ",".join(f"{dump(key)}:{dump(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    return _SCALAR(value)


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object seen without regard to the case of its names."""

    values: Mapping[str, Any]  # Names in lower case.
    place: str = ""
    origin: Mapping[str, Any] | None = None  # As it came.

    @classmethod
    def of(cls, value: Any, place: str) -> Fields:
        """AnswerMalformed when the value is not an object."""
        if not isinstance(value, dict):
            raise AnswerMalformed(place, "is not an object")
        return cls({str(k).lower(): v for k, v in value.items()}, place, value)

    def at(self, name: str) -> str:
        """Place of a field, for an error."""
        return f"{self.place}.{name}" if self.place else name

    def get(self, *names: str) -> tuple[str, Any]:
        """Name and value of the first of several spellings that is there and not null; (last name, None) if none is."""
        for name in names:
            value = self.values.get(name.lower())
            if value is not None:
                return name, value
        return names[-1], None

    def text(self, *names: str) -> str:
        """A text, or "" when it is absent. Numbers are taken as text: the vendor writes one identifier both ways."""
        name, value = self.get(*names)
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise AnswerMalformed(self.at(name), "is not a text")

    def optional_text(self, *names: str) -> str:
        """A text that only decorates: "" for anything else."""
        _, value = self.get(*names)
        return value if isinstance(value, str) else ""

    def integer(self, *names: str) -> int | None:
        name, value = self.get(*names)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
            return int(value)
        if isinstance(value, Decimal) and value.is_finite() and value.copy_abs() < 10**18 and value == int(value):
            return int(value)
        raise AnswerMalformed(self.at(name), "is not a whole number")

    def money(self, *names: str) -> int | None:
        """Tiyn, exactly."""
        name, value = self.get(*names)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise AnswerMalformed(self.at(name), "is not a sum")
        try:
            return from_tenge(value)
        except MoneyError as wrong:
            raise AnswerMalformed(self.at(name), str(wrong)) from None

    def counter(self, *names: str) -> int:
        """Tiyn of a report's total, 0 when absent. Rounded: in the captures such sums carry binary noise."""
        name, value = self.get(*names)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise AnswerMalformed(self.at(name), "is not a sum")
        exact = Decimal(value)
        if not exact.is_finite() or exact.copy_abs() > TIYN_MAX:
            raise AnswerMalformed(self.at(name), "is not a sum")
        return int(exact.quantize(CENT, ROUND_HALF_UP) * 100)

    def parts(self, whole: int, *names: str) -> int | None:
        """A decimal in parts of one, exactly: 1000 for a quantity in thousandths, 100 for hundredths of a percent."""
        name, value = self.get(*names)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise AnswerMalformed(self.at(name), "is not a number")
        exact = Decimal(value)
        # Bounded before any arithmetic: 1e999999 is a short text and an endless integer.
        if not exact.is_finite() or exact.copy_abs() > TIYN_MAX or exact.adjusted() < -len(str(whole)):
            raise AnswerMalformed(self.at(name), "is out of range")
        numerator, denominator = exact.as_integer_ratio()
        parts, rest = divmod(numerator * whole, denominator)
        if rest:
            raise AnswerMalformed(self.at(name), f"has more digits than 1/{whole}")
        return parts

    def flag(self, *names: str) -> bool | None:
        name, value = self.get(*names)
        if value is None or isinstance(value, bool):
            return value
        raise AnswerMalformed(self.at(name), "is not true or false")

    def object(self, *names: str) -> Fields | None:
        name, value = self.get(*names)
        return None if value is None else Fields.of(value, self.at(name))

    def optional_object(self, *names: str) -> Fields:
        """An object that only decorates: an empty one for anything else."""
        name, value = self.get(*names)
        return Fields.of(value if isinstance(value, dict) else {}, self.at(name))

    def objects(self, *names: str) -> list[Fields]:
        name, value = self.get(*names)
        return objects([] if value is None else value, self.at(name))


def objects(value: Any, place: str) -> list[Fields]:
    """Every item of an array. AnswerMalformed for another value or an item that is no object."""
    if not isinstance(value, list):
        raise AnswerMalformed(place, "is not an array")
    return [Fields.of(item, f"{place}[{index}]") for index, item in enumerate(value)]


def load(content: bytes) -> Any:
    """Read JSON. AnswerMalformed for anything that is none; never another exception."""
    try:
        value = json.loads(content.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError) as broken:
        # Only the kind of trouble: the text of these exceptions may quote the whole answer.
        raise AnswerMalformed("", f"is not JSON ({type(broken).__name__})") from None
    return _clean(value, DEPTH_MAX)


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _clean(value: Any, depth: int) -> Any:
    """The same value without lone surrogates, which no UTF-8 file or journal row can hold."""
    if depth == 0:
        raise AnswerMalformed("", f"is nested deeper than {DEPTH_MAX}")
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, list):
        return [_clean(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {_clean(key, depth): _clean(item, depth - 1) for key, item in value.items()}
    return value


def plain(value: Any, without: frozenset[str] = frozenset()) -> Any:
    """A copy in plain JSON types for a journal: decimals become text, so that no digit is lost.

    Fields named in `without` (lower case) are left out.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return [plain(item, without) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item, without) for key, item in value.items() if str(key).lower() not in without}
    return value
