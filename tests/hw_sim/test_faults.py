"""The queue of faults and the control paths that fill it from outside."""

from __future__ import annotations

import json
import random

import pytest

from hw_sim.exchange import SimReply, SimRequest
from hw_sim.faults import Fault, FaultQueue, Kind, Place
from hw_sim.ismpt import KINDS as ISMPT_KINDS
from hw_sim.webkassa import KINDS


@pytest.fixture
def queue():
    return FaultQueue(KINDS, random.Random(1))


def names(faults):
    return [fault.name for fault in faults]


def test_a_kind_that_names_its_parameters_refuses_others_at_once_and_reads_their_values():
    kinds = {"flood": Kind(Place.POINT, "*", "water", {"seconds": float}), "still": Kind(Place.POINT, "*", "air", {})}
    queue = FaultQueue(kinds, random.Random(1), transport={})
    queue.add("flood", seconds="2.5")
    assert queue.waiting()[0]["params"] == {"seconds": 2.5}
    with pytest.raises(ValueError, match="'flood' takes no 'second'; it takes: seconds"):
        queue.add("flood", second=1)
    with pytest.raises(ValueError, match="seconds=long will not do"):
        queue.add("flood", seconds="long")
    with pytest.raises(ValueError, match="it takes: nothing"):
        queue.add("still", seconds=1)
    assert len(queue.waiting()) == 1


def test_a_fault_meets_its_operation_its_path_or_everything(queue):
    queue.add("slow", "check")
    queue.add("http_500", "/api/v4/zreport")
    queue.add("html_page", "*")
    assert names(queue.draw("lookup", "/x")) == ["html_page"]
    assert names(queue.draw("z_report", "/API/V4/ZReport")) == ["http_500"]
    assert names(queue.draw("check", "/api/v4/check")) == ["slow"]
    assert queue.waiting() == []


def test_count_and_skip_are_spent_one_request_at_a_time(queue):
    queue.add("slow", "check", skip=1, count=2)
    assert [names(queue.draw("check", "/c")) for _ in range(4)] == [[], ["slow"], ["slow"], []]


def test_two_orders_of_one_kind_hit_two_requests(queue):
    queue.add("http_500")
    queue.add("http_500")
    assert [names(queue.draw("check", "/c")) for _ in range(3)] == [["http_500"], ["http_500"], []]


def test_an_answer_cut_short_is_not_reshaped_as_well(queue):
    faults = [Fault("truncated_json"), Fault("unsorted")]
    assert queue.spoil(SimReply(body=b'{"a": 1, "b": 2}'), faults).body == b'{"a": 1,'


def test_an_unknown_name_is_refused_with_the_nearest_known_one(queue):
    with pytest.raises(ValueError, match="did you mean 'truncated_json'"):
        queue.add("truncated_jsn")
    with pytest.raises(ValueError, match="count"):
        queue.add("slow", count=0)


def test_the_catalogues_hold_what_the_issue_asks_for():
    asked = {
        "answer_lost_after_fiscalising", "answer_lost_before", "slow", "http_500", "http_502", "http_505", "html_page",
        "truncated_json", "duplicate_without_data", "duplicate_other_total", "token_expired", "offline",
        "offline_over_72h", "shift_over_24h", "sequence_violation", "lookup_down", "connection_cut", "partial_body",
        "extra_unknown_fields", "mixed_case_fields", "unsorted",
    }  # fmt: skip
    assert asked <= set(KINDS)
    assert {"token_expired", "refresh_fails", "not_acceptable", "redirect_to_public", "missing_code"} <= set(
        ISMPT_KINDS
    )


class TestControl:
    def ask(self, till, method, path, content=None):
        body = b"" if content is None else json.dumps(content).encode()
        return till.service.handle(SimRequest(method, path, {}, body))

    def test_faults_are_set_listed_and_cleared(self, till, sale):
        orders = [{"name": "slow", "seconds": 3}, {"name": "code", "match": "x_report", "code": 7}]
        waiting = self.ask(till, "POST", "/sim/faults", orders).json()["waiting"]
        assert [(fault["name"], fault["match"], fault["params"]) for fault in waiting] == [
            ("slow", "check", {"seconds": 3}),
            ("code", "x_report", {"code": 7}),
        ]
        assert till.codes("x") == [7]
        assert len(self.ask(till, "GET", "/sim/faults").json()["waiting"]) == 1
        assert self.ask(till, "DELETE", "/sim/faults").json()["waiting"] == []

    @pytest.mark.parametrize("content", [{"name": "no"}, {"nam": "slow"}, 7, [[]]])
    def test_a_wrong_order_is_400(self, till, content):
        assert self.ask(till, "POST", "/sim/faults", content).status == 400

    def test_the_journal_shows_each_exchange_with_its_faults(self, till, sale):
        till.service.faults.add("answer_lost_after_fiscalising")
        till.send("/api/v4/check", json.dumps({**sale("a"), "Token": till.token}).encode())
        last = self.ask(till, "GET", "/sim/journal").json()[-1]
        assert (last["operation"], last["cut"], last["faults"]) == ("check", "after", ["answer_lost_after_fiscalising"])
        assert '"ExternalCheckNumber": "a"' in last["request"]

    def test_the_ledger_and_the_link_to_the_operator_are_in_reach(self, till, sale):
        assert self.ask(till, "POST", "/sim/switches", {"ofd_down": True}).status == 200
        till.ask("check", sale("a"))
        [row] = self.ask(till, "GET", "/sim/ledger").json()
        assert (row["offline"], row["total_tiyn"]) == (True, 180_000)
        assert self.ask(till, "POST", "/sim/switches", {"nothing": 1}).status == 400
        assert self.ask(till, "GET", "/sim/nothing").status == 404
