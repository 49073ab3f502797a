"""What a Webkassa cashbox asks of an order beyond what every register does. Pure; every refusal names the field.

The vendor refuses most of it too, but after the fact, as one code 9 with free text; and some it does not refuse.
Source: Webkassa API v4 (public collection, protocol 2.0.3) and its memo on returns and marks.
"""

from __future__ import annotations

from fiscal import checks
from fiscal.checks import Limits, Sums, require
from fiscal.register import Receipt
from fiscal.webkassa import moments
from fiscal.webkassa.settings import FAMILY, Settings


def limits(settings: Settings) -> Limits:
    return Limits(
        FAMILY,
        marks_in_line_max=None if settings.mark_list else 1,
        basis_moment=lambda at: moments.basis_text(at, settings.basis_time, settings.utc_offset),
    )


def receipt(order: Receipt, settings: Settings) -> Sums:
    """Check a receipt whole. Raises OrderInvalid."""
    sums = checks.receipt(order, limits(settings))
    whole = sums.total_tiyn % 100 == 0
    require(settings.round_type != 3 or whole, "lines", "must add up to whole tenge: round=3 is set")
    for index, amount in enumerate(sums.amounts_tiyn):
        require(settings.round_type != 2 or amount % 100 == 0, f"lines[{index}]", "must be whole tenge: round=2 is set")
    return sums
