"""The stream of events: nothing is missed, also by a reader that went away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from served_till import Served

from pos_agent.journal.verify import verify


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.down()
    assert verify(tmp_path / "journal.sqlite").good


def test_events_arrive_and_a_reader_that_comes_back_misses_none(till: Served) -> None:
    sale, _, _ = till.with_unit()
    numbers = read_events(till, {"Last-Event-ID": "0"}, lambda kinds: "line_added" in kinds)
    assert list(numbers.values())[-1] == "line_added"
    last = max(numbers)
    till.post(f"/v1/sales/{sale}/cancellation", {"why": "x"})
    later = read_events(till, {"Last-Event-ID": str(last)}, lambda kinds: "sale_cancelled" in kinds)
    assert min(later) > last
    assert "answered" not in later.values()


def read_events(till: Served, headers: dict[str, str], enough: Callable[[list[str]], bool]) -> dict[int, str]:
    found: dict[int, str] = {}
    with till.http.stream("GET", "/v1/events", headers=headers) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                event = json.loads(line[5:])
                found[event["number"]] = event["kind"]
                if enough(list(found.values())):
                    break
    return found
