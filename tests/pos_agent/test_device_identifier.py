"""A device may tell the symbology beside the data: the verdict leans on both, the journal keeps the bytes unchanged."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from shop_till import ShopTill

from hw_sim.registry import Fate
from marking.code import IdentificationCode
from pos_agent.checkout import Scanned
from scanners.scan import DroppedRead, DropReason, Scan, Terminator

UNKNOWN = "0104870000000128213hB?7tR\x1d93aB9+"
UNKNOWN_GOODS = {
    "gtin": "04870000000128",
    "name_ru": "Кеды",
    "name_kk": "Кеды",
    "unit": 796,
    "vat": "base",
    "group": "shoes",
    "price": "10",
    "templates": "SHORT-7",
}


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.close()


def read(till: ShopTill, data: bytes, symbology: str | None, **options: object) -> Scan:
    at_ns = till.clock.now_ns()
    return Scan(data, symbology, "counter", at_ns, first_at_ns=at_ns, **options)  # type: ignore[arg-type]


def symbology_of(scanned: Scanned) -> str | None:
    assert isinstance(scanned.judged.code, IdentificationCode)
    return scanned.judged.code.symbology


@pytest.mark.parametrize(("prefix", "told", "judged"), [(b"", "]d2", "]d2"), (b"]d2", "]d2", "]d2"), (b"", None, None)])
def test_a_code_is_judged_with_its_identifier_and_kept_without(
    till: ShopTill, prefix: bytes, told: str | None, judged: str | None
) -> None:
    data = prefix + till.unit().text.encode()
    (scanned,) = till.agent.intake.feed(read(till, data, told))
    assert scanned.line is not None
    assert symbology_of(scanned) == judged
    (kept,) = till.rows("scan_judged")
    assert (base64.b64decode(kept["data"]), kept["data_bytes"], kept["symbology"]) == (data, len(data), told)


def test_a_person_approves_the_very_code_that_was_scanned(till: ShopTill) -> None:
    till.stock(**UNKNOWN_GOODS)
    (asked,) = till.agent.intake.feed(read(till, UNKNOWN.encode(), "]d2"))
    assert asked.line is None
    approved = till.agent.checkout.approve(asked.sale, asked.scan, "Старшая", "seen")
    assert approved.line is not None
    assert (symbology_of(asked), symbology_of(approved)) == ("]d2", "]d2")


def test_halves_keep_the_identifier_that_came_with_them(till: ShopTill) -> None:
    mark = next(one for one in till.sim.shop.codes if one.fate is Fate.SELLABLE and "\x1d" in one.text)
    data = mark.text.encode()
    halves = [read(till, part, "]d2", terminator=Terminator.GAP) for part in (data[:20], data[20:])]
    (scanned,) = [one for half in halves for one in till.agent.intake.feed(half)]
    assert scanned.line is not None
    assert symbology_of(scanned) == "]d2"
    assert base64.b64decode(till.rows("scan_judged")[-1]["data"]) == data


def test_a_dropped_read_keeps_its_symbology(till: ShopTill) -> None:
    till.agent.intake.feed(DroppedRead(read(till, b"0104870000000128", "]C1"), DropReason.DAMAGED))
    (kept,) = till.rows("scan_dropped")
    assert (base64.b64decode(kept["data"]), kept["symbology"]) == (b"0104870000000128", "]C1")
