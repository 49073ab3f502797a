"""A till's day at the simulated service, read back by the driver: in process in virtual time, and over real sockets."""

from __future__ import annotations

import base64
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image
from webkassa_shop import MARK, Shop

from fiscal.escpos.labels import Language
from fiscal.escpos.lines import PAPER_58, PAPER_80, Font, Picture, Qr, Text
from fiscal.register import Ability, Paper, PaymentKind, RegisterUnavailable
from fiscal.units import okei
from fiscal.webkassa.rows import gathered
from fiscal.webkassa.units import compare
from hw_sim.webkassa import Container


def test_a_day_is_read_back_as_it_was_sold(shop: Shop) -> None:
    orders = shop.day()
    rows = gathered(shop.register.reading.receipts(1)).whole()
    assert [row.seen.key for row in rows] == [order.key for order in orders]
    assert [row.seen.total_tiyn for row in rows] == [90000, 180000, 90000]
    assert [row.seen.operation for row in rows] == [2, 2, 3]
    assert [row.marks for row in rows] == [(MARK,), ("m-2", "m-3"), (MARK,)]
    assert [[one.kind for one in row.payments] for row in rows] == [
        [PaymentKind.CASH], [PaymentKind.CARD], [PaymentKind.CASH],
    ]  # fmt: skip
    # 900 x 16/116 = 124.14, and twice that line for two of them: 1800 x 16/116 = 248.28.
    assert [row.tax_tiyn for row in rows] == [12414, 24828, 12414]
    assert [row.missing for row in rows] == [(), (), ("ReturnBasisDetails",)]
    one = shop.register.reading.receipt(rows[1].seen.fiscal_sign, 1)
    assert one.seen.filled_from(rows[1].seen) == one.seen
    assert (one.positions, one.seen.ofd_name) == (rows[1].positions, "АО «Казахтелеком»")


def test_shifts_z_reports_and_tape_tell_the_same_day(shop: Shop) -> None:
    shop.day()
    shop.sell()
    shifts = gathered(shop.register.reading.shifts()).whole()
    assert [(row.number, row.closed) for row in shifts] == [(1, True), (2, False)]
    (z,) = gathered(shop.register.reading.z_reports()).whole()
    assert z.report == replace(shop.register.reading.z_report(1).report, raw=z.report.raw)
    assert (z.report.sales_tiyn, z.report.returns_tiyn, z.report.sales_count) == (270000, 90000, 2)
    # 5000 in, 900 taken, 900 given back, 1000 out.
    assert (z.report.cash_tiyn, z.report.put_tiyn, z.report.taken_tiyn) == (400000, 500000, 100000)
    assert z.report.at == shifts[0].closed_at
    tape = shop.register.reading.tape(1).whole()
    assert sorted((row.kind, row.key) for row in tape) == [
        ("cash_in", "in-1"), ("cash_out", "out-1"), ("sale", "t-1"), ("sale", "t-2"), ("sale_return", "t-back"),
    ]  # fmt: skip
    with pytest.raises(RegisterUnavailable, match="webkassa:1014"):
        shop.register.reading.z_report(2)


@pytest.mark.parametrize("container", Container)
@pytest.mark.parametrize("newest_first", [False, True])
def test_every_container_and_order_gives_the_same_rows(shop: Shop, container: Container, newest_first: bool) -> None:
    for _ in range(12):
        shop.sell()
    profile = shop.service.profile
    profile.history_container, profile.newest_first = container, newest_first
    rows = gathered(shop.register.reading.receipts(1)).whole()
    assert sorted(row.seen.number for row in rows) == list(range(1, 13))
    last = shop.register.last_document()
    assert (last.number, last.kind, last.total_tiyn, last.shift) == ("12", "sale", 90000, 1)


def test_a_cash_move_is_found_by_its_key(shop: Shop) -> None:
    shop.day()
    found = shop.register.find("out-1", 1)
    assert (found.kind, found.total_tiyn, found.shift, found.number) == ("cash_out", 100000, 1, "")


def test_an_autonomous_receipt_is_told_as_one_and_the_status_tells_no_more_than_the_service(shop: Shop) -> None:
    shop.sell()
    assert shop.register.status().offline is False
    shop.service.ofd.link.down = True
    order = shop.sell()
    rows = gathered(shop.register.reading.receipts(1)).whole()
    assert [row.seen.offline for row in rows] == [False, True]
    last = shop.register.last_document()
    assert (last.number, last.fiscal_sign) == ("2", rows[1].seen.fiscal_sign)
    assert shop.register.find(order.key).fiscal_sign == rows[1].seen.fiscal_sign
    status = shop.register.status()
    assert (status.reachable, status.shift, status.shift_open, status.offline) == (True, 1, True, True)
    assert status.shift_opened_at == "2026-07-15T09:00:00+05:00"
    assert (status.offline_since, status.unsent, status.clock_at) == (None, None, None)
    assert (status.paper, status.cover_open, status.waits_for) == (Paper.UNKNOWN, None, None)


def test_what_the_status_cannot_tell_is_no_ability(shop: Shop) -> None:
    can = shop.register.capabilities.can
    assert {Ability.TELLS_SHIFT_AGE, Ability.LAST_DOCUMENT, Ability.FIND_BY_KEY} <= can
    assert not can & {Ability.TELLS_OFFLINE_AGE, Ability.TELLS_CLOCK, Ability.TELLS_PAPER, Ability.TELLS_COVER}


def test_the_unit_directory_agrees_with_our_table_but_for_its_known_oddities(shop: Shop) -> None:
    found = compare(shop.register.reading.units().whole(), okei(), "webkassa")
    assert found.agrees
    assert sorted(one.unit.code for one in found.known) == [5, 53, 383, 469, 8751]


def test_the_print_form_is_printed_in_the_languages_and_with_the_mark_of_a_copy(shop: Shop) -> None:
    order = shop.sell()
    reading = shop.register.reading

    def words(language: Language, *, copy: bool = False) -> str:
        lines = reading.print_form(order.key, PAPER_80, language, copy=copy).lines
        return "\n".join(line.text for line in lines if isinstance(line, Text))

    assert "САТУ / ПРОДАЖА" in words(Language.KK_RU)
    assert "САТУ" in words(Language.KK)
    assert "ПРОДАЖА" not in words(Language.KK)
    assert "САТУ" not in words(Language.RU)
    assert "ДУБЛИКАТ" not in words(Language.RU)
    assert "ДУБЛИКАТ" in words(Language.RU, copy=True)


def test_a_logo_a_qr_and_58_mm(shop: Shop) -> None:
    out = BytesIO()
    Image.new("L", (600, 60), 0).save(out, "PNG")
    shop.service.profile.logo = base64.b64encode(out.getvalue()).decode()
    order = shop.sell()
    made = gathered(shop.register.reading.receipts(1)).whole()[0]
    lines = shop.register.reading.print_form(order.key, PAPER_58).lines
    assert [(one.width, one.height) for one in lines if isinstance(one, Picture)] == [(384, 38)]
    assert Qr(made.seen.qr) in lines
    assert {line.font for line in lines if isinstance(line, Text)} == {Font.B}
