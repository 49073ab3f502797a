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
from pos_agent.journal.journal import Event
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


def test_what_a_reader_did_by_itself_is_kept_beside_the_verdict(till: ShopTill) -> None:
    typed, seen = till.unit().text.encode(), till.unit().text.encode()
    feed = till.agent.intake.feed
    feed(read(till, typed, "]d2", repairs=("D6", "D7")))
    feed(read(till, seen, "]d2", step="unsharp+grid"))
    feed(read(till, till.unit().text.encode(), "]d2"))
    feed(DroppedRead(read(till, seen, "]d2", step="zxing", repairs=("D6",)), DropReason.DUPLICATE))
    feed(DroppedRead(read(till, typed, "]d2"), DropReason.DAMAGED))
    own = [
        {key: row[key] for key in ("device_repairs", "reader_step") if key in row}
        for row in till.rows("scan_judged") + till.rows("scan_dropped")
    ]
    assert own == [
        {"device_repairs": ["D6", "D7"]},
        {"reader_step": "unsharp+grid"},
        {},
        {"device_repairs": ["D6"], "reader_step": "zxing"},
        {},
    ]
    assert [row["repairs"] for row in till.rows("scan_judged")] == [[], [], []]  # What judging had to mend.


def test_halves_keep_the_repairs_of_both(till: ShopTill) -> None:
    mark = next(one for one in till.sim.shop.codes if one.fate is Fate.SELLABLE and "\x1d" in one.text)
    head, tail = mark.text.encode().split(b"\x1d", 1)
    till.agent.intake.feed(read(till, head, None, repairs=("D6",)))
    till.agent.intake.feed(read(till, tail, None, repairs=("D6", "D7")))
    assert till.rows("scan_judged")[-1]["device_repairs"] == ["D6", "D7"]


def test_a_row_of_an_earlier_version_can_be_approved(till: ShopTill) -> None:
    till.stock(**UNKNOWN_GOODS)
    (asked,) = till.agent.intake.feed(read(till, UNKNOWN.encode(), None, repairs=("D6",), step="zxing"))
    new = till.rows("scan_judged")[-1]
    name = till.agent.journal.head()[0] + 1
    old = {key: value for key, value in new.items() if key not in ("device_repairs", "reader_step", "symbology")}
    assert len(old) == len(new) - 3
    till.agent.journal.append(Event("scan_judged", {**old, "scan": name}))
    assert till.agent.checkout.approve(asked.sale, name, "Старшая", "seen").line is not None
