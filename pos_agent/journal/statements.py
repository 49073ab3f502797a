"""What the projectors say to the database: SQLAlchemy Core, compiled once at import. Pure."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, literal_column, null, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.sql import ClauseElement

from pos_agent.journal.schema import (
    answer,
    delivery,
    document,
    held,
    sale,
    sale_line,
    set_aside,
    shift,
    unit,
    withdrawal,
)
from pos_agent.sale import DOCUMENT_TRANSITIONS, SaleEvent

_DIALECT = sqlite.dialect(paramstyle="named")


def sql(statement: ClauseElement) -> str:
    """Core statement -> text with :named parameters, compiled once at import."""
    return str(statement.compile(dialect=_DIALECT))


def positional(statement: ClauseElement) -> str:
    """The same with `?`, values in the table's own order of columns: for the statement that carries the body."""
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="qmark")))


def _by(column: Any, name: str | None = None) -> Any:
    return column == bindparam(f"p_{name or column.name}")


# Constants are written into the statement itself, so that every :name left is the caller's.
ONE: Any = literal_column("1")
RETURNED: Any = literal_column("'RETURNED'")
# States from which the same document may be intended once more.
REPEATABLE: Any = [literal_column(f"'{s}'") for (s, e) in DOCUMENT_TRANSITIONS if s and e is SaleEvent.INTENDED]

SALE_STATE = sql(select(sale.c.state, sale.c.operation).where(_by(sale.c.sale)))
ADD_SALE = sql(insert(sale))
MOVE_SALE = sql(update(sale).where(_by(sale.c.sale)).values(state=bindparam("state")))
INTEND_SALE = sql(
    update(sale)
    .where(_by(sale.c.sale))
    .values(
        state=bindparam("state"),
        intent_row=bindparam("row"),
        attempts=sale.c.attempts + ONE,
        total_tiyn=bindparam("total"),
    )
)
DECIDE_SALE = sql(update(sale).where(_by(sale.c.sale)).values(state=bindparam("state"), outcome_row=bindparam("row")))
ADD_LINE = positional(insert(sale_line))
DROP_LINE = sql(delete(sale_line).where(_by(sale_line.c.sale), _by(sale_line.c.number)))
LINE_KI = sql(select(sale_line.c.ki).where(_by(sale_line.c.sale), _by(sale_line.c.number)))
LINES_SEEN = sql(select(sale_line.c.number, sale_line.c.row).where(_by(sale_line.c.sale)).order_by(sale_line.c.number))
HOLD = positional(insert(held).prefix_with("OR IGNORE"))
HOLDER = sql(select(held.c.sale).where(_by(held.c.ki)))
SETTLED_BEFORE = sql(
    select(unit.c.ki, unit.c.state, unit.c.sale)
    .select_from(sale_line.join(unit, unit.c.ki == sale_line.c.ki))
    .where(_by(sale_line.c.sale), _by(sale_line.c.row))
    .order_by(sale_line.c.number)
)
FREE = sql(delete(held).where(_by(held.c.ki), _by(held.c.sale)))
# By way of the lines, which lie together: an index of units by sale would cost a page more at every sale.
KIS_OF_SALE = select(sale_line.c.ki).where(_by(sale_line.c.sale), sale_line.c.ki.is_not(None))
HELD_BY_SALE = (held.c.ki.in_(KIS_OF_SALE), _by(held.c.sale))
UNITS_OF_SALE = sql(select(held.c.ki).where(*HELD_BY_SALE).order_by(held.c.ki))
FREE_ALL = sql(delete(held).where(*HELD_BY_SALE))
SETTLE_UNIT = positional(insert(unit).prefix_with("OR REPLACE"))
EXPECT_WITHDRAWAL = sql(insert(withdrawal).prefix_with("OR REPLACE"))
RECHECKED = sql(
    update(withdrawal)
    # Of this very document: while the registry was asked, the unit may have been returned or sold again.
    .where(_by(withdrawal.c.ki), _by(withdrawal.c.purpose), _by(withdrawal.c.decided_ns))
    .values(
        checks=withdrawal.c.checks + ONE,
        checked_ns=bindparam("at"),
        due_ns=bindparam("due"),
        outcome=bindparam("outcome"),
    )
)
FREE_REINTRODUCED = sql(delete(unit).where(_by(unit.c.ki), unit.c.state == RETURNED))
DOCUMENT = sql(select(document.c.state, document.c.content).where(_by(document.c.key)))
_INTEND = upsert(document)
INTEND_DOCUMENT = sql(
    _INTEND.on_conflict_do_update(
        set_={name: _INTEND.excluded[name] for name in ("kind", "state", "sale", "intent_row", "outcome_row")},
        where=and_(document.c.state.in_(REPEATABLE), document.c.content == _INTEND.excluded.content),
    )
)
DECIDE_DOCUMENT = sql(
    update(document).where(_by(document.c.key)).values(state=bindparam("state"), outcome_row=bindparam("row"))
)
PRINTED = sql(update(document).where(_by(document.c.key)).values(printed=bindparam("printed")))
KNOW_SHIFT = sql(insert(shift).prefix_with("OR IGNORE"))
# A number comes back when it was only announced before, or when the register was exchanged for one that counts anew.
OPEN_SHIFT_AGAIN = sql(
    update(shift)
    .where(_by(shift.c.number), shift.c.closed_row.is_not(None))
    .values(opened_ns=bindparam("opened_ns"), opened_row=bindparam("opened_row"), closed_row=null())
)
CLOSE_SHIFT = sql(update(shift).where(_by(shift.c.number)).values(closed_row=bindparam("row")))
DELIVERED = sql(insert(delivery).prefix_with("OR REPLACE"))
SET_ASIDE = sql(insert(set_aside).prefix_with("OR REPLACE"))
RELEASED = sql(delete(set_aside).where(_by(set_aside.c.number)))
ANSWERED = sql(insert(answer).prefix_with("OR REPLACE"))
