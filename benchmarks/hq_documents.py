"""Documents of one day in the lake of the benchmarks, as columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.hq_goods import Numbers, gtin_of, price_of, scrambled
from benchmarks.hq_planted import HOUR_US, RETURN, SALE, TILLS_PER_SHOP, US_PER_S, Planted, Told
from sync.zone import ZONE

FIRST = dt.date(2026, 11, 1)
RECEIPT_LINES_MAX = 6
DAY_SHIFT = 20  # Ordinals of a day's documents lie together.
RETURNED_PPM, RESOLD_PPM = 10_000, 3_000
BACK_DAYS_MAX = 5
OPEN_US, CLOSED_US = 9 * HOUR_US, 21 * HOUR_US


@dataclass(frozen=True, slots=True)
class Shape:
    """What all days of one lake share."""

    root: Path
    units: int  # First sold on each day.
    tills: int
    days: int
    seed: int
    events: bool  # Mentions too: two of each line.

    @property
    def midnight_us(self) -> int:
        return int(dt.datetime.combine(FIRST, dt.time(), ZONE).timestamp()) * US_PER_S


@dataclass(slots=True)
class Documents:
    """Documents of one day as columns, and their lines. A line that one witness does not tell has unit `UNTOLD`."""

    till: Numbers
    at: Numbers  # Of the day.
    operation: Numbers
    ordinal: Numbers
    of: Numbers  # Document of each line.
    agent: Numbers  # Unit, GTIN and sum of each line, a row each.
    ofd: Numbers


UNTOLD = -2


def register_of(till: int) -> str:
    return f"KZN{till:09}"


def shop_of(till: int) -> str:
    return f"shop-{till // TILLS_PER_SHOP:04}"


def till_of(till: int) -> str:
    return f"{shop_of(till)}-till-{till % TILLS_PER_SHOP + 1}"


def ordinary(shape: Shape, day: int) -> Documents:
    """Receipts of the day's own units, till by till, between opening and closing."""
    units = np.arange(day * shape.units, (day + 1) * shape.units)
    sizes = 1 + scrambled(np.arange(shape.units) + day * shape.units, 11) % RECEIPT_LINES_MAX
    count = int(np.searchsorted(np.cumsum(sizes), shape.units)) + 1
    of = np.repeat(np.arange(count), sizes[:count])[: shape.units]
    assert count < 1 << DAY_SHIFT
    numbers = np.arange(count)
    till = numbers * shape.tills // count
    first = np.searchsorted(till, np.arange(shape.tills + 1))
    place = (numbers - first[till]) / np.maximum(1, np.diff(first))[till]
    at = (OPEN_US + place * (CLOSED_US - OPEN_US)).astype(np.int64) // US_PER_S * US_PER_S
    goods = gtin_of(units)
    told = np.stack([units, goods, price_of(goods)])
    return Documents(till, at, np.full(count, SALE), numbers + (day << DAY_SHIFT), of, told, told)


def again(shape: Shape, day: int, back: int) -> Iterator[tuple[Numbers, int]]:
    """Units of `back` days ago that are returned today, and those returned yesterday that are sold anew."""
    for born, operation in ((day - back, RETURN), (day - back - 1, SALE)):
        if born < 0:
            continue
        units = np.arange(born * shape.units, (born + 1) * shape.units)
        fate = scrambled(units, 21) % 1_000_000
        limit = RETURNED_PPM if operation == RETURN else RESOLD_PPM
        yield units[(fate < limit) & (scrambled(units, 22) % BACK_DAYS_MAX + 1 == back)], operation


def later(shape: Shape, day: int) -> Documents:
    """Returns and second sales: a document for each, after closing."""
    found = [(units, operation) for back in range(1, BACK_DAYS_MAX + 1) for units, operation in again(shape, day, back)]
    units = np.concatenate([one for one, _ in found]) if found else np.zeros(0, np.int64)
    operation = np.concatenate([np.full(len(one), how) for one, how in found]) if found else np.zeros(0, np.int64)
    at = CLOSED_US + (300 + scrambled(units + day, 23) % 6_900) * US_PER_S
    goods = gtin_of(units)
    told = np.stack([units, goods, price_of(goods)])
    number = np.arange(len(units))
    ordinal = number + (day << DAY_SHIFT) + (1 << 27)
    return Documents(scrambled(units, 24) % shape.tills, at, operation, ordinal, number, told, told)


def planted_of(planted: Planted, day: int) -> Documents:
    todays = [document for document in planted.documents if document.day == day]
    heads = np.array([[one.till, one.at_us, one.operation, one.ordinal] for one in todays], np.int64).reshape(-1, 4)
    of, agent, ofd = [], [], []
    untold = Told(UNTOLD, 0, 0)
    for index, one in enumerate(todays):
        for place in range(max(len(one.agent or ()), len(one.ofd or ()))):
            of.append(index)
            for side, told in ((agent, one.agent), (ofd, one.ofd)):
                line = told[place] if told is not None and place < len(told) else untold
                side.append([line.unit, line.gtin, line.sum_tiyn])
    sides = [np.array(side, np.int64).reshape(-1, 3).T for side in (agent, ofd)]
    return Documents(heads[:, 0], heads[:, 1], heads[:, 2], heads[:, 3], np.array(of, np.int64), sides[0], sides[1])


def joined(parts: list[Documents]) -> Documents:
    """One after the other, then each till's by time."""
    ends = np.cumsum([0, *(len(one.till) for one in parts)])
    of = np.concatenate([one.of + start for one, start in zip(parts, ends, strict=False)])
    heads = np.concatenate([np.stack([one.till, one.at, one.operation, one.ordinal]) for one in parts], axis=1)
    order = np.lexsort((heads[1], heads[0]))
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    heads, of = heads[:, order], places[of]
    by_document = np.argsort(of, kind="stable")
    agent = np.concatenate([one.agent for one in parts], axis=1)[:, by_document]
    ofd = np.concatenate([one.ofd for one in parts], axis=1)[:, by_document]
    return Documents(heads[0], heads[1], heads[2], heads[3], of[by_document], agent, ofd)
