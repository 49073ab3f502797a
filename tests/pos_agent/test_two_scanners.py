"""One unit under two scanners of a till within a moment is one event: no second line, no refusal, a journal row."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from shop_till import ShopTill

from hw_sim.registry import Fate
from pos_agent.cache.store import CacheError
from pos_agent.checkout import Scanned
from pos_agent.intake import Intake
from pos_agent.journal.database import JournalBusy
from pos_agent.two_scanners import TwoScanners
from scanners.scan import Scan, Signal, Terminator

WINDOW_MS = 2_000  # The default of scan.other_device_ms.


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path / "one")
    yield built
    built.close()


@pytest.fixture
def other_till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path / "two")
    yield built
    built.close()


def feed(till: ShopTill, code: str, device: str, after_ms: int = 0) -> list[Scanned]:
    """One read, time gone on before it."""
    till.clock.sleep(after_ms / 1_000)
    till.agent.intake.tick(till.clock.now_ns())
    return list(till.agent.intake.feed(till.frame(code, device=device)))


def reasons(till: ShopTill) -> list[str]:
    return [row["reason"] for row in till.rows("scan_dropped")]


def lines(till: ShopTill) -> int:
    return sum(len(till.agent.till.sale(name).lines) for name in till.agent.till.open_sales())


@pytest.mark.parametrize("after_ms", [0, 1, 300, WINDOW_MS])
def test_a_second_scanner_within_the_window_adds_nothing_and_is_kept(till: ShopTill, after_ms: int) -> None:
    mark = till.unit()
    (first,) = feed(till, mark.text, "counter")
    assert feed(till, mark.text, "hand", after_ms) == []
    assert first.line is not None
    assert lines(till) == len(till.rows("scan_judged")) == 1
    (kept,) = till.rows("scan_dropped")
    assert (kept["reason"], kept["device"], base64.b64decode(kept["data"]).decode()) == (
        "other_device",
        "hand",
        mark.text,
    )
    assert kept["text"] == f"counter read the same unit, {after_ms} ms apart"


def test_after_the_window_the_second_scanner_is_told_that_the_unit_is_in_the_receipt(till: ShopTill) -> None:
    mark = till.unit()
    feed(till, mark.text, "counter")
    (late,) = feed(till, mark.text, "hand", WINDOW_MS + 1)
    assert (late.line, reasons(till)) == (None, [])


def test_the_same_scanner_is_told_at_once(till: ShopTill) -> None:
    mark = till.unit()
    feed(till, mark.text, "counter")
    (again,) = feed(till, mark.text, "counter", 600)
    assert (again.line, reasons(till)) == (None, [])


def test_a_unit_is_compared_and_not_its_bytes(till: ShopTill) -> None:
    mark = next(one for one in till.sim.shop.codes if one.fate is Fate.SELLABLE and "\x1d" in one.text)
    feed(till, "]d2" + mark.text, "counter")
    assert feed(till, mark.text.replace("\x1d", ""), "hand", 100) == []
    assert reasons(till) == ["other_device"]


def test_unmarked_goods_under_two_scanners_are_two_pieces(till: ShopTill) -> None:
    gtin = till.plain_gtin().lstrip("0")
    (one,), (two,) = feed(till, gtin, "counter"), feed(till, gtin, "hand", 100)
    assert one.line is not None
    assert two.line is not None
    assert reasons(till) == []


def test_two_units_of_the_same_goods_are_two_lines(till: ShopTill) -> None:
    first = till.unit()
    second = next(
        one
        for one in till.sim.shop.codes
        if one.fate is Fate.SELLABLE and one.product is first.product and one is not first
    )
    feed(till, first.text, "counter")
    assert feed(till, second.text, "hand", 50)[0].line is not None


def test_two_tills_do_not_know_of_each_other(till: ShopTill, other_till: ShopTill) -> None:
    mark = till.unit()
    assert feed(till, mark.text, "counter")[0].line is not None
    assert feed(other_till, mark.text, "hand", 100)[0].line is not None


def test_the_next_sale_knows_nothing_of_the_last_one(till: ShopTill) -> None:
    mark = till.unit()
    (first,) = feed(till, mark.text, "counter")
    till.agent.checkout.cancel(first.sale, "the customer left")
    (second,) = feed(till, mark.text, "hand", 100)
    assert second.line is not None
    assert second.sale != first.sale


def test_a_unit_taken_out_again_may_be_scanned_at_once_by_the_other_scanner(till: ShopTill) -> None:
    mark = till.unit()
    (first,) = feed(till, mark.text, "counter")
    assert first.line is not None
    till.agent.checkout.remove(first.sale, first.line.number)
    (again,) = feed(till, mark.text, "hand", 100)
    assert again.line is not None


def test_a_refused_unit_is_refused_once(till: ShopTill) -> None:
    mark = next(one for one in till.sim.shop.codes if one.fate is not Fate.SELLABLE)
    (first,) = feed(till, mark.text, "counter")
    assert first.line is None
    assert feed(till, mark.text, "hand", 100) == []
    assert reasons(till) == ["other_device"]


def test_a_clock_set_back_makes_no_repetition_of_an_old_read(till: ShopTill) -> None:
    mark = till.unit()
    feed(till, mark.text, "counter")
    feed(till, till.unit().text, "counter", WINDOW_MS + 500)
    till.clock.at_ns -= (WINDOW_MS + 400) * 1_000_000
    (late,) = feed(till, mark.text, "hand")
    assert (late.line, reasons(till)) == (None, [])


def test_a_clock_set_back_by_an_hour_between_the_two_only_refuses_as_before(till: ShopTill) -> None:
    mark = till.unit()
    feed(till, mark.text, "counter")
    till.clock.at_ns -= 3_600 * 1_000_000_000
    (second,) = feed(till, mark.text, "hand", 100)
    assert second.line is None
    assert feed(till, till.unit().text, "hand", 100)[0].line is not None


def test_the_second_scanner_does_not_wait_for_the_registry_that_the_first_one_asks(till: ShopTill) -> None:
    mark, judge = till.unit(), till.agent.judge
    asking, answered = threading.Event(), threading.Event()
    original = judge.judge

    def gated(*arguments: object) -> object:
        asking.set()
        assert answered.wait(10)
        return original(*arguments)  # type: ignore[arg-type]

    judge.judge = gated  # type: ignore[method-assign,assignment]
    results: list[Scanned] = []
    counter = threading.Thread(target=lambda: results.extend(feed(till, mark.text, "counter")))
    counter.start()
    assert asking.wait(10)
    assert feed(till, mark.text, "hand") == []
    answered.set()
    counter.join(10)
    assert [scanned.line is not None for scanned in results] == [True]
    assert reasons(till) == ["other_device"]


@pytest.mark.parametrize("error", [CacheError("gone"), JournalBusy("another program holds it")])
def test_a_read_without_a_verdict_does_not_stand_in_the_way_of_the_other_scanner(
    till: ShopTill, error: Exception
) -> None:
    mark, checkout = till.unit(), till.agent.checkout
    original = checkout.scan

    def fails_once(*_arguments: object, **_options: object) -> Scanned:
        checkout.scan = original  # type: ignore[method-assign]
        raise error

    checkout.scan = fails_once  # type: ignore[method-assign]
    if isinstance(error, JournalBusy):
        with pytest.raises(JournalBusy):
            feed(till, mark.text, "counter")
    else:
        assert feed(till, mark.text, "counter") == []
    assert feed(till, mark.text, "hand", 100)[0].line is not None


def intake_of(till: ShopTill, other_device_ms: int, told: list[tuple[str, Signal]]) -> Intake:
    agent = till.agent
    return Intake(
        agent.journal,
        agent.till,
        agent.checkout,
        till.open,
        agent.intake._context,
        50,
        other_device_ms,
        agent.scan_test,
        lambda device, signal: told.append((device, signal)),
    )


def test_a_window_of_zero_turns_the_rule_off(till: ShopTill) -> None:
    mark, intake = till.unit(), intake_of(till, 0, [])
    intake.feed(till.frame(mark.text, device="counter"))
    (second,) = intake.feed(till.frame(mark.text, device="hand"))
    assert (second.line, reasons(till)) == (None, [])


def test_each_device_is_told_once_what_became_of_its_read(till: ShopTill) -> None:
    told: list[tuple[str, Signal]] = []
    intake = intake_of(till, WINDOW_MS, told)
    till.stock(gtin="04870249811936", name_ru="Чай", name_kk="Шай", unit=796, vat="base", price="0")
    good, blocked = till.unit(), till.mark(Fate.AGGREGATE)
    for code, device, signal in [
        (good.text, "counter", Signal.ACCEPTED),
        (blocked.text, "hand", Signal.REFUSED),
        (b"\xff nonsense", "hand", Signal.REFUSED),
        ("4870249811936", "counter", Signal.REFUSED),  # May be sold, but has no price: T-110.
    ]:
        intake.feed(till.frame(code, device=device))
        assert told == [(device, signal)], code
        told.clear()
    intake.feed(till.frame(good.text, device="hand"))  # The other scanner read it already: nothing to tell.
    assert told == []
    intake.feed(till.frame(till.unit().text, device="hand", terminator=Terminator.OVERFLOW))
    assert told == [("hand", Signal.REFUSED)]


def test_a_question_to_a_person_sounds_as_a_question(till: ShopTill) -> None:
    told: list[tuple[str, Signal]] = []
    unknown = "0104870000000128213hB?7tR\x1d93aB9+"
    till.stock(
        gtin="04870000000128",
        name_ru="Кеды",
        name_kk="Кеды",
        unit=796,
        vat="base",
        group="shoes",
        price="10",
        templates="SHORT-7",
    )
    (scanned,) = intake_of(till, WINDOW_MS, told).feed(till.frame(unknown))
    assert (str(scanned.judged.verdict.decision), told) == ("ask", [("counter", Signal.ASK)])


def test_a_half_that_nobody_completes_sounds_when_its_time_is_up(till: ShopTill) -> None:
    told: list[tuple[str, Signal]] = []
    intake = intake_of(till, WINDOW_MS, told)
    head = next(one.text for one in till.sim.shop.codes if "\x1d" in one.text).split("\x1d")[0]
    intake.feed(till.frame(head))
    assert told == []
    intake.tick(till.clock.now_ns() + 10**9)
    assert told == [("counter", Signal.REFUSED)]


def read(device: str, at_ms: int) -> Scan:
    return Scan(b"", None, device, at_ms * 1_000_000)


def rule(held: Sequence[str] = ()) -> TwoScanners:
    return TwoScanners(WINDOW_MS, lambda _sale, units: any(unit in held for unit in units))


def test_a_clear_read_after_one_that_could_not_be_told_for_certain_counts() -> None:
    two = rule()
    assert two.repeated("sale", ("X", "x"), read("counter", 0)) is None
    assert two.repeated("sale", ("X",), read("hand", 100)) is None
    assert two.repeated("sale", ("X",), read("counter", 200)) is not None


def test_a_clear_read_of_a_unit_that_is_in_the_sale_already_is_a_repetition() -> None:
    two = rule(held=["X"])
    two.repeated("sale", ("X", "x"), read("counter", 0))
    two.became_line("sale", read("counter", 0))
    assert two.repeated("sale", ("X",), read("hand", 100)) is not None
    assert two.repeated("sale", ("x",), read("hand", 100)) is None


def test_reads_that_arrive_out_of_order_are_compared_all_the_same() -> None:
    two = rule()
    assert two.repeated("sale", ("X",), read("counter", 500)) is None
    assert two.repeated("sale", ("X",), read("hand", 100)) is not None


def test_units_are_forgotten_after_the_window() -> None:
    two = rule()
    two.repeated("sale", ("X",), read("counter", 0))
    two.tick((WINDOW_MS + 1) * 1_000_000)
    assert two.repeated("sale", ("X",), read("hand", 0)) is None
