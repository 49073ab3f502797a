from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sync.batch import Batch, BatchError, batch_in, encode, unpack
from sync.hq.judge import Plan, RowCheck, acceptable, judged
from sync.hq.run import run_in
from sync.wire import GENESIS, Row, row_hash

TILL = "T1"
KINDS = ("scan_judged", "line_added", "scan_judged", "чек")
BODIES = ('{"n":1}', '{"name":"Сүт, 2,5 %"}', '{"text":"\\ud83d\\u0000"}', "{}")
MISSING = object()
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    2,
    2.0,
    2**63,
    2**63 - 1,
    "",
    "x",
    "a\0b",
    "\ud83d",
    "k" * 101,
    "[]",
    '{"n":2}',
    '{"n":1} ',
    '{"a":[1',
    "0" * 64,
    "A" * 64,
    "0" * 65,
    [],
    {},
]
TOP = ("protocol", "till", "first", "last", "rows")
ROW = ("number", "at_ns", "kind", "body", "previous", "hash", "reason")


def _content(till: str, first: int) -> dict[str, Any]:
    rows: list[Row] = []
    previous = row_hash(till, 1, 1, "journal_created", "{}", GENESIS)
    for at, (kind, body) in enumerate(zip(KINDS, BODIES, strict=True)):
        digest = row_hash(till, first + at, 1_700_000_000_000_000_000 + at, kind, body, previous)
        rows.append(Row(till, first + at, 1_700_000_000_000_000_000 + at, kind, body, previous, digest))
        previous = digest
    return dict(unpack(encode(Batch(till, tuple(rows)))))


CONTENTS = [_content(TILL, first) for first in (1, 2, 2**63 - 2)]


def _chained(content: dict[str, Any]) -> None:
    """What the rows say now, with hashes that fit: so that more than the hash has to find what is wrong."""
    previous = content["rows"][0].get("previous")
    for row in content["rows"]:
        try:
            row["previous"] = previous
            digest = row_hash(content["till"], *(row[name] for name in ROW[:4]), bytes.fromhex(previous))
        except (KeyError, TypeError, ValueError, AttributeError):
            return
        row["hash"] = previous = digest.hex()


def _variants() -> Iterator[dict[str, Any]]:
    """Each content with one thing wrong, in every place where it can be, with and without hashes that fit."""
    for content in CONTENTS:
        yield content
        for at, name, value in itertools.product((0, 1, 3), ROW, (*ODD, MISSING)):
            for chained in (False, True):
                variant: dict[str, Any] = copy.deepcopy(content)
                _put(variant["rows"][at], name, value)
                if chained:
                    _chained(variant)
                yield variant
        for name, value in itertools.product(TOP, (*ODD, MISSING)):
            variant = copy.deepcopy(content)
            _put(variant, name, value)
            yield variant
        for at, value in itertools.product(range(4), ODD):
            variant = copy.deepcopy(content)
            variant["rows"][at] = value
            yield variant
        for order in itertools.chain.from_iterable(itertools.permutations(range(4), size) for size in range(1, 5)):
            yield {**content, "rows": [content["rows"][at] for at in order]}


def _put(facts: dict[str, Any], name: str, value: object) -> None:
    if value is MISSING:
        facts.pop(name, None)
    else:
        facts[name] = value


def _anything(_number: int, _body: bytes) -> None:
    return None


@pytest.mark.parametrize("check", [acceptable, _anything])
def test_a_run_is_exactly_what_is_read_and_judged_row_by_row_and_taken_whole(check: RowCheck) -> None:
    runs = 0
    for content in _variants():
        found, wanted = run_in(TILL, content, check), _taken_whole(content, check)
        assert (found is not None) == (wanted is not None), content
        if found is not None:
            columns = (found.at_ns, found.kinds, found.bodies, (found.previous, *found.hashes), found.hashes)
            told = [Row(TILL, number, *row) for number, row in enumerate(zip(*columns, strict=False), found.first)]
            assert (tuple(told), found.last) == (wanted, told[-1].number)
            runs += 1
    assert runs > 50


def _taken_whole(content: dict[str, Any], check: RowCheck) -> tuple[Row, ...] | None:
    try:
        batch = batch_in(content)
    except BatchError:
        return None
    first = batch.entries[0]
    plan = judged(batch, first.number - 1, first.previous, {}, check)
    if not isinstance(plan, Plan) or batch.till != TILL or first.number == 1:
        return None
    rows = tuple(entry for entry in plan.added if isinstance(entry, Row))
    return rows if rows == batch.entries else None


@pytest.mark.parametrize("till", ["T2", "T\0", "T" * 101, "\ud83d"])
def test_a_run_is_of_the_till_that_speaks_and_of_a_name_that_can_be_kept(till: str) -> None:
    assert run_in(till, CONTENTS[1], acceptable) is None
    content = copy.deepcopy(CONTENTS[1])
    content["till"] = till
    _chained(content)
    assert (run_in(till, content, acceptable) is not None) == (till == "T2")


def test_a_check_that_refuses_one_row_leaves_no_run() -> None:
    content = CONTENTS[1]
    asked: dict[int, object] = {}

    def check(number: int, body: bytes) -> str | None:
        asked[number] = json.loads(body)
        return "no" if number == 4 else None

    assert run_in(TILL, content, acceptable) is not None
    assert run_in(TILL, content, check) is None
    assert asked == {number: json.loads(body) for number, body in enumerate(BODIES[:3], start=2)}
