"""The national catalogue as far as this operator has it: goods by barcode, and the version of the whole list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hw_sim.ofd203.values import money

GROUP, ITEM = 0, 1
OK, VERSION_IS_ACTUAL, NO_VERSION, ELEMENT_NOT_FOUND = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Goods:
    """One article. Price in tiyn, percent in thousandths."""

    barcode: str
    title: str
    title_kk: str
    price_tiyn: int
    ntin: str = ""
    marked: bool = False
    unit: str = "796"
    vat_percent: int = 16000


SMALL: tuple[Goods, ...] = (
    Goods("4870249811936", "Сигареты", "Темекі", 90_000, "0200091530572", marked=True),
    Goods("4870000000012", "Хлеб", "Нан", 25_000),
    Goods("4870000000029", "Сыр весовой", "Ірімшік", 420_000, unit="166"),
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A list of goods under one version; version 0: there is none."""

    goods: tuple[Goods, ...] = SMALL
    version: int = 3

    def has(self, barcode: str) -> bool:
        return any(row.barcode == barcode for row in self.goods)

    def answer(self, request: Mapping[str, Any], taxation_type: int) -> dict[str, Any]:
        """The NomenclatureResponse to a request by barcode or by version."""
        if barcode := request.get("barcode"):
            found = [(number, row) for number, row in enumerate(self.goods) if row.barcode == barcode]
            return self._answer(found, OK if found else ELEMENT_NOT_FOUND, taxation_type)
        if not self.version:
            return self._answer([], NO_VERSION, taxation_type)
        if request.get("current_version") == self.version:
            return self._answer([], VERSION_IS_ACTUAL, taxation_type)
        return self._answer(list(enumerate(self.goods)), OK, taxation_type)

    def _answer(self, rows: list[tuple[int, Goods]], result: int, taxation_type: int) -> dict[str, Any]:
        elements = [_element(number + 1, row, taxation_type) for number, row in rows]
        return {"version": self.version, "elements": elements, "result": result}


def _element(number: int, row: Goods, taxation_type: int) -> dict[str, Any]:
    item = {
        "barcode": row.barcode,
        "sell_price": money(row.price_tiyn),
        "taxes": [{"taxation_type": taxation_type, "tax_type": 100, "tax_percent": row.vat_percent}],
        "measure_unit_code": row.unit,
        "is_markedeac": row.marked,
    }
    if row.ntin:
        item["ntin"] = row.ntin
    return {"type": ITEM, "title": row.title, "title_kk": row.title_kk, "id": number, "item": item}
