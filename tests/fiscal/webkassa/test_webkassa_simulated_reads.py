"""A till's day at the simulated service, read back by the driver: in process in virtual time, and over real sockets."""

from __future__ import annotations

import base64
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from fiscal.escpos.labels import Language
from fiscal.escpos.lines import PAPER_58, PAPER_80, Font, Picture, Qr, Text
from fiscal.register import (
    Ability,
    CashDirection,
    CashMove,
    Done,
    FailureKind,
    Line,
    Mark,
    Operation,
    Paper,
    Payment,
    PaymentKind,
    Receipt,
    RegisterUnavailable,
    ReturnBasis,
    ShiftClose,
)
from fiscal.registry import OpenRegister, open_register
from fiscal.units import okei
from fiscal.webkassa.rows import gathered
from fiscal.webkassa.units import compare
from hw_sim.http import serve
from hw_sim.inprocess import SimTransport
from hw_sim.ofd import Ofd
from hw_sim.webkassa import Cashbox, Container, User, Webkassa

NS = 1_000_000_000
NINE_OCLOCK_NS = 1_784_088_000 * NS  # 15.07.2026 09:00:00 in Almaty, UTC+5.
LOGIN = "till-1"


class Clock:
    """Virtual UTC nanoseconds; also a `sleep`."""

    at_ns = NINE_OCLOCK_NS

    def __call__(self) -> int:
        return self.at_ns

    def monotonic(self) -> float:
        return self.at_ns / NS

    def sleep(self, seconds: float) -> None:
        self.at_ns += round(seconds * NS)


@dataclass
class Shop:
    """One cashbox at the service, and the driver in front of it."""

    clock: Clock
    service: Webkassa
    register: Any
    keys: Iterator[int]

    def run(self, order: Any) -> Done:
        outcome = self.register.execute(self.register.prepare(order), self.register.baseline())
        assert isinstance(outcome, Done), outcome
        self.clock.sleep(60)
        return outcome

    def sell(self, *marks: str, kind: PaymentKind = PaymentKind.CASH) -> Receipt:
        line = Line("Сигареты", 90000, 1000 * max(1, len(marks)), 796, 1600, gtin="04870249811936",
                    marks=tuple(Mark(mark, mark) for mark in marks))  # fmt: skip
        total = 90000 * max(1, len(marks))
        order = Receipt(f"t-{next(self.keys)}", Operation.SALE, (line,), (Payment(kind, total),), order_number="9739")
        self.run(order)
        return order

    def fault(self, name: str, match: str, **more: Any) -> None:
        self.service.faults.add(name, match, **more)


@pytest.fixture
def shop_at() -> Iterator[Callable[..., Shop]]:
    opened: list[OpenRegister] = []

    def make(url: str, transport: Any, service: Webkassa, clock: Clock) -> Shop:
        secrets = {"webkassa_password": "till-1-password", "webkassa_api_key": "sim-api-key"}
        register = open_register(
            f"webkassa+{url}?cashbox=SWK00000001&login={LOGIN}&read_s=2&write_s=2",
            secret=secrets.__getitem__,
            transport=transport,
            now=clock,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
        )
        opened.append(register)
        return Shop(clock, service, register, itertools.count(1))

    yield make
    for register in opened:
        register.close()


@pytest.fixture(params=["in process", "sockets"])
def shop(request: pytest.FixtureRequest, shop_at: Callable[..., Shop]) -> Iterator[Shop]:
    clock = Clock()
    rng = random.Random(11)
    service = Webkassa(clock, rng, Ofd(clock, rng), [Cashbox()], [User(LOGIN, "till-1-password")])
    if request.param == "in process":
        yield shop_at("https://kkm.webkassa.kz", SimTransport(service, clock.sleep), service, clock)
        return
    with serve(service) as serving:
        yield shop_at(serving.url, None, service, clock)


def numbers(shop: Shop, shift: int = 1, skip: int = 0) -> list[int | None]:
    return [row.seen.number for row in gathered(shop.register.reading.receipts(shift, skip)).whole()]


