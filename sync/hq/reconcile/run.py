"""The comparison over a range of days.

    first pass    per bucket, fingerprints of these days          -> codes to look at
    elsewhere     per bucket, which of the days' codes other days have too
    gather        whole rows of those codes, of all days they are on
    around them   lines without a mark and receipts, where a unit of the journal is not matched
    second pass   findings

So a unit sold on two days is seen when the second day arrives, and a day costs what a day holds.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sync.hq.finding import COLUMNS, Finding
from sync.hq.kinds import Kind
from sync.hq.lake import lookup
from sync.hq.lake.keys import Fingerprints
from sync.hq.lake.layout import BUCKETED, SCHEMAS, Lake
from sync.hq.reconcile import fleet, hot, hot_polars, receipts
from sync.hq.reconcile.counts import BY, NUMBERS, Count, counts
from sync.hq.reconcile.documents import GATHERED, Gathered
from sync.hq.reconcile.duck import Duck
from sync.hq.reconcile.engine import Engine, Table
from sync.hq.reconcile.facts import Facts
from sync.hq.reconcile.judgement import judge
from sync.hq.witness import BUCKETS, NO_MARKS_TOLD, bucket, day_of, receipt_key

WITNESSES = ("agent", "ofd", "registry")
Progress = Callable[[str, int, int], None]  # Stage, portions done, portions in all.
Days = tuple[dt.date, dt.date]
UNMARKED = ("fp", "rfp", "register", "sign", "operation", "gtin", "line", "sum_tiyn")
PORTION_BYTES = 200_000_000  # Of Parquet, what one portion may hold: some five million rows.
_DAY = dt.timedelta(days=1)
_NO_DAY = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Result:
    engine: str
    first: dt.date
    last: dt.date
    findings: list[Finding]  # In order of kind and subject.
    rows: Mapping[str, int]  # Witness -> rows of these days.
    counts: list[Count]
    looked: frozenset[str] = field(default_factory=frozenset)  # Codes judged on all their days.


def reconcile(
    lake: Lake,
    days: Days | None,
    *,
    engine: str | Engine = "duckdb",
    facts: Facts,
    progress: Progress | None = None,
    counting: bool = True,
    scratch: Path | None = None,
) -> Result:
    """Compare what the lake holds of the days from `days[0]` to `days[1]`; None is all of them.

    `engine`: "duckdb"; "polars", whose first pass is the Polars kernel; or an Engine such as `Spark(session)`, which
    stays open. `scratch`: where temporary files go. Raises ValueError for an engine it does not know.
    """
    with tempfile.TemporaryDirectory(prefix="hq-reconcile-", dir=scratch) as folder:
        made = engine if not isinstance(engine, str) else _engine(engine, Path(folder), _at_once(lake, days))
        try:
            run = _Run(lake, made, facts, Path(folder), progress or (lambda *_: None), kernel=engine == "polars")
            return run.over(days, counting=counting)
        finally:
            if isinstance(engine, str):
                made.close()


def _at_once(lake: Lake, days: Days | None) -> int:
    """Buckets worked on together: one of a large range, all of a small one, where each costs more than it holds."""
    chosen = {one: [day for day in lake.days(one) if not days or days[0] <= day <= days[1]] for one in WITNESSES}
    held = sum(path.stat().st_size for one, among in chosen.items() for path in lake.files(one, among))
    return max(1, min(BUCKETS, BUCKETS * PORTION_BYTES // max(1, held)))


def _engine(name: str, scratch: Path, at_once: int) -> Engine:
    if name in ("duckdb", "polars"):
        return Duck(scratch, at_once=at_once)
    raise ValueError(f"no engine {name!r}: duckdb, polars, or an Engine")


class _Run:
    def __init__(
        self, lake: Lake, engine: Engine, facts: Facts, scratch: Path, progress: Progress, *, kernel: bool
    ) -> None:
        self._lake = lake
        self._engine = engine
        self._facts = facts
        self._scratch = scratch
        self._progress = progress
        self._kernel = kernel
        self._all = sorted({day for table in SCHEMAS if table != "event" for day in lake.days(table)})
        self._parts: dict[str, list[Path]] = {}

    def over(self, days: Days | None, *, counting: bool) -> Result:
        first, last = days or ((self._all[0], self._all[-1]) if self._all else (_NO_DAY, _NO_DAY))
        if first > last:
            raise ValueError(f"{first} comes after {last}")
        chosen = [day for day in self._all if first <= day <= last]
        others = [day for day in self._all if not first <= day <= last]
        counted: list[pa.Table] = []
        portions = self._engine.portions
        for number, portion in enumerate(portions):
            self._progress("codes", number, len(portions))
            self._look(portion, chosen, others, number)
            if counting:
                agent, ofd, registry = (self._table(one, chosen, portion) for one in WITNESSES)
                counted.append(self._engine.rows(counts(agent, ofd, registry)))
        self._progress("codes", len(portions), len(portions))
        gathered = self._around()
        self._progress("judgement", 0, 1)
        found = [_finding(row) for row in self._engine.rows(judge(self._engine, gathered, self._facts)).to_pylist()]
        found += self._of_receipts(chosen, gathered)
        found += [*fleet.silent(self._facts), *fleet.missing_rows(self._facts)]
        self._progress("judgement", 1, 1)
        return Result(
            self._engine.name if not self._kernel else "polars",
            first,
            last,
            sorted(found, key=lambda one: (one.kind, one.subject, one.cause, one.at)),
            {one: _rows_in(self._lake.files(one, chosen)) for one in WITNESSES},
            _added(counted),
            self._looked(gathered),
        )

    # --- first pass ---

    def _look(
        self, portion: Sequence[int] | None, chosen: Collection[dt.date], others: Collection[dt.date], number: int
    ) -> None:
        """Find this portion's codes and lay their whole rows aside."""
        limits = hot.Limits.of(self._facts)
        agent, ofd, registry = ours = [self._table(one, chosen, portion) for one in WITNESSES]
        if self._kernel:
            found = hot_polars.dirty({one: self._lake.files(one, chosen, portion) for one in WITNESSES}, limits)
        else:
            found = self._engine.rows(hot.dirty(agent, ofd, registry, limits))["fp"].to_numpy()
        if self._engine.reads_here:
            away: list[dt.date] = []
            elsewhere = self._elsewhere_by_hand(portion, chosen, others, number)
        else:
            elsewhere, away = self._elsewhere(portion, ours, others)
        looked = [found, elsewhere]
        if self._kernel:
            self._gather(portion, chosen, looked, number)
            return
        codes = self._aside(pa.table({"fp": np.concatenate(looked)}), f"codes-{number}")
        for one in WITNESSES:
            rows = self._table(one, [*chosen, *away], portion)
            self._lay(one, number, rows.semi_join(codes, "fp").select(*GATHERED[one].names, "day"))

    def _elsewhere(
        self, portion: Sequence[int] | None, ours: Sequence[Table], others: Collection[dt.date]
    ) -> tuple[Fingerprints, list[dt.date]]:
        """Codes of these days that other days have too, and those days: their rows are to be gathered with ours."""
        if not others:
            return np.empty(0, np.int64), []
        fps = ibis.union(*(table.select("fp") for table in ours), distinct=False)
        hits = self._engine.rows(hot.elsewhere(fps, [self._table(one, others, portion) for one in WITNESSES]))
        return hits["fp"].to_numpy(), sorted(set(hits["day"].to_pylist()))

    def _elsewhere_by_hand(
        self, portion: Sequence[int] | None, chosen: Collection[dt.date], others: Collection[dt.date], number: int
    ) -> Fingerprints:
        """The same from where fingerprints lie in the files; their rows on those days are laid aside at once."""
        if not others:
            return np.empty(0, np.int64)
        found: dict[str, list[lookup.Located]] = {one: [] for one in WITNESSES}
        for bucket_of in range(BUCKETS) if portion is None else portion:  # The codes of one bucket fit in the cache.
            files = (path for one in WITNESSES for path in self._lake.files(one, chosen, [bucket_of]))
            todays = lookup.codes(files)
            for one, places in found.items():
                places.append(lookup.locate(self._lake.files(one, others, [bucket_of]), todays))
        for one, places in found.items():
            lookup.rows(places, GATHERED[one]).write_parquet(self._part(one, f"{number}-away"))
        return np.concatenate([place.fps for places in found.values() for place in places])

    def _gather(
        self, portion: Sequence[int] | None, chosen: Collection[dt.date], codes: Iterable[Fingerprints], number: int
    ) -> None:
        wanted = lookup.Wanted(codes)
        for one in WITNESSES:
            places = lookup.locate(self._lake.files(one, chosen, portion), wanted)
            lookup.rows([places], GATHERED[one]).write_parquet(self._part(one, str(number)))

    def _around(self) -> Gathered:
        """What else the second pass needs of receipts in which the journal's unit is not the operator's."""
        agent, ofd = self._gathered("agent"), self._gathered("ofd")
        lines = agent.filter(agent["ki"] != "")
        loose = lines.anti_join(ofd, ["ki", "register", "sign", "operation"])
        receipts = self._engine.rows(loose.select("register", "sign", "rfp", "day", "at").distinct())
        wanted = self._aside(receipts.select(["rfp"]), "receipts")
        days = sorted(set(receipts["day"].to_pylist()))
        skew = self._facts.thresholds.skew_us  # Beside midnight the operator may have a receipt on the other day.
        near = sorted({day_of(at + off) for at in receipts["at"].to_pylist() for off in (-skew, skew)} | set(days))
        keys = zip(receipts["register"].to_pylist(), receipts["sign"].to_pylist(), strict=True)
        buckets = sorted({bucket(receipt_key(register, sign)) for register, sign in keys})
        for table, name, among_days in (("agent", "unmarked_ours", days), ("ofd", "unmarked_theirs", near)):
            for number, portion in enumerate(self._engine.portions):
                among = buckets if portion is None else [one for one in portion if one in buckets]
                if not among and number:
                    continue
                found = self._table(table, among_days if among else [], among).select(*UNMARKED)
                self._lay(name, number, found.filter(found["fp"] == found["rfp"]).semi_join(wanted, "rfp"))
        unmarked_ours, unmarked_theirs = self._gathered("unmarked_ours"), self._gathered("unmarked_theirs")
        mine = self._table("agent_receipt", days).semi_join(wanted, "rfp").select("register", "sign", "offline")
        held = [self._table("ofd_receipt", near).semi_join(wanted, "rfp"), ofd, unmarked_theirs]
        bare = sorted(set(near) - set(self._lake.days("ofd_receipt")))
        if bare:  # Lines came without their receipts: then a line speaks for its receipt.
            held.append(self._table("ofd", bare).semi_join(wanted, "rfp"))
        theirs = ibis.union(*(one.select("register", "sign") for one in held), distinct=True)
        lists = self._table("ofd_receipt", near).semi_join(wanted, "rfp")
        untold = lists.filter(lists["marks"] == NO_MARKS_TOLD).select("register", "sign").distinct()
        unsaid = untold.anti_join(lists.filter(lists["marks"] != NO_MARKS_TOLD), ["register", "sign"])
        return Gathered(
            agent, ofd, self._gathered("registry"), unmarked_ours, unmarked_theirs,
            self._engine.keep(mine), self._engine.keep(theirs), self._engine.keep(unsaid), *self._facts_tables(),
        )  # fmt: skip

    def _facts_tables(self) -> Iterator[Table]:
        facts = self._facts
        tills = sorted({*facts.shops, *facts.delivered, *facts.doubts, *facts.registers.values()} - {""})
        through = facts.operator_through
        term = facts.thresholds.term_working_days
        columns: dict[str, dict[str, tuple[list[Any], pa.DataType]]] = {
            "registers": {
                "register": (list(facts.registers), pa.string()),
                "till": (list(facts.registers.values()), pa.string()),
            },
            "tills": {
                "till": (tills, pa.string()),
                "shop": ([facts.shops.get(till, "") for till in tills], pa.string()),
                "delivered": ([facts.delivered.get(till, 0) for till in tills], pa.int64()),
                "doubt": ([facts.doubts.get(till) for till in tills], pa.int64()),
            },
            "operators": {
                "register": (list(through), pa.string()),
                "through": (list(through.values()), pa.int64()),
            },
            "terms": {
                "day": (self._all, pa.date32()),
                "due_at": ([facts.calendar.due(day, term) for day in self._all], pa.int64()),
            },
            "moves": {
                "mover": ([till for till, _ in facts.cash_moves], pa.string()),
                "moved_at": ([at for _, at in facts.cash_moves], pa.int64()),
            },
        }
        for name, parts in columns.items():
            yield self._aside(pa.table({key: pa.array(*values) for key, values in parts.items()}), name)

    def _of_receipts(self, chosen: Sequence[dt.date], gathered: Gathered) -> list[Finding]:
        if not chosen:
            return []
        around = [chosen[0] - _DAY, *chosen, chosen[-1] + _DAY]  # A shift may begin before midnight.
        told = self._table("agent_receipt", around), self._table("ofd_receipt", around)
        gaps = receipts.gaps(
            *told,
            self._engine.keep(receipts.unsure(*told)),  # Hardly any, and then the rest costs nothing.
            gathered.registers,
            gathered.tills,
            gathered.moves,
            self._facts,
        )
        drifts = receipts.drifts(self._table("agent_receipt", chosen), self._facts)
        found = [
            row
            for table in (gaps, drifts)
            for row in self._engine.rows(table).to_pylist()
            if chosen[0] <= row["day"] <= chosen[-1]
        ]
        return [Finding(**{**row, "kind": Kind(row["kind"])}) for row in found]

    # --- tables ---

    def _table(self, table: str, days: Iterable[dt.date], portion: Sequence[int] | None = None) -> Table:
        files = self._lake.files(table, days, portion)
        return self._engine.scan(files) if files else self._nothing(table)

    def _nothing(self, table: str) -> Table:
        schema = SCHEMAS[table].append(pa.field("day", pa.date32()))
        if table in BUCKETED:
            schema = schema.append(pa.field("bucket", pa.int32()))
        return self._aside(schema.empty_table(), f"no-{table}")

    def _aside(self, rows: pa.Table, name: str) -> Table:
        path = self._scratch / f"{name}.parquet"
        pq.write_table(rows, path)
        return self._engine.scan([path], hive=False)

    def _lay(self, name: str, number: int, rows: Table) -> None:
        self._engine.write(rows, self._part(name, str(number)))

    def _part(self, name: str, number: str) -> Path:
        path = self._scratch / f"{name}-{number}.rows"
        self._parts.setdefault(name, []).append(path)
        return path

    def _gathered(self, name: str) -> Table:
        return self._engine.scan(self._parts[name], hive=False)

    def _looked(self, gathered: Gathered) -> frozenset[str]:
        tables = (gathered.agent, gathered.ofd, gathered.registry)
        kis = ibis.union(*(table.select("ki") for table in tables), distinct=True)
        return frozenset(self._engine.rows(kis)["ki"].to_pylist()) - {""}


def _finding(row: dict[str, Any]) -> Finding:
    return Finding(**{**{name: row[name] for name in COLUMNS}, "kind": Kind(row["kind"])})


def _rows_in(files: Iterable[Path]) -> int:
    return sum(pq.read_metadata(path).num_rows for path in files)


def _added(parts: Iterable[pa.Table]) -> list[Count]:
    sums: dict[tuple[Any, ...], list[int]] = {}
    for part in parts:
        for row in part.to_pylist():
            one = sums.setdefault(tuple(row[name] for name in BY), [0] * len(NUMBERS))
            for place, name in enumerate(NUMBERS):
                one[place] += row[name]
    return [Count(*key, *values) for key, values in sorted(sums.items())]
