"""Reading a Webkassa request: field names in any case, numbers exact, every fault named with its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from hw_sim.webkassa.errors import Refusal, invalid

_EXPONENT_MIN, _EXPONENT_MAX = -9, 11  # Amounts from a billionth to under a trillion; beyond is not a receipt.


class Fields:
    """One JSON object of a request, looked up without regard to case. `where` is its place, for messages."""

    def __init__(self, content: Mapping[str, Any], where: str = "") -> None:
        self.content = content
        self.where = where
        self._by_name = {name.lower(): value for name, value in content.items()}

    def raw(self, name: str) -> Any:
        """The value as it came; None when absent or null."""
        return self._by_name.get(name.lower())

    def has(self, name: str) -> bool:
        return self.raw(name) is not None

    def text(self, name: str, *, required: bool = False, longest: int | None = None) -> str:
        value = self.raw(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or (required and not value.strip()):
            raise invalid(f"поле {self.where}{name} должно быть непустой строкой")
        if longest is not None and len(value) > longest:
            raise invalid(f"поле {self.where}{name} длиннее {longest} символов")
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        value = self.raw(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise invalid(f"поле {self.where}{name} должно быть целым числом")
        return value

    def number(self, name: str, default: Decimal | None = None) -> Decimal:
        value = self.raw(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            raise invalid(f"поле {self.where}{name} должно быть числом")
        amount = Decimal(value)
        if amount and not _EXPONENT_MIN <= amount.adjusted() <= _EXPONENT_MAX:
            raise invalid(f"поле {self.where}{name} вне допустимых пределов")
        return amount

    def money(self, name: str, default: Decimal | None = None) -> Decimal:
        """An amount in tenge: not negative, at most two decimals."""
        value = self.number(name, default)
        if value < 0:
            raise Refusal(1008, f"Сумма не может быть отрицательной: {self.where}{name}")
        if value != round(value, 2):
            raise Refusal(1007, f"Сумма не может иметь более двух знаков: {self.where}{name}")
        return value

    def flag(self, name: str) -> bool:
        value = self.raw(name)
        if not isinstance(value, bool):
            raise invalid(f"поле {self.where}{name} должно быть true или false")
        return value

    def rows(self, name: str, *, required: bool = False) -> list[Fields]:
        """A list of objects."""
        value = self.raw(name)
        if value is None and not required:
            return []
        if not isinstance(value, list) or (required and not value):
            raise invalid(f"поле {self.where}{name} должно быть непустым списком")
        if not all(isinstance(item, dict) for item in value):
            raise invalid(f"поле {self.where}{name} должно содержать объекты")
        return [Fields(item, f"{self.where}{name}[{index}].") for index, item in enumerate(value)]

    def texts(self, name: str) -> list[str]:
        """A list of non-empty strings."""
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise invalid(f"поле {self.where}{name} должно быть списком строк")
        return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def read_body(body: bytes) -> Fields:
    """Parse a request body.

    Raises:
        Refusal: code 9 with the parser's text, as the service answers to malformed JSON.
    """
    try:
        content = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise invalid(f"JSON: {error}") from error
    if not isinstance(content, dict):
        raise invalid("JSON: ожидается объект")
    return Fields(content)