def a_day(shop: Shop) -> list[Receipt]:
    """Cash in, two sales with marks, a return of the first, cash out, Z."""
    shop.run(CashMove("in-1", CashDirection.IN, 500000))
    first, second = shop.sell("01048702498119362131abc"), shop.sell("m-2", "m-3", kind=PaymentKind.CARD)
    made = shop.register.find(first.key, 1)
    basis = ReturnBasis(made.fiscal_sign, made.at, "010100000001", 90000, False)
    line = first.lines[0]
    back = Receipt("t-back", Operation.SALE_RETURN, (line,), (Payment(PaymentKind.CASH, 90000),), basis=basis)
    shop.run(back)
    shop.run(CashMove("out-1", CashDirection.OUT, 100000))
    shop.run(ShiftClose("z-1", 1))
    return [first, second, back]


def test_a_day_is_read_back_as_it_was_sold(shop: Shop) -> None:
    orders = a_day(shop)
    rows = gathered(shop.register.reading.receipts(1)).whole()
    assert [row.seen.key for row in rows] == [order.key for order in orders]
    assert [row.seen.total_tiyn for row in rows] == [90000, 180000, 90000]
    assert [row.seen.operation for row in rows] == [2, 2, 3]
    assert [row.marks for row in rows] == [("01048702498119362131abc",), ("m-2", "m-3"), ("01048702498119362131abc",)]
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
    a_day(shop)
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
    assert sorted(map(int, map(str, numbers(shop)))) == list(range(1, 13))
    last = shop.register.last_document()
    assert (last.number, last.kind, last.total_tiyn, last.shift) == ("12", "sale", 90000, 1)


@pytest.mark.parametrize("fault", ["mixed_case_fields", "extra_unknown_fields", "unsorted"])
@pytest.mark.parametrize(
    "match", ["check_history", "shift_history", "z_history", "control_tape", "client_info", "state"]
)
def test_names_in_any_case_more_fields_and_another_order_change_nothing(shop: Shop, fault: str, match: str) -> None:
    a_day(shop)
    reading = shop.register.reading

    def everything() -> list[Any]:
        rows = gathered(reading.receipts(1)).whole()
        z = gathered(reading.z_reports()).whole()
        return [
            [(row.seen, row.positions, row.payments) for row in rows],
            [(row.number, row.closed_at) for row in gathered(reading.shifts()).whole()],
            [(row.report.sales_tiyn, row.put_count) for row in z],
            [(row.kind, row.key, row.sum_tiyn) for row in reading.tape(1).whole()],
            (reading.info().licence_until, reading.info().status),
            reading.state().shift_closed_at,
        ]

    before = everything()
    shop.fault(fault, match, count=2)
    assert everything() == before


LOST = ["answer_lost_before", "answer_lost_after", "partial_body", "truncated_json", "empty_body", "html_page",
        "http_500", "http_502", "http_503", "http_429"]  # fmt: skip


@pytest.mark.parametrize("fault", LOST)
def test_a_page_that_is_lost_is_unavailable_and_the_list_goes_on_from_there(shop: Shop, fault: str) -> None:
    for _ in range(12):
        shop.sell()
    reading = shop.register.reading
    shop.fault(fault, "check_history")
    with pytest.raises(RegisterUnavailable) as told:
        next(reading.receipts(1, skip=5))
    assert told.value.failure.kind is FailureKind.NO_ANSWER
    assert told.value.failure.place.startswith("/api/v4/Check/History")
    assert numbers(shop, skip=5) == list(range(6, 13))


def test_a_long_shift_survives_a_lost_page_and_a_login_from_elsewhere(shop: Shop) -> None:
    for _ in range(120):
        shop.sell()
    shop.fault("token_expired", "check_history", skip=1)
    shop.fault("partial_body", "check_history", skip=3)
    pages = shop.register.reading.receipts(1)
    first, second = next(pages), next(pages)
    with pytest.raises(RegisterUnavailable):
        next(pages)
    rest = gathered(shop.register.reading.receipts(1, second.next_skip))
    read = [row.seen.number for row in (*first.rows, *second.rows, *rest.rows)]
    assert read == list(range(1, 121))
    assert (first.total, rest.ended) == (120, True)


@pytest.mark.parametrize("match", ["shift_history", "z_history", "z_by_shift", "control_tape", "ref_units",
                                   "client_info", "history_by_number"])  # fmt: skip
def test_every_question_meets_an_html_page_with_status_200(shop: Shop, match: str) -> None:
    a_day(shop)
    reading = shop.register.reading
    questions: dict[str, Callable[[], object]] = {
        "shift_history": lambda: gathered(reading.shifts()),
        "z_history": lambda: gathered(reading.z_reports()),
        "z_by_shift": lambda: reading.z_report(1),
        "control_tape": lambda: reading.tape(1),
        "ref_units": lambda: reading.units(),
        "client_info": lambda: reading.info(),
        "history_by_number": lambda: reading.receipt("1", 1),
    }
    shop.fault("html_page", match)
    with pytest.raises(RegisterUnavailable) as told:
        questions[match]()
    assert told.value.failure.kind is FailureKind.NO_ANSWER


