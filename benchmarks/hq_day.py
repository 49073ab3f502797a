"""Writes one day of every table in the lake of the benchmarks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.hq_documents import (
    FIRST,
    UNTOLD,
    Shape,
    joined,
    later,
    ordinary,
    planted_of,
    register_of,
    till_of,
)
from benchmarks.hq_goods import NO_MARK, Numbers, codes_of, gtin_of, gtins, scrambled, signs_of
from benchmarks.hq_planted import DAY_US, HOUR_US, ORDINAL_FIRST, SALE, US_PER_S, Planted
from sync.hq.lake.layout import AGENT, AGENT_RECEIPT, EVENT, OFD, OFD_RECEIPT, REGISTRY, Lake, fingerprints
from sync.hq.witness import UnitStatus, receipt_key

EARLY_PPM = 10_000  # Units looked at before the withdrawal arrived.
STATUSES = tuple(UnitStatus)


class Day:
    """Writes one day of every table."""

    def __init__(self, shape: Shape, day: int, planted: Planted) -> None:
        self._shape, self._planted, self._day = shape, planted, day
        self._date = FIRST + dt.timedelta(days=day)
        self._lake = Lake(shape.root)
        self._midnight = shape.midnight_us + day * DAY_US
        self._made = joined([ordinary(shape, day), later(shape, day), planted_of(planted, day)])
        registers = pa.array([register_of(till) for till in range(shape.tills)])
        tills = pa.array([till_of(till) for till in range(shape.tills)])
        self._register, self._till = registers.take(pa.array(self._made.till)), tills.take(pa.array(self._made.till))
        self._sign = signs_of(self._made.ordinal)
        keys = map(receipt_key, self._register.to_pylist(), self._sign.to_pylist())
        self._rfp, self._receipt_bucket = fingerprints(list(keys))
        self._number = self._counted()

    def write(self) -> dict[str, int]:
        written = {}
        for table, side in ((AGENT, self._made.agent), (OFD, self._made.ofd)):
            lines = self._lines(table, side)
            written[table] = self._lake.write(table, lines, "planted")
            written[f"{table}_receipt"] = self._receipts(f"{table}_receipt", side)
            if table == AGENT:
                written[REGISTRY] = self._registry(lines)
                if self._shape.events:
                    written[EVENT] = self._events(lines)
        return written

    def _counted(self) -> Numbers:
        """Number of each document in its till's shift. Both witnesses count alike: what one lacks stands last."""
        first = np.searchsorted(self._made.till, np.arange(self._shape.tills + 1))
        return np.arange(len(self._made.till)) - first[self._made.till] + 1

    def _lines(self, table: str, side: Numbers) -> pa.Table:
        kept = np.flatnonzero(side[0] != UNTOLD)
        unit, goods, total = side[:, kept]
        of = self._made.of[kept]
        first = np.searchsorted(of, np.arange(len(self._made.till)))
        codes = codes_of(unit)
        fp, where = fingerprints(codes.to_pylist())
        bare = unit == NO_MARK
        heads = pa.array(of)
        columns: dict[str, Any] = {
            "fp": np.where(bare, self._rfp[of], fp),
            "rfp": self._rfp[of],
            "ki": codes,
            "gtin": pa.array(gtins()).take(pa.array(goods)),
            "operation": self._made.operation[of].astype(np.int8),
            "at": self._midnight + self._made.at[of],
            "till": self._till.take(heads) if table == AGENT else self._none(len(of)),
            "register": self._register.take(heads),
            "shift": np.full(len(of), self._day + 1),
            "number": self._number[of],
            "sign": self._sign.take(heads),
            "line": np.arange(len(of)) - first[of] + 1,
            "sum_tiyn": total,
            **self._source(table, len(of)),
            "bucket": np.where(bare, self._receipt_bucket[of], where).astype(np.int8),
        }
        return self._dated(columns, len(of))

    def _receipts(self, table: str, side: Numbers) -> int:
        told = side[0] != UNTOLD
        lines = np.bincount(self._made.of[told], minlength=len(self._made.till))
        marks = np.bincount(self._made.of[side[0] >= 0], minlength=len(self._made.till))
        total = np.bincount(self._made.of[told], side[2][told], len(self._made.till)).astype(np.int64)
        kept = np.flatnonzero(lines)
        heads, at = pa.array(kept), self._midnight + self._made.at[kept]
        columns: dict[str, Any] = {
            "rfp": self._rfp[kept],
            "operation": self._made.operation[kept].astype(np.int8),
            "at": at,
            "noted_at": at + (1 + scrambled(kept, 31) % (3 if table == AGENT_RECEIPT else 60)) * US_PER_S,
            "till": self._till.take(heads) if table == AGENT_RECEIPT else self._none(len(kept)),
            "register": self._register.take(heads),
            "shift": np.full(len(kept), self._day + 1),
            "number": self._number[kept],
            "sign": self._sign.take(heads),
            "total_tiyn": total[kept],
            "marks": marks[kept],
            "offline": np.zeros(len(kept), bool),
            **self._source(OFD if table == OFD_RECEIPT else AGENT, len(kept)),
        }
        return self._lake.write(table, self._dated(columns, len(kept)), "planted")

    def _registry(self, lines: pa.Table) -> int:
        """What it says of the ordinary lines, of some of them too early, and of the planted units."""
        kept = np.flatnonzero(self._made.agent[0] != UNTOLD)
        usual = np.flatnonzero(self._made.ordinal[self._made.of[kept]] < ORDINAL_FIRST)
        rows = lines.take(pa.array(usual))
        at, unit = rows["at"].to_numpy(), self._made.agent[0][kept][usual]
        sold = rows["operation"].to_numpy() == SALE
        done = at + (60 + scrambled(unit, 41) % 1_740) * US_PER_S
        status = np.where(sold, STATUSES.index(UnitStatus.WITHDRAWN), STATUSES.index(UnitStatus.IN_CIRCULATION))
        asked = self._said(rows, status, done, done + 2 * HOUR_US, np.zeros(len(unit), np.int64))
        early = np.flatnonzero(sold & (scrambled(unit, 42) % 1_000_000 < EARLY_PPM))
        still = np.full(len(early), STATUSES.index(UnitStatus.IN_CIRCULATION))
        none = np.zeros(len(early), np.int64)
        seen = at[early] + 30 * US_PER_S
        before = self._said(rows.take(pa.array(early)), still, none, seen, none)
        return self._lake.write(REGISTRY, pa.concat_tables([asked, before, self._planted_said()]), "planted")

    def _planted_said(self) -> pa.Table:
        said = [one for one in self._planted.said if one.day == self._day]
        unit = np.array([one.unit for one in said], np.int64)
        codes = codes_of(unit)
        fp, where = fingerprints(codes.to_pylist())
        goods = pa.array(gtins()).take(pa.array(gtin_of(unit)))
        rows = pa.table({"fp": fp, "bucket": where, "ki": codes, "gtin": goods})
        status = np.array([STATUSES.index(one.status) for one in said], np.int64)
        midnight = self._shape.midnight_us
        times = np.array([[one.status_us, one.observed_us, one.expires_us] for one in said], np.int64).reshape(-1, 3)
        times = np.where(times != 0, times + midnight, 0)
        return self._said(rows, status, times[:, 0], times[:, 1], times[:, 2])

    def _said(self, of: pa.Table, status: Numbers, at: Numbers, seen: Numbers, expires: Numbers) -> pa.Table:
        words = pa.array([str(one) for one in STATUSES]).take(pa.array(status))
        columns: dict[str, Any] = {
            **{name: of[name] for name in ("fp", "ki", "gtin")},
            "status": words,
            "raw_status": words,
            "status_at": at,
            "expires_at": expires,
            "observed_at": seen,
            **self._source(REGISTRY, len(status)),
            "bucket": of["bucket"],
        }
        return self._dated(columns, len(status))

    def _events(self, lines: pa.Table) -> int:
        """The scan and the document of each line."""
        tables = []
        for kind, before_us in (("scan_judged", 20 * US_PER_S), ("document_made", -US_PER_S)):
            columns: dict[str, Any] = {
                **{name: lines[name] for name in ("fp", "ki", "till", "bucket")},
                "at": lines["at"].to_numpy() - before_us,
                "number": lines["source_row"],
                "kind": pa.repeat(kind, lines.num_rows),
                "brief": pa.repeat("{}", lines.num_rows),
            }
            tables.append(self._dated(columns, lines.num_rows))
        return self._lake.write(EVENT, pa.concat_tables(tables), "planted")

    def _none(self, count: int) -> pa.Array:
        return pa.repeat("", count)

    def _source(self, name: str, count: int) -> dict[str, Any]:
        return {"source": pa.repeat("journal" if name == AGENT else name, count), "source_row": np.arange(count) + 1}

    def _dated(self, columns: dict[str, Any], count: int) -> pa.Table:
        return pa.table({**columns, "day": pa.repeat(pa.scalar(self._date, pa.date32()), count)})
