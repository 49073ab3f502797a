"""Judging: the reading that proved known, the registry asked when policy wants, what its answer teaches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pysqlite3
import pytest
from shop_till import ShopTill

from hw_sim.registry import Fate, Mark
from marking.code import IdentificationCode, Source
from marking.statuses import Status
from marking.verdict import Decision, EvidenceSource, Purpose
from pos_agent.judging import Judged

DAY_S = 86_400.0
DEADLINE_S = 1.5


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path, ismpt=True)
    yield built
    built.close()


def judged(till: ShopTill, code: str, source: Source = Source.SCANNER) -> Judged:
    return till.agent.judge.judge(code.encode(), source, Purpose.SALE, None)


def of_template(till: ShopTill, template: str) -> Mark:
    return next(
        mark for mark in till.sim.shop.codes if mark.fate is Fate.SELLABLE and mark.product.template == template
    )


def asked(till: ShopTill) -> int:
    return sum("codes" in one.operation for one in till.sim.ismpt.journal)


def test_a_caps_lock_scan_is_sold_under_the_reading_that_is_known(till: ShopTill) -> None:
    mark, sale = of_template(till, "FULL44"), till.open()
    scanned = till.scan(sale, ("]d2" + mark.text).swapcase())
    assert scanned.judged.verdict.repairs == ("D6",)
    code = scanned.judged.code
    assert isinstance(code, IdentificationCode)
    assert not code.confirm
    assert scanned.line is not None
    assert scanned.line.ki == mark.ki
    assert scanned.line.full == mark.text
    till.pay(sale)
    assert [mark.replace("\x1d", "") for mark in till.receipts()[0].marks] == [mark.text.replace("\x1d", "")]


def test_a_caps_lock_scan_of_a_unit_nobody_knows_makes_no_line(till: ShopTill) -> None:
    mark = of_template(till, "FULL44")
    stranger = mark.text.replace(mark.ki, mark.ki[:18] + "ABCDEFGhijklm")
    assert till.scan(till.open(), ("]d2" + stranger).swapcase()).line is None


def test_a_fresh_word_of_the_cache_asks_nobody(till: ShopTill) -> None:
    found = judged(till, till.unit().text)
    assert found.verdict.decision is Decision.ALLOW
    assert found.verdict.source is EvidenceSource.CACHE
    assert asked(till) == 0


def test_a_stale_word_is_asked_again_and_the_answer_stays_in_the_cache(till: ShopTill) -> None:
    mark = till.unit()
    before = till.agent.cache.status(mark.ki)
    till.clock.sleep(5 * DAY_S)
    assert judged(till, mark.text).verdict.source is EvidenceSource.ONLINE
    after = till.agent.cache.status(mark.ki)
    assert before is not None
    assert after is not None
    assert after.status is Status.IN_CIRCULATION
    assert after.at_ns >= before.at_ns + 5 * DAY_S * 1e9
    questions = asked(till)
    assert judged(till, mark.text).verdict.source is EvidenceSource.CACHE
    assert asked(till) == questions


def test_a_code_without_a_word_is_asked_and_refused_when_the_registry_has_none(till: ShopTill) -> None:
    verdict = judged(till, till.mark(Fate.UNKNOWN).text).verdict
    assert (verdict.decision, verdict.source) == (Decision.REFUSE, EvidenceSource.ONLINE)


def stock_without_template(till: ShopTill, mark: Mark) -> None:
    goods = mark.product
    till.stock(
        gtin=goods.gtin, name_ru="Товар", name_kk="Тауар", unit=796, vat="base", group=goods.group, price="10.00"
    )


def test_the_first_confirmed_code_teaches_the_layout_of_its_goods(till: ShopTill) -> None:
    mark = till.unit()
    stock_without_template(till, mark)
    till.clock.sleep(5 * DAY_S)
    judged(till, mark.text)
    assert till.agent.cache.catalogue(mark.product.gtin) == (mark.product.template,)


def test_a_typed_key_teaches_no_layout(till: ShopTill) -> None:
    mark = till.unit()
    stock_without_template(till, mark)
    till.clock.sleep(5 * DAY_S)
    assert judged(till, mark.ki, Source.MANUAL).evidence.online is not None
    assert till.agent.cache.catalogue(mark.product.gtin) == ()


def test_an_answer_that_cannot_be_kept_still_counts(till: ShopTill) -> None:
    mark = till.unit()
    stock_without_template(till, mark)
    till.clock.sleep(5 * DAY_S)
    (path,) = [path for path in till.folder.glob("*.sqlite") if "journal" not in path.name]
    other = pysqlite3.connect(str(path), isolation_level=None)
    try:
        other.execute("PRAGMA query_only=OFF")
        other.execute("CREATE TRIGGER full_disk BEFORE UPDATE ON code_status BEGIN SELECT RAISE(ABORT, 'full'); END")
        other.execute("CREATE TRIGGER full_too BEFORE INSERT ON code_status BEGIN SELECT RAISE(ABORT, 'full'); END")
    finally:
        other.close()
    verdict = judged(till, mark.text).verdict
    assert (verdict.decision, verdict.source) == (Decision.ALLOW, EvidenceSource.ONLINE)


def test_a_slow_registry_costs_the_deadline_and_no_more(till: ShopTill) -> None:
    mark = till.mark(Fate.UNKNOWN)
    judged(till, till.mark(Fate.SOLD_BEFORE).text)  # Logged in before.
    till.sim.ismpt.faults.add("slow", seconds=60.0)
    started = till.clock.monotonic()
    found = judged(till, mark.text)
    assert till.clock.monotonic() - started <= DEADLINE_S + 0.1
    assert found.evidence.online is not None
    assert found.evidence.online.unavailable is not None
    assert found.verdict.decision is not Decision.ALLOW


def test_without_a_link_the_local_word_decides(till: ShopTill) -> None:
    mark = till.unit()
    till.clock.sleep(5 * DAY_S)
    till.ismpt.link_down = True
    verdict = judged(till, mark.text).verdict
    assert verdict.source is not EvidenceSource.ONLINE
