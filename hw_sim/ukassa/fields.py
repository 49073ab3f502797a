"""Reading a uKassa request: exact numbers, numeric texts taken as numbers, unknown fields overlooked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from hw_sim.ukassa.errors import Path, Refusal, invalid

_EXPONENT_MIN, _EXPONENT_MAX = -9, 11  # Amounts from a billionth to under a trillion; beyond is not a receipt.
_DIGITS_MAX = 40
MISSING = "Обязательное поле."


class Fields:
    """One object of a request and the path that leads to it."""

    def __init__(self, content: Mapping[str, Any], path: Path = ()) -> None:
        self.content = content
        self.path = path

    def wrong(self, name: str, text: str) -> Refusal:
        return invalid((*self.path, name), text)

    def has(self, name: str) -> bool:
        return self.content.get(name) is not None

    def text(self, name: str, *, required: bool = False) -> str:
        value = self.content.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or (required and not value.strip()):
            raise self.wrong(name, MISSING if value is None else "Введите правильную строку.")
        return value

    def number(self, name: str, default: Decimal | None = None) -> Decimal:
        value = self.content.get(name)
        if value is None and default is not None:
            return default
        if value is None or isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
            raise self.wrong(name, MISSING if value is None else "Введите правильное число.")
        if isinstance(value, str) and len(value) > _DIGITS_MAX:
            raise self.wrong(name, "Введите правильное число.")
        try:
            amount = Decimal(value)
        except InvalidOperation as error:
            raise self.wrong(name, "Введите правильное число.") from error
        if not amount.is_finite() or (amount and not _EXPONENT_MIN <= amount.adjusted() <= _EXPONENT_MAX):
            raise self.wrong(name, "Число вне допустимых пределов.")
        return amount

    def whole(self, name: str, default: int | None = None) -> int:
        number = self.number(name, None if default is None else Decimal(default))
        if number != number.to_integral_value():
            raise self.wrong(name, "Введите правильное целое число.")
        return int(number)

    def money(self, name: str, default: Decimal | None = None) -> int:
        """An amount in tenge as tiyn: not negative, at most two decimals."""
        amount = self.number(name, default)
        if amount < 0 or amount != round(amount, 2):
            raise self.wrong(name, "Сумма не может быть отрицательной или точнее двух знаков.")
        return int(amount * 100)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        value = self.content.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(name, MISSING if value is None else "Введите true или false.")
        return value

    def rows(self, name: str) -> list[Fields]:
        """A list of objects, at least one."""
        value = self.content.get(name)
        if not isinstance(value, list) or not value:
            raise self.wrong(name, MISSING if value is None else "Ожидается непустой список.")
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                raise invalid((*self.path, name, index), "Ожидается объект.")
        return [Fields(item, (*self.path, name, index)) for index, item in enumerate(value)]

    def inner(self, name: str) -> Fields:
        """An object inside; empty when absent."""
        value = self.content.get(name)
        if value is not None and not isinstance(value, dict):
            raise self.wrong(name, "Ожидается объект.")
        return Fields(value or {}, (*self.path, name))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def read_body(body: bytes, content_type: str = "") -> Fields:
    """Parse a request body: JSON, or the form some clients log in with.

    Raises:
        Refusal: 400 with the parser's complaint.
    """
    if content_type.startswith("application/x-www-form-urlencoded"):
        return Fields(dict(parse_qsl(body.decode("utf-8", "replace"))))
    try:
        content = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, {"detail": f"JSON parse error - {type(error).__name__}"}) from error
    if not isinstance(content, dict):
        raise invalid((), "Недопустимые данные. Ожидается объект.")
    return Fields(content)
