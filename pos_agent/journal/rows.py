"""A row as SQLite gives it back, believed only as far as its types: SQLite keeps whatever a damaged page says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pos_agent.journal.database import JournalUnusable
from sync.wire import Row

COLUMNS = (("number", int), ("at_ns", int), ("kind", str), ("body", str), ("previous", bytes), ("hash", bytes))


class DamagedRow(JournalUnusable):
    """A journal row is not what was written. `number` names it."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"{text}: stop selling, run `pos-agent journal verify`")
        self.number = number
        self.text = text


def as_row(till: str, found: Sequence[Any], expected: int | None = None) -> Row:
    """The columns of one row, in the table's order. Raises DamagedRow when one holds a value of another kind.

    `expected`: the number the row should have, to name it by when it has lost its own.
    """
    number = found[0] if isinstance(found[0], int) else expected or 0
    for value, (name, kind) in zip(found, COLUMNS, strict=True):
        if not isinstance(value, kind):
            raise DamagedRow(number, f"row {number} is damaged: its {name} is {type(value).__name__}")
    return Row(till, *found)
