"""Gathers what a running agent knows of itself for pos_agent/troubles.py. Asks no device; what fails is a fact too."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import bindparam, func, select

from pos_agent.agent import Agent
from pos_agent.cache.store import CacheError
from pos_agent.clock import NS_PER_S
from pos_agent.journal.database import JournalUnusable
from pos_agent.journal.schema import withdrawal
from pos_agent.journal.statements import sql
from pos_agent.troubles import WITHDRAWAL_WARN_S, Facts, ScannerSeen
from sync.ports import QueueUnavailable

T = TypeVar("T")
U = TypeVar("U")

OVERDUE = sql(
    select(func.count(), func.min(withdrawal.c.decided_ns)).where(
        withdrawal.c.purpose == bindparam("purpose"),
        (withdrawal.c.outcome == bindparam("a")) | (withdrawal.c.outcome == bindparam("b")),
        withdrawal.c.decided_ns < bindparam("before"),
    )
)


def till_facts(agent: Agent) -> Facts:
    """One look at everything."""
    troubled: list[str] = []

    def kept(question: Callable[[], T], otherwise: U) -> T | U:
        """The journal's answer; where it cannot be read, the reason is noted once."""
        try:
            return question()
        except (JournalUnusable, QueueUnavailable) as error:
            if str(error) not in troubled:
                troubled.append(str(error))
            return otherwise

    now_ns = agent.clock.now_ns()
    shift = kept(agent.till.open_shift, None)
    unsent, oldest_ns = kept(agent.queue.unsent, (0, None))
    overdue, overdue_ns = kept(lambda: _overdue(agent, now_ns), (0, None))
    delivery = None if agent.delivery is None else kept(agent.delivery.status, None)
    products, codes_ns, cache_text = _cache(agent)
    printed, rechecked = agent.printing.last, None if agent.recheck is None else agent.recheck.last
    doubts = tuple(kept(agent.doubts, ()))
    set_aside = len(kept(agent.queue.set_aside_rows, ()))
    return Facts(
        register=agent.register_watch.facts(),
        looks_at_register=agent.register_watch.every_s > 0,
        clock_skew_max_s=agent.config.register_.clock_skew_max_s,
        shift_age_s=None if shift is None else (now_ns - shift.opened_ns) // NS_PER_S,
        doubts=doubts,
        journal_broken=agent.journal.is_broken,
        journal_text="; ".join(troubled),
        unsent=unsent,
        unsent_age_s=_age_s(oldest_ns, now_ns),
        headquarters=agent.delivery is not None,
        delivery=None if delivery is None else str(delivery.state),
        delivery_text="" if delivery is None else delivery.last_error,
        set_aside=set_aside,
        cache_text=cache_text,
        products=products,
        codes_age_s=_age_s(codes_ns, now_ns),
        codes_max_age_s=agent.policy.unlisted.offline_max_age_s,
        registry=agent.recheck is not None,
        registry_text="" if rechecked is None else rechecked.unavailable or "",
        overdue=overdue,
        overdue_age_s=_age_s(overdue_ns, now_ns),
        scanners=scanners_seen(agent),
        printer=None if printed is None else str(printed.state),
        printer_text="" if printed is None else printed.detail,
        disk_free_bytes=_free_bytes(agent.config.till.data),
        data=str(agent.config.till.data),
        scan_test=agent.scan_test.left_s is not None,
    )


def scanners_seen(agent: Agent) -> tuple[ScannerSeen, ...]:
    """The configured scanners as they are, and those that call the agent under names of their own."""
    health = dict(agent.intake.health)
    names = dict.fromkeys([*(scanner.name for scanner in agent.scanners), *health])
    return tuple(
        ScannerSeen(name, str(health[name].health), health[name].text) if name in health else ScannerSeen(name, None)
        for name in names
    )


def _cache(agent: Agent) -> tuple[int | None, int | None, str]:
    try:
        return agent.cache.products_known(), agent.cache.statuses_newest_ns(), ""
    except CacheError as error:
        return None, None, str(error)


def _overdue(agent: Agent, now_ns: int) -> tuple[int, int | None]:
    where = {"purpose": "sale", "a": "pending", "b": "on_balance", "before": now_ns - WITHDRAWAL_WARN_S * NS_PER_S}
    count, oldest_ns = agent.journal.query(OVERDUE, where)[0]
    return count, oldest_ns


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None  # A folder that is gone shows as a journal that cannot be written.


def _age_s(at_ns: int | None, now_ns: int) -> int | None:
    return None if at_ns is None else max(0, now_ns - at_ns) // NS_PER_S
