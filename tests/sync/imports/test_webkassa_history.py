"""The vendor's history: filled by the real driver at the simulated service, read over real HTTP."""

from __future__ import annotations

import pytest
from operator_files import in_lake, written
from webkassa_shop import BOX, MARK, Clock, Shop, service_at

from hw_sim.http import serve
from hw_sim.webkassa import Container
from sync.hq.imports.ledger import Ledger, State
from sync.hq.imports.mapping import load_mappings
from sync.hq.imports.webkassa import import_webkassa
from sync.hq.imports.webkassa_link import Access, VendorTrouble, WebkassaLink

HISTORY = "/api/v4/Check/History"


class Office:
    """Headquarters at the same service as the till, with a login of its own."""

    def __init__(self, shop, link, hq, lake):
        self.shop, self.link, self.hq, self.lake = shop, link, hq, lake
        self.service = shop.service

    def bring(self, **more):
        return import_webkassa(self.link, BOX, engine=self.hq, lake=self.lake, now=self.shop.clock, **more)

    def asked(self, operation):
        return sum(1 for entry in self.service.journal if entry.operation == operation)

    def receipts(self):
        return in_lake(self.lake, "ofd_receipt", "shift", "number", "sign", "total_tiyn", "operation", "marks")

    def expected(self):
        """As the service itself has them registered."""
        kinds = {"SALE": 1, "SALE_RETURN": -1}
        return sorted(
            (one.shift, one.order_number, one.sign, int(one.total * 100), kinds[one.operation.name], len(one.marks))
            for one in self.shop.documents
            if one.operation.name in kinds
        )


@pytest.fixture
def office(hq, lake):
    clock = Clock()
    service = service_at(clock)
    with serve(service) as serving:
        shop = Shop(serving.url, None, service, clock)
        access = Access(serving.url, "reader", "reader-password", "sim-api-key", read_s=5.0)
        link = WebkassaLink(access, monotonic=clock.monotonic, sleep=clock.sleep)
        yield Office(shop, link, hq, lake)
        link.close()
        shop.close()


def test_a_day_arrives_as_the_till_sold_it_and_a_closed_shift_is_never_asked_about_again(office):
    office.shop.day()
    (found,) = office.bring()
    assert (found.state, found.rows_read, found.taken, found.name) == (State.DONE, 3, 3, f"{BOX} shift 1")
    assert office.receipts() == office.expected()
    lines = in_lake(office.lake, "ofd", "ki", "gtin", "sum_tiyn", "operation", "register")
    assert (MARK, "04870249811936", 90000, 1, BOX) in lines
    assert (MARK, "04870249811936", 90000, -1, BOX) in lines
    assert len(lines) == 4
    first = in_lake(office.lake, "ofd_receipt", "at")[0]
    assert first == office.shop.documents[1].at_ns // 1_000_000_000 * 1_000_000
    asked = office.asked("check_history")
    (again,) = office.bring()
    assert (again.known, office.asked("check_history")) == (True, asked)


def test_an_open_shift_grows_and_is_done_when_it_closes(office):
    office.shop.sell(MARK)
    assert [one.state for one in office.bring()] == [State.OPEN]
    office.shop.sell("m-2")
    (found,) = office.bring()
    assert (found.state, found.rows_read, found.taken) == (State.OPEN, 2, 2)
    office.shop.day()
    found = office.bring()
    assert [(one.state, one.taken) for one in found] == [(State.DONE, 5)]
    assert office.receipts() == office.expected()


@pytest.mark.parametrize("container", Container)
@pytest.mark.parametrize("newest_first", [False, True])
def test_every_container_order_and_page_gives_the_same_receipts(office, container, newest_first):
    for _ in range(12):
        office.shop.sell()
    office.service.profile.history_container, office.service.profile.newest_first = container, newest_first
    office.bring()
    assert office.receipts() == office.expected()


@pytest.mark.parametrize(
    "fault",
    [
        "token_expired", "sequence_violation", "html_page", "truncated_json", "empty_body", "partial_body", "http_503",
        "http_429", "connection_cut", "mixed_case_fields", "extra_unknown_fields",
    ],
)  # fmt: skip
def test_trouble_on_the_way_is_asked_through(office, fault):
    office.shop.day()
    office.service.faults.add(fault, HISTORY)
    (found,) = office.bring()
    assert (found.state, found.taken) == (State.DONE, 3)


def test_a_shift_that_is_not_answered_stops_the_run_and_the_next_one_goes_on_there(office):
    office.shop.day()
    office.shop.sell("m-9")
    for _ in range(4):
        office.service.faults.add("html_page", HISTORY)
    (stopped,) = office.bring()
    assert (stopped.state, stopped.taken) == (State.STOPPED, 0)
    assert "no JSON" in stopped.trouble
    assert [(one.state, one.taken) for one in office.bring()] == [(State.DONE, 3), (State.OPEN, 1)]
    assert office.receipts() == office.expected()


def test_a_wrong_password_is_tried_once_and_never_told(office):
    access = Access(office.link.url, "reader", "wrong-secret", "sim-api-key")
    link = WebkassaLink(access, monotonic=office.shop.clock.monotonic, sleep=office.shop.clock.sleep)
    before = office.asked("authorize")
    with pytest.raises(VendorTrouble) as caught:
        import_webkassa(link, BOX, engine=office.hq, lake=office.lake, now=office.shop.clock)
    link.close()
    assert "wrong-secret" not in str(caught.value)
    assert office.asked("authorize") == before + 1


def test_reading_keeps_its_pace_and_does_not_end_the_sessions_of_the_till(office):
    office.shop.day()
    logins, began = office.shop.logins(), office.shop.clock.at_ns
    office.bring()
    assert office.shop.logins() == logins + 1  # Ours alone.
    assert office.shop.clock.at_ns - began >= 3 * 200_000_000
    office.shop.sell("after")
    assert office.shop.logins() == logins + 1


def test_a_receipt_the_operators_file_told_before_is_not_told_twice(office, bring, tmp_path):
    office.shop.day()
    sale = office.shop.documents[1]
    text = '[f]\nheader_row = 1\nrows = "line"\noperation = "sale"\n[f.columns]\n'
    mapping = load_mappings(text + "register = 1\nsign = 2\ndate = 3\ntotal = 4\nmark = 5\n")["f"]
    cells = [BOX, sale.sign, "15.07.2026 09:01:00", "900,00", MARK]
    bring(written(tmp_path / "export.csv", [list("abcde"), cells]), mapping)
    (found,) = office.bring()
    assert (found.rows_read, found.taken + found.repeated + found.refused) == (3, 3)
    assert found.taken == 2
    assert len(office.receipts()) == 3
    assert Ledger(office.hq, office.shop.clock).listed()[0].id == found.id
