"""A receipt that was made, as rows of the lake: what was ordered gives the lines, what was made the document. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sync.hq.bodies import Body, NotUnderstood, day_at
from sync.hq.witness import Line, Operation, Receipt

JOURNAL = "journal"  # Source of rows that come from a till.
OPERATIONS = {"sale": Operation.SALE, "sale_return": Operation.RETURN}
MILLI = 1_000
NS_PER_US = 1_000


@dataclass(frozen=True, slots=True)
class MadeRow:
    """Where the outcome stands."""

    till: str
    number: int
    at_ns: int


def receipt_rows(order: Body, made: Body, where: MadeRow, identity: str) -> tuple[Receipt, list[Line]]:
    """`identity`: of the register as the intent saw it, for a document that does not name it. Raises NotUnderstood."""
    document = made.inner("document")
    if document.text("type") != "receipt":
        raise NotUnderstood(f"document.type: {document.text('type')!r} for a receipt")
    at = document.moment("at")
    shift, number = document.integer("shift", 0), document.integer("number", 0)
    receipt = Receipt(
        day=day_at(at),
        operation=operation_of(made.text("kind")),
        at=at,
        noted_at=where.at_ns // NS_PER_US,
        till=where.till,
        register=document.name("identity", "") or identity or document.name("registration_number", ""),
        shift=shift,
        number=number,
        sign=document.text("fiscal_sign", "") or _unsigned(shift, number, where.number),
        total_tiyn=document.integer("total_tiyn"),
        marks=sum(1 for line in order.each("lines") for _ in line.each("marks")),
        offline=document.flag("offline"),
        source=JOURNAL,
        source_row=where.number,
    )
    return receipt, list(_lines(order, receipt))


def operation_of(kind: str) -> Operation:
    try:
        return OPERATIONS[kind]
    except KeyError:
        raise NotUnderstood(f"kind: {kind!r} is no receipt") from None


def marks_of(order: Body) -> list[str]:
    """Codes of an order, in its order. Raises NotUnderstood."""
    return [mark.text("ki") for line in order.each("lines") for mark in line.each("marks")]


def shares(total_tiyn: int, count: int) -> Sequence[int]:
    """One line's sum for each of its units; what does not divide goes to the first ones, a tiyn each."""
    each, left = divmod(total_tiyn, count)
    return [each + (index < left) for index in range(count)]


def _lines(order: Body, receipt: Receipt) -> Iterator[Line]:
    for place, line in enumerate(order.each("lines"), 1):
        gtin = line.text("gtin", "")
        marks = [mark.text("ki") for mark in line.each("marks")]
        if not marks and not gtin:
            continue  # Goods without a number: nothing to compare.
        for ki, sum_tiyn in zip(marks or [""], shares(_sum_tiyn(line), len(marks) or 1), strict=True):
            yield Line(
                day=receipt.day,
                ki=ki,
                gtin=gtin,
                operation=receipt.operation,
                at=receipt.at,
                till=receipt.till,
                register=receipt.register,
                shift=receipt.shift,
                number=receipt.number,
                sign=receipt.sign,
                line=place,
                sum_tiyn=sum_tiyn,
                source=JOURNAL,
                source_row=receipt.source_row,
            )


def _sum_tiyn(line: Body) -> int:
    """As the till computes it: half a tiyn is rounded up."""
    whole, rest = divmod(line.integer("price_tiyn") * line.integer("quantity_milli"), MILLI)
    amount = whole + (2 * rest >= MILLI)
    return amount - line.integer("discount_tiyn", 0) + line.integer("markup_tiyn", 0)


def _unsigned(shift: int, number: int, row: int) -> str:
    """Some registers do not tell the sign. Their receipts must not look like one and the same."""
    return f"#{shift}-{number}" if number else f"#row-{row}"