def test_a_login_from_elsewhere_costs_one_login_in_the_middle_of_a_list(shop: Shop) -> None:
    for _ in range(3):
        shop.sell()
    shop.fault("token_expired", "check_history")
    before = sum(1 for entry in shop.service.journal if entry.operation == "authorize")
    assert numbers(shop) == [1, 2, 3]
    assert sum(1 for entry in shop.service.journal if entry.operation == "authorize") == before + 1


def test_a_cashbox_that_is_busy_with_another_request_is_asked_again(shop: Shop) -> None:
    shop.sell()
    shop.fault("sequence_violation", "check_history", count=2)
    began = shop.clock.at_ns
    assert numbers(shop) == [1]
    assert shop.clock.at_ns - began >= 2 * NS


def test_a_cashbox_that_stays_busy_is_told(shop: Shop) -> None:
    shop.sell()
    shop.fault("sequence_violation", "check_history", count=3)
    with pytest.raises(RegisterUnavailable, match="webkassa:9"):
        numbers(shop)


@pytest.mark.parametrize("code", [4, 5, 6, 7, 10, 1404, -1, 9999])
def test_the_service_s_refusals_are_told_with_their_code(shop: Shop, code: int) -> None:
    shop.sell()
    shop.fault("code", "check_history", code=code, text="слова сервиса")
    with pytest.raises(RegisterUnavailable) as told:
        numbers(shop)
    assert (told.value.failure.code, told.value.failure.text) == (f"webkassa:{code}", "слова сервиса")


def test_with_the_lookup_down_a_document_is_found_in_the_history(shop: Shop) -> None:
    order = shop.sell()
    shop.fault("lookup_down", "lookup", count=5)
    assert shop.register.find(order.key).total_tiyn == 90000
    assert shop.register.find("in-none") is None


def test_a_cash_move_is_found_by_its_key(shop: Shop) -> None:
    a_day(shop)
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


def test_a_print_form_that_fails_leaves_the_sale_as_it_is(shop: Shop) -> None:
    shop.fault("print_down", "print_format")
    order = shop.sell()
    with pytest.raises(RegisterUnavailable, match="http:500"):
        shop.register.reading.print_form(order.key, PAPER_80)
    assert shop.register.reading.print_form(order.key, PAPER_80).lines
    assert [doc.external_number for doc in shop.service.cashboxes["SWK00000001"].documents] == [order.key]


def test_a_slow_answer_is_given_up_at_the_limit_of_a_read(shop_at: Callable[..., Shop]) -> None:
    clock = Clock()
    rng = random.Random(11)
    service = Webkassa(clock, rng, Ofd(clock, rng), [Cashbox()], [User(LOGIN, "till-1-password")])
    shop = shop_at("https://kkm.webkassa.kz", SimTransport(service, clock.sleep), service, clock)
    shop.sell()
    shop.fault("slow", "check_history", seconds=60)
    began = clock.at_ns
    with pytest.raises(RegisterUnavailable, match="timeout"):
        numbers(shop)
    assert (clock.at_ns - began) / NS == 2.0


@pytest.mark.parametrize("fault", ["http_505", "code_505"])
def test_a_shut_domain_is_read_at_the_next_public_one_and_never_inside_the_shop(
    shop_at: Callable[..., Shop], fault: str
) -> None:
    clock = Clock()
    rng = random.Random(11)
    service = Webkassa(clock, rng, Ofd(clock, rng), [Cashbox()], [User(LOGIN, "till-1-password")])
    hosts = {"kkm.webkassa.kz": service, "kkm2.webkassa.kz": service}
    shop = shop_at("https://kkm.webkassa.kz", SimTransport(hosts, clock.sleep), service, clock)
    shop.sell()
    shop.fault(fault, "check_history", domains="http://127.0.0.1,kkm2.webkassa.kz")
    assert numbers(shop) == [1]
    shop.fault(fault, "check_history", count=2, domains="http://127.0.0.1")
    with pytest.raises(RegisterUnavailable, match="webkassa:505"):
        numbers(shop)
