"""What a Prometheus server reads of this till. A registry of its own for each agent; every scrape looks anew.

Asks no device: like the status it shows how each was when it was last looked at. What is not known is left out, never
given as 0.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from pos_agent import __version__
from pos_agent.agent import Agent
from pos_agent.cache.store import Counts
from pos_agent.clock import NS_PER_S
from pos_agent.readiness import readiness
from scanners.scan import Health

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
CACHE_LOOK_S: Final = 300.0  # Counting the cache reads the whole file.
API_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The metrics of one agent."""

    def __init__(self, agent: Agent) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Look(agent))
        self._calls = Counter(
            "pos_agent_api_calls", "Calls of the API, by route and answer.", ("method", "route", "status"),
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "pos_agent_api_seconds", "How long calls of the API took.", ("route",), buckets=API_BUCKETS_S,
            registry=self._registry,
        )  # fmt: skip

    def called(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered call. `route` is the path with its placeholders, never one that a caller made up."""
        self._calls.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """The page in Prometheus' text format. Raises JournalUnusable, CacheError."""
        return generate_latest(self._registry)


class _Look(Collector):
    """One look at the agent for each scrape."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._counting = threading.Lock()
        self._counted: tuple[float, Counts] | None = None

    def describe(self) -> Iterable[Metric]:
        return ()  # Nothing is looked at before the first scrape.

    def collect(self) -> Iterator[Metric]:
        agent = self._agent
        info = InfoMetricFamily("pos_agent", "The agent and its till.")
        info.add_metric((), {"version": __version__, "till": agent.journal.till, "epoch": agent.journal.epoch})
        yield info
        yield from self._till()
        yield from self._queue()
        yield from self._cache()
        yield from self._register()
        yield from self._devices()
        yield from self._log()

    def _till(self) -> Iterator[Metric]:
        agent = self._agent
        head, _ = agent.journal.head()
        yield _gauge("pos_agent_ready", "1: the till can sell (/-/ready).", readiness(agent).ready)
        yield _gauge("pos_agent_journal_writable", "1: the journal can be written.", not agent.journal.is_broken)
        yield _gauge("pos_agent_journal_rows", "Rows of the journal.", head)
        yield _gauge("pos_agent_undecided_documents", "Documents whose outcome is not known.",
                     len(agent.till.undecided()))  # fmt: skip
        yield _gauge("pos_agent_open_sales", "Sales that are not finished.", len(agent.till.open_sales()))
        shift = agent.till.open_shift()
        if shift is not None:
            age_s = (agent.clock.now_ns() - shift.opened_ns) / NS_PER_S
            yield _gauge("pos_agent_shift_age_seconds", "Age of the open shift; missing: none is open.", age_s)
        free_bytes = shutil.disk_usage(agent.config.till.data).free
        yield _gauge("pos_agent_disk_free_bytes", "Free space of the data folder's disk.", free_bytes)

    def _queue(self) -> Iterator[Metric]:
        unsent, oldest_ns = self._agent.queue.unsent()
        yield _gauge("pos_agent_unsent_rows", "Journal rows that headquarters has not acknowledged.", unsent)
        if oldest_ns is not None:
            age_s = (self._agent.clock.now_ns() - oldest_ns) / NS_PER_S
            yield _gauge("pos_agent_unsent_oldest_age_seconds", "Age of the oldest of them.", age_s)
        aside = len(self._agent.queue.set_aside_rows())
        yield _gauge("pos_agent_set_aside_rows", "Rows headquarters did not take.", aside)

    def _cache(self) -> Iterator[Metric]:
        counts = self._counts()
        yield _gauge("pos_agent_cache_products", "Goods the till knows.", counts.products)
        yield _gauge("pos_agent_cache_codes", "Codes whose status the till knows.", counts.statuses)
        if counts.statuses_newest_ns is not None:
            age_s = (self._agent.clock.now_ns() - counts.statuses_newest_ns) / NS_PER_S
            yield _gauge("pos_agent_cache_newest_status_age_seconds", "Age of the newest code status.", age_s)

    def _counts(self) -> Counts:
        now_s = self._agent.clock.monotonic()
        with self._counting:
            if self._counted is None or now_s - self._counted[0] >= CACHE_LOOK_S:
                self._counted = now_s, self._agent.cache.counts()
            return self._counted[1]

    def _register(self) -> Iterator[Metric]:
        facts = self._agent.register_watch.facts()
        if facts is None:
            return
        reachable = bool(facts["reachable"])
        yield _gauge("pos_agent_register_reachable", "1: the register answered when last looked at.", reachable)
        for name, key, text in (
            ("pos_agent_register_shift_age_seconds", "shift_age_s", "Age of the register's shift, where it tells."),
            ("pos_agent_register_offline_age_seconds", "offline_age_s", "How long it has been without the operator."),
            ("pos_agent_register_unsent_documents", "unsent", "Documents it has not handed to the operator."),
            ("pos_agent_register_clock_skew_seconds", "clock_skew_s", "By how much its clock is ahead of ours."),
        ):
            if facts[key] is not None:
                yield _gauge(name, text, float(facts[key]))

    def _devices(self) -> Iterator[Metric]:
        online = GaugeMetricFamily("pos_agent_scanner_online", "1: the scanner can be read.", labels=("scanner",))
        for name, change in dict(self._agent.intake.health).items():
            online.add_metric((name,), float(change.health is Health.ONLINE))
        yield online
        printed = self._agent.printing.last
        if printed is not None:
            state = GaugeMetricFamily("pos_agent_printer_state", "State the last print found.", labels=("state",))
            state.add_metric((str(printed.state),), 1.0)
            yield state

    def _log(self) -> Iterator[Metric]:
        records = CounterMetricFamily("pos_agent_log_records", "Warnings and errors logged.", labels=("level",))
        for level, count in self._agent.recent_log.counts().items():
            records.add_metric((level,), count)
        yield records


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))
