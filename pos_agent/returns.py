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

    def line_for(self, view: SaleView, judged: Judged) -> BasketLine | None:
        """The line of the original sale that a scan takes back, when there is one."""
        if view.original is None or isinstance(judged.code, CodeError):
            return None
        unit, gtin = judged.unit_key, judged.code.gtin
        for line in self._sold(view.original):
            if line.ki == unit if unit is not None else line.ki is None and line.gtin == gtin:
                return line
        return None

    def check(self, view: SaleView, line: BasketLine) -> None:
        """Raises T-107 for goods the original does not hold, T-108 for more than it holds."""
        if view.original is None:
            return
        alike = [one for one in self._sold(view.original) if _goods(one) == _goods(line)]
        if not alike:
            raise Problem("T-107", line.ki or line.gtin or line.name)
        if line.ki is None:
            back = _quantity(lines_from(view.lines), line) + self._returned_before(view, line) + line.quantity_milli
            if back > sum(one.quantity_milli for one in alike):
                raise Problem("T-108", f"{line.gtin}: {back} thousandths")

    def _sold(self, original: str) -> tuple[BasketLine, ...]:
        return lines_from(self._till.sale(original).lines)

    def _returned_before(self, view: SaleView, line: BasketLine) -> int:
        assert view.original is not None  # noqa: S101 - check() has looked
        others = (self._till.sale(name) for name in self._till.returns_of(view.original) if name != view.sale)
        return sum(
            _quantity(lines_from(other.lines), line) for other in others if other.state is not SaleState.CANCELLED
        )


def _goods(line: BasketLine) -> tuple[str | None, ...]:
    return (line.ki,) if line.ki is not None else (None, line.gtin, line.ntin)


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
