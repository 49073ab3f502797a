"""From scanner events to the open sale: halves meet, broken reads are kept, devices do not wait for each other."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import pysqlite3
import pytest
from shop_till import ShopTill

from hw_sim.registry import Fate, Mark
from pos_agent.checkout import Scanned
from pos_agent.sale import SaleState
from scanners.scan import DroppedRead, DropReason, Health, HealthChange, Scan, Terminator

JOIN_MS = 50
MS = 1_000_000


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.close()


def of_template(till: ShopTill, template: str) -> Mark:
    return next(
        mark for mark in till.sim.shop.codes if mark.fate is Fate.SELLABLE and mark.product.template == template
    )


def feed(till: ShopTill, *frames: Scan) -> list[Scanned]:
    return [scanned for frame in frames for scanned in till.agent.intake.feed(frame)]


def tick(till: ShopTill, after_ms: int) -> list[Scanned]:
    return list(till.agent.intake.tick(till.clock.now_ns() + after_ms * MS))


def kis(results: list[Scanned]) -> list[str | None]:
    return [None if scanned.line is None else scanned.line.ki for scanned in results]


def test_a_first_scan_opens_a_sale_and_the_next_joins_it(till: ShopTill) -> None:
    first, second = till.unit(), till.unit()
    results = feed(till, till.frame(first.text), till.frame(second.text))
    assert kis(results) == [first.ki, second.ki]
    assert len({scanned.sale for scanned in results}) == 1
    assert len(till.agent.till.open_sales()) == 1


def test_a_scan_after_payment_opens_the_next_sale(till: ShopTill) -> None:
    (one,) = feed(till, till.frame(till.unit().text))
    till.pay(one.sale)
    (two,) = feed(till, till.frame(till.unit().text))
    assert two.sale != one.sale


@pytest.mark.parametrize("template", ["FULL44", "SHORT-7", "PACK29"])
@pytest.mark.parametrize("aim", ["", "]d2"])
def test_a_read_that_a_pause_cut_in_two_is_one_scan_wherever_it_was_cut(
    till: ShopTill, template: str, aim: str
) -> None:
    mark = of_template(till, template)
    whole = aim + mark.text
    for cut in range(len(aim) + 1, len(whole)):
        till.clock.sleep(1)
        results = feed(
            till,
            till.frame(whole[:cut], terminator=Terminator.GAP),
            till.frame(whole[cut:], after_ms=JOIN_MS // 2, terminator=Terminator.GAP),
        )
        results += tick(till, after_ms=10 * JOIN_MS)
        assert kis(results) == [mark.ki], cut
        till.agent.checkout.cancel(results[0].sale, "next cut")


def test_a_read_in_three_pieces_is_one_scan(till: ShopTill) -> None:
    mark = of_template(till, "FULL44")
    pieces = mark.text[:20], mark.text[20:50], mark.text[50:]
    results = feed(
        till,
        *(till.frame(piece, after_ms=20 * index, terminator=Terminator.GAP) for index, piece in enumerate(pieces)),
    )
    assert kis(results + tick(till, 1_000)) == [mark.ki]


def test_a_separator_that_came_as_enter_joins_its_tail(till: ShopTill) -> None:
    mark = of_template(till, "FULL44")
    pieces = mark.text.split("\x1d")
    results = feed(till, *(till.frame(piece, after_ms=10 * index) for index, piece in enumerate(pieces)))
    assert kis(results + tick(till, 1_000)) == [mark.ki]


def test_a_head_waits_for_the_join_time_and_is_then_refused_not_sold(till: ShopTill) -> None:
    mark = of_template(till, "FULL44")
    head = mark.text.split("\x1d")[0]
    assert feed(till, till.frame(head)) == []
    assert tick(till, JOIN_MS - 1) == []
    (alone,) = tick(till, JOIN_MS)
    assert alone.line is None
    assert tick(till, 10_000) == []
    assert till.rows("scan_judged")[-1]["data"] == base64.b64encode(head.encode()).decode()


def test_a_tail_that_comes_too_late_joins_nothing_and_both_are_kept(till: ShopTill) -> None:
    head, tail = of_template(till, "FULL44").text.split("\x1d", 1)
    results = feed(till, till.frame(head), till.frame(tail, after_ms=JOIN_MS + 1))
    assert kis(results + tick(till, 1_000)) == [None, None]


def test_a_head_followed_by_another_whole_code_sells_the_code_only(till: ShopTill) -> None:
    head = of_template(till, "FULL44").text.split("\x1d")[0]
    other = of_template(till, "PACK29")
    assert kis(feed(till, till.frame(head), till.frame(other.text, after_ms=20))) == [None, other.ki]


def test_halves_of_two_devices_never_meet(till: ShopTill) -> None:
    head, tail = of_template(till, "FULL44").text.split("\x1d", 1)
    results = feed(till, till.frame(head, device="left"), till.frame(tail, after_ms=5, device="right"))
    assert kis(results + tick(till, 1_000)) == [None, None]


def test_a_clock_set_back_does_not_keep_a_half_for_hours(till: ShopTill) -> None:
    head = of_template(till, "FULL44").text.split("\x1d")[0]
    feed(till, till.frame(head))
    assert len(till.agent.intake.tick(till.clock.now_ns() - 3_600 * 1_000 * MS)) == 1


def test_a_waiting_half_is_judged_when_the_agent_stops(till: ShopTill) -> None:
    feed(till, till.frame(of_template(till, "FULL44").text.split("\x1d")[0]))
    assert len(till.agent.intake.finish()) == 1
    assert till.agent.intake.finish() == []


@pytest.mark.parametrize("terminator", [Terminator.UNPLUG, Terminator.OVERFLOW])
def test_a_broken_frame_is_evidence_and_never_judged(till: ShopTill, terminator: Terminator) -> None:
    mark = till.unit()
    assert feed(till, till.frame(mark.text, terminator=terminator)) == []
    (kept,) = till.rows("scan_dropped")
    assert base64.b64decode(kept["data"]).decode() == mark.text
    assert kept["reason"] == str(terminator)
    assert till.rows("scan_judged") == []
    assert kis(feed(till, till.frame(mark.text))) == [mark.ki]


def test_an_unplugged_scanner_leaves_its_half_read_in_the_journal(till: ShopTill) -> None:
    head = of_template(till, "FULL44").text.split("\x1d")[0]
    results = feed(till, till.frame(head), till.frame("9", after_ms=5, terminator=Terminator.UNPLUG))
    assert kis(results) == [None]
    assert len(till.rows("scan_dropped")) == len(till.rows("scan_judged")) == 1


def test_a_dropped_read_is_journalled_with_its_reason(till: ShopTill) -> None:
    drop = DroppedRead(till.frame(till.unit().text), DropReason.DUPLICATE, "20 ms after the first")
    assert till.agent.intake.feed(drop) == []
    (kept,) = till.rows("scan_dropped")
    assert (kept["reason"], kept["text"], kept["device"]) == ("duplicate", "20 ms after the first", "counter")


def test_health_is_remembered_for_the_status_strip(till: ShopTill) -> None:
    till.agent.intake.feed(
        HealthChange("counter", Health.DENIED, 1_000_000_000, "no permission: add the group dialout")
    )
    till.agent.intake.feed(HealthChange("hand", Health.ONLINE, 2))
    status = till.agent.status()
    assert status["scanners"] == {"counter": "denied", "hand": "online"}
    assert status["scanner_text"] == {
        "counter": {"text": "no permission: add the group dialout", "at": "1970-01-01T00:00:01.000000Z"}
    }
    till.agent.intake.feed(HealthChange("counter", Health.ONLINE, 3))
    assert till.agent.status()["scanner_text"] == {}


def test_a_scan_whose_sale_is_paid_under_its_hands_goes_to_the_next(till: ShopTill) -> None:
    sale, _ = till.with_units()
    mark, checkout = till.unit(), till.agent.checkout
    original = checkout.scan

    def late(name: str, *args: object, **options: object) -> Scanned:
        checkout.scan = original  # type: ignore[method-assign]
        till.pay(name)
        return original(name, *args, **options)  # type: ignore[arg-type]

    checkout.scan = late  # type: ignore[method-assign,assignment]
    (scanned,) = feed(till, till.frame(mark.text))
    assert scanned.sale != sale
    assert kis([scanned]) == [mark.ki]


def test_goods_that_cannot_become_a_line_do_not_take_the_next_read_with_them(till: ShopTill) -> None:
    till.stock(gtin="04870249811936", name_ru="Чай", name_kk="Шай", unit=796, vat="base", price="0")
    mark = of_template(till, "FULL44")
    frames = [till.frame("4870249811936", terminator=Terminator.GAP), till.frame(mark.text, after_ms=20)]
    assert kis(feed(till, *frames) + tick(till, 1_000)) == [mark.ki]
    assert [row.get("problem") for row in till.rows("scan_judged")] == ["T-110", None]


def test_a_cache_that_cannot_be_read_leaves_the_bytes_in_the_journal(till: ShopTill) -> None:
    mark = till.unit()
    (path,) = [path for path in till.folder.glob("*.sqlite") if "journal" not in path.name]
    other = pysqlite3.connect(str(path), isolation_level=None)
    other.execute("ALTER TABLE code_status RENAME TO lost")
    other.close()
    assert feed(till, till.frame(mark.text)) == []
    (kept,) = till.rows("scan_dropped")
    assert kept["reason"] == "not_judged"
    assert base64.b64decode(kept["data"]).decode() == mark.text


def test_a_device_that_waits_for_the_registry_does_not_hold_up_another(till: ShopTill) -> None:
    slow, quick = till.unit(), till.unit()
    asking, answered = threading.Event(), threading.Event()
    judge = till.agent.judge
    original = judge.judge

    def gated(data: bytes, *args: object) -> object:
        if data == slow.text.encode():
            asking.set()
            assert answered.wait(10)
        return original(data, *args)  # type: ignore[arg-type]

    judge.judge = gated  # type: ignore[method-assign,assignment]
    results: list[Scanned] = []
    left = threading.Thread(target=lambda: results.extend(feed(till, till.frame(slow.text, device="left"))))
    left.start()
    assert asking.wait(10)
    assert kis(feed(till, till.frame(quick.text, device="right"))) == [quick.ki]
    assert till.agent.intake.tick(till.clock.now_ns() + 1_000 * MS) == []
    answered.set()
    left.join(10)
    assert kis(results) == [slow.ki]
    (sale,) = till.agent.till.open_sales()
    assert till.agent.till.sale(sale).state is SaleState.HELD
    assert len(till.agent.till.sale(sale).lines) == 2


def test_a_device_that_hangs_and_repeats_one_broken_frame_does_not_fill_the_disk(till: ShopTill) -> None:
    for number in range(200):
        feed(till, till.frame(b"8" * 512, after_ms=number * 10, terminator=Terminator.OVERFLOW))
    till.agent.intake.finish()
    first, rest = till.rows("scan_dropped")
    assert (first["reason"], first.get("count"), rest["reason"], rest["count"]) == ("overflow", None, "overflow", 199)


def test_callers_from_ever_new_addresses_take_no_memory(till: ShopTill) -> None:
    intake = till.agent.intake
    for number in range(50):
        feed(till, till.frame(b"no code", device=f"hall@fd00::{number:x}", terminator=Terminator.UNPLUG))
    assert len(intake._lanes) == 0  # Nothing outside can see what is kept for a device.
