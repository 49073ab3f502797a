"""The taxes of a receipt: VAT inside the price, at its items or at the whole, never both. Amounts in tiyn.

Percents are thousandths of a percent: 16000 = 16 % (KGD protocol 2.0.2, kept in 2.0.3).
"""

from __future__ import annotations

from hw_sim.rekassa.errors import protocol_error
from hw_sim.rekassa.protojson import Message

VAT = 100
TAXATIONS = (100, 101, 102, 103)  # Simplified, general, farms, patent.
PERCENTS = (0, 5_000, 10_000, 12_000, 16_000)
_WHOLE = 100_000  # 100 % in thousandths of a percent.


def vat_inside(amount_tiyn: int, percent: int) -> int:
    """VAT contained in an amount, half up to the tiyn."""
    whole = _WHOLE + percent
    return (2 * amount_tiyn * percent + whole) // (2 * whole)


def check_taxes(ticket: Message, sums: list[int], total_tiyn: int) -> int:
    """The VAT of the receipt. A commodity's VAT may be computed before or after the discount item that follows it.

    Raises:
        Refusal: PROTOCOL_ERROR.
    """
    items, whole = ticket.get("items", []), ticket.get("taxes", [])
    contents = [item.get("commodity") or item.get("stornoCommodity") or {} for item in items]
    if whole and any(content.get("taxes") for content in contents):
        raise protocol_error("taxes stand at the ticket and at its items")
    if whole:
        return _sum_of(whole, (total_tiyn,), "taxes")
    tax = 0
    for index, (content, amount) in enumerate(zip(contents, sums, strict=True)):
        after = sums[index + 1] if index + 1 < len(sums) and not contents[index + 1] else 0
        sign = 1 if amount >= 0 else -1
        bases = (abs(amount), abs(amount + after))
        tax += sign * _sum_of(content.get("taxes", []), bases, f"items[{index}].taxes")
    return tax


def _sum_of(taxes: list[Message], bases: tuple[int, ...], where: str) -> int:
    percents = [tax["percent"] for tax in taxes]
    if len(set(percents)) != len(percents):
        raise protocol_error(f"{where}: a percent stands twice")
    return sum(_one(tax, bases, where) for tax in taxes)


def _one(tax: Message, bases: tuple[int, ...], where: str) -> int:
    if tax["taxType"] != VAT or tax.get("taxationType", TAXATIONS[0]) not in TAXATIONS:
        raise protocol_error(f"{where}: taxType or taxationType is not known")
    if tax["percent"] not in PERCENTS:
        raise protocol_error(f"{where}: percent {tax['percent']} is not a rate in thousandths of a percent")
    if not tax["isInTotalSum"]:
        raise protocol_error(f"{where}: VAT is always inside the sum")
    amount = int(tax["sum"]["bills"] * 100 + tax["sum"]["coins"])
    if all(abs(amount - vat_inside(base, tax["percent"])) > 1 for base in bases):
        raise protocol_error(f"{where}: sum {amount} is not {vat_inside(bases[0], tax['percent'])}")
    return amount
