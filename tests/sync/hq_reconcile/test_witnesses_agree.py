"""Witnesses that agree give no finding, in any order of rows and files; one thing planted gives that one finding."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hq_witnesses import GTIN, OTHER_GTIN, Told, Unit, at, code, facts, found
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.hq.reconcile.run import reconcile
from sync.hq.witness import Operation, UnitStatus

UNITS = 40


def agreeing(seed: int) -> Told:
    """A few days of two shops: receipts of one to five units, some sold again after a return that was brought back."""
    chance, told = random.Random(seed), Told()
    units = [Unit(code(seed * 1000 + number), gtin=chance.choice([GTIN, OTHER_GTIN])) for number in range(UNITS)]
    second = 0
    while units:
        taken = [units.pop() for _ in range(min(len(units), chance.randint(1, 5)))]
        second += 1
        register = chance.choice(["R1", "R2", "R3"])
        told.sold(*taken, when=at(2, chance.randint(0, 23), chance.randint(0, 59), second % 60), register=register)
        if chance.random() < 0.3:
            told.receipt(taken[0], when=at(3, 10, 0, second % 60), operation=Operation.RETURN, register=register)
            told.stands(taken[0], UnitStatus.IN_CIRCULATION, since=at(4), seen=at(4, 13))
            if chance.random() < 0.5:
                told.sold(taken[0], when=at(5, 12, 0, second % 60), register="R2")
    return told


def lose_mark(told: Told, place: int) -> tuple[str, str]:
    told.ofd[place] = replace(told.ofd[place], ki="")
    return "fiscal-without-mark", "mark-missing"


def change_sum(told: Told, place: int) -> tuple[str, str]:
    told.ofd[place] = replace(told.ofd[place], sum_tiyn=1)
    return "amount-differs", "line-sum"


def change_gtin(told: Told, place: int) -> tuple[str, str]:
    told.ofd[place] = replace(told.ofd[place], gtin="04870009999999")
    return "wrong-gtin", "gtin-differs"


def damage(told: Told, place: int) -> tuple[str, str]:
    told.ofd[place] = replace(told.ofd[place], ki=told.ofd[place].ki + "x")
    return "mark-differs", "damaged"


def lose_line(told: Told, place: int) -> tuple[str, str]:
    del told.ofd[place]
    return "sold-not-fiscalised", "line-missing"


def lose_row(told: Told, place: int) -> tuple[str, str]:
    del told.agent[place]
    return "fiscalised-not-in-journal", "not-in-journal"


PLANTED: list[Callable[[Told, int], tuple[str, str]]] = [
    lose_mark,
    change_sum,
    change_gtin,
    damage,
    lose_line,
    lose_row,
]


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), shuffle=st.integers(0, 10_000), files=st.integers(1, 3))
def test_witnesses_that_agree_give_no_finding_in_any_order(seed: int, shuffle: int, files: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lake = agreeing(seed).write(Path(folder), files=files, shuffle=shuffle)
        assert found(reconcile(lake, None, facts=facts())) == []


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), shuffle=st.integers(0, 10_000), which=st.sampled_from(PLANTED), data=st.data())
def test_one_thing_planted_gives_that_one_finding(
    seed: int, shuffle: int, which: Callable[[Told, int], tuple[str, str]], data: st.DataObject
) -> None:
    told = agreeing(seed)
    once = {line.ki for line in told.ofd if [one.ki for one in told.ofd].count(line.ki) == 1}
    place = data.draw(st.sampled_from([place for place, line in enumerate(told.ofd) if line.ki in once]))
    wanted = which(told, place)
    with tempfile.TemporaryDirectory() as folder:
        assert found(reconcile(told.write(Path(folder), shuffle=shuffle), None, facts=facts())) == [wanted]
