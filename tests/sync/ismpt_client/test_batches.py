"""Batches that the registry refuses: halved, and the code at fault found."""

from __future__ import annotations

import json

from ismpt_registry import (
    PACK,
    PUBLIC,
    RECORD,
    SHOE,
    Answer,
)

from marking.statuses import Status


def capped(most, bad=()):
    def play(seen):
        codes = json.loads(seen.body)["codes"]
        if len(codes) > most or set(codes) & set(bad):
            return Answer('[{"code":"invalid-input-parameter"}]', 400)
        return Answer(json.dumps([{"code": code, "status": "APPLIED"} for code in codes]))

    return play


def test_a_refused_batch_is_halved_and_the_size_remembered(client, registry):
    registry.fallback[PUBLIC] = capped(30)
    kis = [f"0104870000000104213serial{n:05}" for n in range(100)]
    answer = client.check_background(kis)
    assert answer.unavailable is None
    assert list(answer.statuses) == kis
    assert registry.sizes() == [100, 50, 25, 25, 25, 25]
    client.check_background(kis)
    assert registry.sizes()[6:] == [25, 25, 25, 25]


def test_one_code_the_registry_refuses_does_not_take_the_others_with_it(client, registry):
    registry.fallback[PUBLIC] = capped(100, bad=["bad"])
    kis = [f"0104870000000104213serial{n:05}" for n in range(9)]
    answer = client.check_background([*kis[:3], "bad", *kis[3:]])
    assert answer.unavailable is None
    assert {answer.statuses[ki].status for ki in kis} == {Status.APPLIED}
    assert (answer.statuses["bad"].status, answer.statuses["bad"].raw_status) == (Status.UNKNOWN, "HTTP 400")
    assert registry.sizes() == [10, 5, 2, 2, 1, 1, 2, 2, 2]
    registry.seen.clear()
    client.check_background(kis)
    assert registry.sizes() == [9]


def test_a_registry_that_refuses_every_question_is_unavailable(client, registry):
    registry.fallback[PUBLIC] = capped(0)
    answer = client.check_background([SHOE, PACK])
    assert (answer.statuses, answer.unavailable[:8]) == ({}, "HTTP 400")
    assert client.check([SHOE], deadline_s=5).statuses == {}


def test_what_was_learnt_before_the_line_broke_is_kept(open_client, registry):
    client = open_client(batch_max=1)
    registry.then(PUBLIC, Answer(RECORD))
    registry.fallback[PUBLIC] = Answer("", 500)
    answer = client.check_background([SHOE, PACK])
    assert (list(answer.statuses), answer.unavailable) == ([SHOE], "HTTP 500")
