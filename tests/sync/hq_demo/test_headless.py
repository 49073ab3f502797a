"""The demo chain played against real headquarters: every planted case found with its cause, none invented."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from sync.hq.cli.main import app
from sync.hq.demo import show
from sync.hq.demo.planting import Case
from sync.hq.demo.show import Seen, keys_of, make_world, verdict
from sync.hq.demo.timeline import HEADLESS_NOW, timeline
from sync.hq.finding import CAUSES
from sync.hq.kinds import Kind
from sync.hq.reconcile.calendar import kazakhstan

DAY_S = 86_400
NOW = HEADLESS_NOW


def played(*options: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["demo", "--headless", "--shops", "3", "--json", *options])
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize(("seed", "database"), [("1", ()), ("2", ("--sqlite",))])
def test_every_planted_case_is_found_and_no_other(seed: str, database: tuple[str, ...]) -> None:
    status, result = played("--seed", seed, *database)
    assert (result["missing"], result["extra"], result["not_open"]) == ([], [], [])
    assert result["planted"] == result["found"]
    assert set(result["planted"]) == {str(kind) for kind in Kind}
    assert {kind: set(causes) for kind, causes in result["planted"].items()} == {
        str(kind): set(causes) for kind, causes in CAUSES.items()
    }
    healing = result["healing"]
    assert healing["planted"] == healing["opened"] == healing["healed"] != {}
    assert result["wire"]["twice"] > 0
    assert result["wire"]["early"] > 0
    assert status == 0


def test_one_seed_is_one_chain() -> None:
    first, again, other = (make_world(seed, 3, NOW).digest for seed in (5, 5, 6))
    assert first == again != other


@pytest.mark.parametrize("seed", range(12))
def test_every_seed_has_every_kind_and_cause_and_no_case_twice(seed: int) -> None:
    world = make_world(seed, 3 + seed % 3, NOW)
    cases = world.planted.stays
    assert {(case.kind, case.cause) for case in cases} == {(kind, one) for kind in Kind for one in CAUSES[kind]}
    assert len(keys_of(cases, world.story)) == len(cases)


def test_a_case_that_is_not_found_or_is_one_too_many_is_named() -> None:
    world = make_world(5, 3, NOW)
    stays, heals = (keys_of(cases, world.story) for cases in (world.planted.stays, world.planted.heals))
    states = dict.fromkeys(stays, "open") | dict.fromkeys(heals, "healed")
    right = Seen(first=stays | heals, last=stays, states=states)
    assert verdict(world, right)["equal"]
    gone, more = sorted(stays)[0], ("sold-twice", "same-till", "nobody")
    for wrong, name, key in (
        (Seen(right.first, stays - {gone}, states), "missing", gone),
        (Seen(right.first, stays | {more}, states), "extra", more),
        (Seen(right.first | {more}, stays, states), "extra", more),
        (Seen(right.first, stays, states | {gone: "healed"}), "not_open", gone),
    ):
        told = verdict(world, wrong)
        assert not told["equal"]
        assert [one["subject"] for one in told[name]] == [key[2].replace("\x1f", "|")]
    unhealed = verdict(world, Seen(right.first, stays, dict.fromkeys(states, "open")))
    assert not unhealed["equal"]
    assert len(unhealed["healing"]["not_healed"]) == len(heals)


def test_the_command_fails_when_truth_and_finding_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case that nobody planted into the chain is added to the truth: the demo must not pass it over."""
    planted = show.plant

    def with_one_more(*given: Any) -> Any:
        found = planted(*given)
        found.stays.append(Case(Kind.SOLD_TWICE, "same-till", unit=found.stays[-1].unit))
        return found

    monkeypatch.setattr(show, "plant", with_one_more)
    status, result = played("--seed", "1", "--sqlite")
    assert status == 2
    assert [one["kind"] for one in result["missing"]] == ["sold-twice"]


@pytest.mark.parametrize("days", range(0, 120, 3))
def test_the_three_days_fit_any_day_of_the_year(days: int) -> None:
    """The first day's returns are overdue, the others' are not, and tills that were cut off are back before now."""
    when = timeline(NOW + days * DAY_S)
    due = [kazakhstan().due(day, 3) // 1_000_000 for day in when.days]
    assert due[0] < when.now <= min(due[1:])
    assert when.first_look < when.back < when.now


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    done = CliRunner().invoke(app, ["demo", "--headless", "--folder", str(tmp_path)])
    assert done.exit_code == 2
    assert "not empty" in done.output


def test_the_demo_stays_with_its_pages_and_ends_in_good_order_when_told() -> None:
    call = [sys.executable, "-m", "sync.hq.cli", "demo", "--shops", "3", "--seed", "4"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True, env=environment) as demo:
        assert demo.stdout is not None
        lines: list[str] = []
        for line in demo.stdout:
            lines.append(line)
            if line.startswith("Ctrl+C"):
                break
        told = "".join(lines)
        address = re.search(r"pages +(http://\S+)", told)
        assert address is not None, told
        assert "all found, none extra" in told
        assert httpx.get(address[1], trust_env=False, follow_redirects=True).status_code == 200
        demo.terminate()
        assert demo.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(address[1], trust_env=False)
