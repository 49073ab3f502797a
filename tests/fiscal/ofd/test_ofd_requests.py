"""Orders as messages of protocol 2.0.3, against published bytes; counters and the reports they make."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fiscal import checks
from fiscal.checks import Limits
from fiscal.device.links import LineAddress
from fiscal.ofd import requests, words
from fiscal.ofd.counters import ShiftTotals, cash_tiyn_of, of_cash, of_receipt, plus, zx_report
from fiscal.ofd.frames import Frame, encode
from fiscal.ofd.proto import encode as encode_message
from fiscal.ofd.settings import FAMILY, MarkForm, Settings
from fiscal.orders import CashDirection, CashMove, Line, Mark, Operation, Payment, PaymentKind, Receipt, ReturnBasis

FILE = Path(__file__).parents[2] / "vectors" / "ofd203.toml"
VECTORS = {
    one["name"]: one
    for one in tomllib.loads((Path(__file__).parents[2] / "vectors" / "ofd203.toml").read_text(encoding="utf-8"))[
        "frame"
    ]
}
ADDRESS = LineAddress("localhost:7777", host="localhost", tcp_port=7777)
SETTINGS = Settings(ADDRESS, 203001, "00012345", "010100000001", Path("/x"))
OFFSET = dt.timedelta(hours=5)
MARK = "04870249811936t1Xrb-xQWhpeGhG"
CIG = Line("Cig", 90_000, 1_000, 796, 1_600, marks=(Mark(MARK, MARK[:25]),))
SALE = Receipt("k", Operation.SALE, (CIG,), (Payment(PaymentKind.CASH, 100_000),))
BASIS = ReturnBasis("4228143549", "2026-07-15T10:30:00+05:00", "010100000001", 90_000, False)


def sums(order: Receipt) -> checks.Sums:
    return checks.receipt(order, Limits(FAMILY))


def ticket(order: Receipt, settings: Settings = SETTINGS) -> dict[str, Any]:
    return requests.ticket(order, sums(order), settings)


def framed(name: str, body: dict[str, Any]) -> bytes:
    header = VECTORS[name]["header"]
    whole = {**body, "date_time": VECTORS[name]["message"]["ticket"]["date_time"], "fr_shift_number": 7}
    payload = encode_message("Request", {"command": 1, "ticket": whole})
    return encode(Frame(header["id"], header["token"], header["reqnum"], payload))


def test_a_sale_is_the_published_request_byte_for_byte() -> None:
    name = "ticket request, sale of one marked pack"
    assert framed(name, ticket(SALE)) == bytes.fromhex(VECTORS[name]["bytes"])


def test_a_return_is_the_published_request_byte_for_byte() -> None:
    name = "ticket request, return of the pack"
    body = ticket(
        replace(SALE, operation=Operation.SALE_RETURN, payments=(Payment(PaymentKind.CASH, 90_000),), basis=BASIS)
    )
    # The published one gives change on a return, which we do not.
    body["amounts"] = VECTORS[name]["message"]["ticket"]["amounts"]
    assert framed(name, body) == bytes.fromhex(VECTORS[name]["bytes"])


def test_every_optional_fact_of_a_line_has_its_field() -> None:
    line = replace(CIG, gtin="04870249811936", ntin="0200091530572", code="77", discount_tiyn=1_000, vat_bp=500)
    order = replace(
        SALE,
        lines=(line, Line("Су", 12_345, 1_500, 112, None, markup_tiyn=5)),
        customer_xin="111111111111",
        cashier="Айгүл",
        payments=(Payment(PaymentKind.CARD, 50_000), Payment(PaymentKind.CASH, 60_000)),
    )
    made = ticket(order)
    pack, discount, water, markup = made["items"]
    commodity = pack["commodity"]
    named = (commodity["barcode"], commodity["ntin"], commodity["product_id"])
    assert named == ("4870249811936", "0200091530572", "77")
    padded = ticket(order, replace(SETTINGS, short_gtin=False))["items"][0]["commodity"]
    assert padded["barcode"] == "04870249811936"
    assert commodity["sum"] == {"bills": 900, "coins": 0}
    assert commodity["taxes"][0]["percent"] == 5_000 and commodity["taxes"][0]["sum"] == {"bills": 42, "coins": 86}
    assert discount == {
        "type": 5,
        "discount": {
            "name": "Cig", "sum": {"bills": 10, "coins": 0},
            "taxes": [{"tax_type": 100, "percent": 5_000, "sum": {"bills": 0, "coins": 48}, "is_in_total_sum": True}],
        },
    }  # fmt: skip
    assert water["commodity"]["quantity"] == 1_500 and water["commodity"]["taxes"] == []
    assert water["commodity"]["sum"] == {"bills": 185, "coins": 18}  # 123.45 * 1.5 = 185.175, half up.
    assert markup["type"] == 3 and made["extension_options"] == {"customer_iin_or_bin": "111111111111"}
    assert made["operator"] == {"code": 1, "name": "Айгүл"}
    total = 90_000 - 1_000 + 18_518 + 5
    assert made["amounts"] == {
        "total": words.money(total), "taken": words.money(60_000), "change": words.money(110_000 - total),
    }  # fmt: skip
    assert [words.tiyn(one["sum"]) for one in made["payments"]] == [50_000, total - 50_000]


def test_without_cash_nothing_is_taken_or_given_back() -> None:
    made = ticket(replace(SALE, payments=(Payment(PaymentKind.MOBILE, 90_000),)))
    assert made["amounts"] == {"total": {"bills": 900, "coins": 0}}
    assert made["payments"] == [{"type": 4, "sum": {"bills": 900, "coins": 0}}]


@pytest.mark.parametrize(
    ("changes", "operation", "marks"),
    [
        ({}, Operation.SALE, ["a\x1db"]),
        ({"keep_gs": False}, Operation.SALE, ["ab"]),
        ({"mark_form": MarkForm.KI}, Operation.SALE, ["a"]),
        ({"mark_on_return": False}, Operation.SALE_RETURN, []),
        ({"mark_on_return": False}, Operation.SALE, ["a\x1db"]),
    ],
)
def test_what_nobody_has_confirmed_is_a_setting(
    changes: dict[str, Any], operation: Operation, marks: list[str]
) -> None:
    line = replace(CIG, marks=(Mark("a\x1db", "a"),))
    order = replace(SALE, operation=operation, lines=(line,), payments=(Payment(PaymentKind.CASH, 90_000),),
                    basis=BASIS if operation is Operation.SALE_RETURN else None)  # fmt: skip
    made = ticket(order, replace(SETTINGS, **changes))
    assert made["items"][0]["commodity"]["list_excise_stamp"] == marks


def test_percent_and_taxation_are_settings_too() -> None:
    (tax,) = ticket(SALE, replace(SETTINGS, percent_scale=100, taxation=101))["items"][0]["commodity"]["taxes"]
    assert (tax["percent"], tax["taxation_type"]) == (1_600, 101)


def test_the_service_part_names_the_register_and_the_time_without_a_link() -> None:
    begin, end = words.moment(0, OFFSET), words.moment(90 * 10**9, OFFSET)
    full = replace(SETTINGS, title="ТОО", xin="000000000000", okved="47111", address_text="Алматы", geo=(43, -76))
    made = requests.service(full, (begin, end))
    assert made["offline_period"]["end_time"]["time"] == {"hour": 5, "minute": 1, "second": 30}
    assert made["reg_info"]["kkm"] == {
        "fns_kkm_id": "010100000001", "serial_number": "00012345", "kkm_id": "203001",
    }  # fmt: skip
    assert made["reg_info"]["org"] == {"title": "ТОО", "address": "Алматы", "inn": "000000000000", "okved": "47111"}
    assert made["security_stats"]["geo_position"] == {"latitude": 43, "longitude": -76, "source": "STATIC"}
    assert encode_message("ServiceRequest", made)
    assert "security_stats" not in requests.service(SETTINGS, (begin, end))


def of(order: Receipt) -> dict[str, int]:
    s = sums(order)
    return of_receipt(order, s.total_tiyn, s.change_tiyn, "1", 1000)


def test_counters_add_up_and_the_report_lists_all_four_operations() -> None:
    refund = replace(SALE, operation=Operation.SALE_RETURN, payments=(Payment(PaymentKind.CARD, 90_000),), basis=BASIS)
    c = plus(plus(of(SALE), of(SALE)), of(refund))
    c = plus(c, of_cash(CashMove("c", CashDirection.OUT, 5_000)))
    before = {"ticket.2.sum": 1_000_000, "ticket.2.count": 11, "place.1.count": 2}
    at, opened = words.moment(10**18, OFFSET), words.moment(0, OFFSET)
    report = zx_report(ShiftTotals(7, c, before, 175_000), at, opened, at)
    assert [row["operation"] for row in report["operations"]] == [0, 1, 2, 3]
    sold, refunded = report["ticket_operations"][2:]
    assert (sold["tickets_count"], sold["tickets_total_count"], words.tiyn(sold["tickets_sum"])) == (2, 13, 180_000)
    assert [(p["payment"], words.tiyn(p["sum"]), p["count"]) for p in sold["payments"]] == [
        (0, 180_000, 2), (1, 0, 0), (4, 0, 0),
    ]  # fmt: skip
    assert words.tiyn(sold["change_sum"]) == 20_000 and words.tiyn(refunded["tickets_sum"]) == 90_000
    assert words.tiyn(report["non_nullable_sums"][2]["sum"]) == 1_180_000
    assert words.tiyn(report["start_shift_non_nullable_sums"][2]["sum"]) == 1_000_000
    assert report["revenue"] == {"sum": words.money(90_000), "is_negative": False}
    (tax,) = report["taxes"]
    assert tax["percent"] == 16_000 and words.tiyn(tax["operations"][2]["sum"]) == 2 * 12_414
    assert words.tiyn(tax["operations"][2]["turnover_without_tax"]) == 180_000 - 24_828
    withdrawn = report["money_placements"][1]
    assert (withdrawn["operations_count"], withdrawn["operations_total_count"]) == (1, 3)
    assert report["sections"][0]["section_code"] == "1" and len(report["checksum"]) == 8
    assert encode_message("ZXReport", report)


def test_an_empty_shift_and_a_shift_of_returns_have_reports_too() -> None:
    at = words.moment(0, OFFSET)
    empty = zx_report(ShiftTotals(1, {}, {}, 0), at, at, None)
    assert empty["taxes"] == [] and empty["sections"] == [] and "close_shift_time" not in empty
    refund = replace(SALE, operation=Operation.SALE_RETURN, payments=(Payment(PaymentKind.CASH, 90_000),), basis=BASIS)
    loss = zx_report(ShiftTotals(1, of(refund), {}, 0), at, at, None)
    assert loss["revenue"] == {"sum": words.money(90_000), "is_negative": True}


@pytest.mark.parametrize(
    ("order", "cash"),
    [
        (SALE, 90_000),
        (replace(SALE, payments=(Payment(PaymentKind.CARD, 90_000),)), 0),
        (replace(SALE, operation=Operation.SALE_RETURN, payments=(Payment(PaymentKind.CASH, 90_000),)), -90_000),
        (CashMove("c", CashDirection.IN, 70), 70),
        (CashMove("c", CashDirection.OUT, 70), -70),
    ],
)
def test_what_an_order_does_to_the_drawer(order: Any, cash: int) -> None:
    total, change = (90_000, 10_000 if order == SALE else 0) if isinstance(order, Receipt) else (order.sum_tiyn, 0)
    assert cash_tiyn_of(order, total, change) == cash


def test_moments_are_local_and_without_a_zone() -> None:
    assert words.moment_of("2026-07-15T05:30:00Z", OFFSET) == words.moment(1_784_093_400 * 10**9, OFFSET)
    assert words.iso(1_784_093_400 * 10**9, OFFSET) == "2026-07-15T10:30:00+05:00"
    with pytest.raises(ValueError, match="no offset"):
        words.moment_of("2026-07-15T05:30:00", OFFSET)
