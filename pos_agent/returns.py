"""A return of a receipt this till made: only what it holds, not more of it, at the price and VAT of the sale."""

from __future__ import annotations

from collections.abc import Iterable

from fiscal.register import FiscalDocument, ReturnBasis
from marking.errors import CodeError
from pos_agent.basket import BasketLine, lines_from
from pos_agent.judging import Judged
from pos_agent.problems import Problem
from pos_agent.sale import SaleState
from pos_agent.till import SaleView, Till


class Originals:
    """Looks returned goods up in the sale they came from. A return on a foreign receipt has no original here."""

    def __init__(self, till: Till) -> None:
        self._till = till

    def line_for(self, view: SaleView, judged: Judged, quantity_milli: int) -> BasketLine | None:
        """The line of the original sale that a scan takes back, when there is one.

        Goods without marks may stand there several times at different prices: the first line with enough left counts.
        """
        if view.original is None or isinstance(judged.code, CodeError):
            return None
        alike = [line for line in self._sold(view.original) if is_of(line, judged)]
        enough = (line for line in alike if self._left(view, line) >= quantity_milli)
        return next(enough, alike[0] if alike else None)

    def check(self, view: SaleView, line: BasketLine) -> None:
        """Raises T-107 for goods the original does not hold, T-108 for more than it holds at this price."""
        if view.original is None:
            return
        if not any(_goods(one) == _goods(line) for one in self._sold(view.original)):
            raise Problem("T-107", line.ki or line.gtin or line.name)
        left = self._left(view, line)
        if line.quantity_milli > left:
            raise Problem("T-108", f"{line.ki or line.gtin}: {line.quantity_milli} thousandths, {left} left")

    def _left(self, view: SaleView, line: BasketLine) -> int:
        """Thousandths of these goods that neither this return nor another one has taken back."""
        assert view.original is not None  # noqa: S101 - both callers have looked
        sold = _quantity(self._sold(view.original), line)
        others = (self._till.sale(name) for name in self._till.returns_of(view.original) if name != view.sale)
        before = (_quantity(lines_from(one.lines), line) for one in others if one.state is not SaleState.CANCELLED)
        return sold - _quantity(lines_from(view.lines), line) - sum(before)

    def _sold(self, original: str) -> tuple[BasketLine, ...]:
        return lines_from(self._till.sale(original).lines)


def is_of(line: BasketLine, judged: Judged) -> bool:
    """Does the scan name the goods of this line: the very unit, or goods without marks by one of their numbers?"""
    if judged.unit_key is not None or line.ki is not None:
        return line.ki == judged.unit_key
    product = judged.product
    if product is None:
        return False
    return line.gtin == product.gtin if line.gtin is not None else line.ntin is not None and line.ntin == product.ntin


def _goods(line: BasketLine) -> tuple[str | int | None, ...]:
    """What counts together: one unit, or goods without marks that were sold at one price."""
    return (line.ki,) if line.ki is not None else (None, line.gtin, line.ntin, line.price_tiyn, line.vat_bp)


def _quantity(lines: Iterable[BasketLine], like: BasketLine) -> int:
    return sum(line.quantity_milli for line in lines if _goods(line) == _goods(like))


def basis_of(document: FiscalDocument) -> ReturnBasis:
    """The five facts a return must carry, from the document of the sale."""
    return ReturnBasis(
        fiscal_sign=document.fiscal_sign,
        at=document.at,
        registration_number=document.registration_number,
        total_tiyn=document.total_tiyn,
        offline=document.offline,
    )
