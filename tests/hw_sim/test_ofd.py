"""The operator: autonomy of the registers, the queue behind a dead link, and marks that travel late or never."""

from __future__ import annotations

import pytest

from hw_sim.exchange import SimRequest
from hw_sim.ledger import Outage
from hw_sim.ofd import NEVER

NS = 1_000_000_000


class Registry:
    """Remembers what arrived and when."""

    def __init__(self):
        self.arrived = []

    def receive_mark(self, mark, operation, sold_ns, arrived_ns, sign):
        self.arrived.append((mark, operation.value, (arrived_ns - sold_ns) / NS))


@pytest.fixture
def registry(till):
    till.ofd.registry = Registry()
    return till.ofd.registry


def test_an_online_receipt_reaches_the_operator_at_once(till, sale):
    till.ask("check", sale("a"))
    assert [row["external_number"] for row in till.ofd.rows()] == ["a"]


def test_without_the_operator_the_register_signs_by_itself_and_queues(till, sale):
    till.ofd.link.down = True
    data = till.ask("check", sale("a"))["Data"]
    assert (data["OfflineMode"], data["CashboxOfflineMode"]) == (True, True)
    assert len(data["CheckNumber"]) == 12, "an autonomous code, not a sign of the operator"
    assert (till.ofd.rows(), till.ofd.waiting()) == ([], 1)
    till.ofd.link.down = False
    later = till.ask("check", sale("b"))["Data"]
    assert (later["OfflineMode"], later["CashboxOfflineMode"]) == (False, False)
    assert [row["external_number"] for row in till.ofd.rows()] == ["a", "b"]


def test_one_receipt_can_be_offline_by_order(till, sale):
    till.service.faults.add("offline")
    assert till.ask("check", sale("a"))["Data"]["OfflineMode"] is True
    assert till.ask("check", sale("b"))["Data"]["OfflineMode"] is False


def test_after_72_hours_from_the_first_unsent_receipt_sales_are_refused(till, sale):
    till.ofd.link.down = True
    till.clock.sleep(100 * 3600)
    till.token = till.login()
    assert till.codes("check", sale("a")) == [], "a dead link alone does not count, the first unsent receipt does"
    for _ in range(3):
        till.clock.sleep(24 * 3600)
        till.token = till.login()
        till.codes("z")
    assert till.codes("check", sale("b")) == []
    till.clock.sleep(1)
    assert till.codes("check", sale("c")) == [18]
    till.ofd.link.down = False
    assert till.codes("check", sale("c")) == []


def test_a_register_without_autonomy_refuses(till, sale):
    till.box.autonomous_allowed = False
    till.ofd.link.down = True
    assert till.codes("check", sale("a")) == [1013]


def test_a_planned_outage_begins_and_ends_by_the_clock(till, sale):
    start = till.clock()
    till.ofd.link.outages.append(Outage(start + 60 * NS, start + 120 * NS))
    modes = []
    for number in range(4):
        modes.append(till.ask("check", sale(f"s{number}"))["Data"]["OfflineMode"])
        till.clock.sleep(40)
    assert modes == [False, False, True, False]


def test_marks_travel_with_the_delay_they_were_told(till, registry, sale):
    first, second = sale()["Positions"][0]["MarkList"]
    till.ofd.tell("", 10)
    till.ofd.tell(second[:21], 100)
    till.ask("check", sale("a"))
    assert registry.arrived == []
    assert till.ofd.next_due_ns() == till.clock() + 10 * NS
    till.clock.sleep(50)
    till.ofd.step()
    assert registry.arrived == [(first, "sale", 10)]
    till.clock.sleep(50)
    till.ofd.step()
    assert registry.arrived[1:] == [(second, "sale", 100)]


def test_a_mark_told_never_never_arrives(till, registry, sale):
    first, second = sale()["Positions"][0]["MarkList"]
    till.ofd.tell(first, NEVER)
    till.ask("check", sale("a"))
    till.clock.sleep(10**6)
    till.ofd.step()
    assert [mark for mark, *_ in registry.arrived] == [second]
    assert [mark for mark, _ in till.ofd.lost_marks] == [first]


def test_marks_of_an_offline_receipt_wait_for_the_link(till, registry, sale):
    till.ofd.mark_delay_s = (5, 5)
    till.ofd.link.down = True
    till.ask("check", sale("a"))
    till.clock.sleep(3600)
    till.ofd.step()
    assert registry.arrived == []
    till.ofd.link.down = False
    till.ofd.step()
    till.clock.sleep(5)
    till.ofd.step()
    assert [late for *_, late in registry.arrived] == [3605, 3605]


def test_a_loss_rate_of_one_loses_everything(till, registry, sale):
    till.ofd.loss_rate = 1.0
    till.ask("check", sale("a"))
    till.ofd.step()
    assert registry.arrived == []
    assert len(till.ofd.lost_marks) == 2


def test_the_receipt_page_answers_to_the_qr_and_only_to_it(till, sale):
    url = till.ask("check", sale("a"))["Data"]["TicketUrl"]
    query = url.partition("?")[2]
    page = till.ofd.handle(SimRequest("GET", f"/?{query}"))
    assert (page.status, "Фискалдық чек" in page.body.decode()) == (200, True)
    stored = till.ofd.handle(SimRequest("GET", f"/api/tickets/get-by-url?{query}"))
    assert stored.json()["external_number"] == "a"
    assert till.ofd.handle(SimRequest("GET", f"/?{query.replace('1800.00', '1800.01')}")).status == 404
