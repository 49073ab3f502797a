"""Fields of a JSON task as driver 10 checks them: what is missing or of another type is refused whole (501).

Source: github AlexanderYekat/atolexamplesjson, myscripts_validators.js. `null` and an empty object count as missing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hw_sim.atol.problems import DriverProblem, Refused

Json = Mapping[str, Any]
LARGEST = Decimal(10) ** 12


def refuse(path: str) -> Refused:
    """The refusal of a field."""
    return Refused.numbered(0, DriverProblem.BAD_TASK.driver_code, f'Поле "{path}" отсутствует или имеет неверный тип')


def is_missing(value: object) -> bool:
    return value is None or value == {}


def text(holder: Json, name: str, path: str = "") -> str:
    """A string that must be there."""
    value = holder.get(name)
    if not isinstance(value, str):
        raise refuse(path + name)
    return value


def optional_text(holder: Json, name: str, path: str = "") -> str:
    return "" if is_missing(holder.get(name)) else text(holder, name, path)


def flag(holder: Json, name: str, path: str = "") -> bool:
    """A boolean that must be there."""
    value = holder.get(name)
    if not isinstance(value, bool):
        raise refuse(path + name)
    return value


def optional_flag(holder: Json, name: str, path: str = "") -> bool:
    return False if is_missing(holder.get(name)) else flag(holder, name, path)


def number(holder: Json, name: str, path: str = "") -> Decimal:
    """A number that must be there, as it was written."""
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise refuse(path + name)
    exact = Decimal(str(value))
    if not exact.is_finite() or abs(exact) > LARGEST:
        raise refuse(path + name)
    return exact


def tiyn(holder: Json, name: str, path: str = "") -> int:
    """An amount of tenge that must be there, in tiyn; more than two decimals are rounded, as the driver does."""
    return int((number(holder, name, path) * 100).to_integral_value(ROUND_HALF_UP))


def objects(holder: Json, name: str, path: str = "") -> list[dict[str, Any]]:
    """A list of objects that must be there."""
    value = holder.get(name)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise refuse(path + name)
    return value


def optional_object(holder: Json, name: str, path: str = "") -> dict[str, Any]:
    value = holder.get(name)
    if is_missing(value):
        return {}
    if not isinstance(value, dict):
        raise refuse(path + name)
    return value


def operator(task: Json) -> None:
    """The cashier is optional, but must have a name when there."""
    person = optional_object(task, "operator")
    if person:
        text(person, "name", "operator.")
        optional_text(person, "vatin", "operator.")


def mark(value: str) -> str:
    """A mark as the driver takes it: base64, or what is none as it stands."""
    try:
        decoded = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value
    return decoded.decode("utf-8", "backslashreplace")


def tenge(amount_tiyn: int) -> int | float:
    """An amount as the driver writes it: no point when whole."""
    return amount_tiyn // 100 if amount_tiyn % 100 == 0 else amount_tiyn / 100
