"""What an allowed scan costs: the basket line with its price and the VAT of the day. Writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from fiscal.vat import VatClass, VatTable
from marking.errors import CodeError
from marking.verdict import Product
from pos_agent.basket import PIECE_MILLI, BasketLine
from pos_agent.clock import NS_PER_S
from pos_agent.judging import Judged
from pos_agent.problems import Problem


class Pricing:
    """Prices of the catalogue, rates of the shop's local day."""

    def __init__(self, vat: VatTable, now: Callable[[], int], local_zone: dt.tzinfo) -> None:
        self._vat = vat
        self._now = now
        self._zone = local_zone

    def line_of(
        self,
        judged: Judged,
        number: int,
        *,
        approved_by: str | None = None,
        original: BasketLine | None = None,
        quantity_milli: int = PIECE_MILLI,
        price_tiyn: int | None = None,
    ) -> BasketLine:
        """The basket line of an allowed scan. `price_tiyn`: of a caller who knows better than the catalogue.

        Raises T-110 when nobody knows the goods or their price.
        """
        product, code, reason = judged.product, judged.code, judged.verdict.reason
        if original is not None:
            # Taken back as it was sold, price and VAT included, whatever the catalogue says today.
            back = replace(original, number=number, quantity_milli=quantity_milli)
            share = original.discount_tiyn * quantity_milli // original.quantity_milli
            return replace(back, discount_tiyn=share, reason=reason, approved_by=approved_by)
        if product is None or isinstance(code, CodeError):
            raise Problem("T-110", judged.verdict.detail, reason=reason)
        price = product.price_tiyn if price_tiyn is None else price_tiyn
        if price <= 0:
            raise Problem("T-110", f"{product.gtin or product.ntin} has no price", reason=reason)
        unit = judged.unit_key
        return BasketLine(
            number=number,
            name=product.name_ru,
            name_kk=product.name_kk,
            price_tiyn=price,
            vat_bp=self.vat_bp(product),
            quantity_milli=quantity_milli,
            unit_code=product.unit_code,
            gtin=product.gtin,
            ntin=product.ntin,
            group=product.group,
            ki=unit,
            full=code.text if unit is not None else None,
            reason=reason,
            approved_by=approved_by,
        )

    def vat_bp(self, product: Product) -> int | None:
        """Rate of the product's class on the shop's local day."""
        today = dt.datetime.fromtimestamp(self._now() / NS_PER_S, self._zone).date()
        return self._vat.rate_bp(VatClass(product.vat_class), today)
