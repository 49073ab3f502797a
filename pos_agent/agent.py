"""The agent: its parts, put together by pos_agent/wiring.py, and the one look at all of them."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fiscal.register import Register
from marking.policy import Policy
from pos_agent import __version__
from pos_agent.api.atol.queue import RequestQueue
from pos_agent.api.idempotency import Once
from pos_agent.cache.store import Cache
from pos_agent.cache_look import CacheLook
from pos_agent.checkout import Checkout
from pos_agent.clock import NS_PER_S, Clock, iso_utc
from pos_agent.closing import Closing
from pos_agent.config import Config
from pos_agent.desk import RegisterDesk
from pos_agent.device_counts import DeviceCounts
from pos_agent.hooks.worker import HookWorker
from pos_agent.intake import Intake
from pos_agent.journal.journal import Journal
from pos_agent.judging import Judge
from pos_agent.link_watch import LinkWatch
from pos_agent.pages.sessions import Sessions
from pos_agent.printing import Printing, RegisterPaper
from pos_agent.queue import JournalQueue, WithdrawalWatch
from pos_agent.recent_log import RecentLog
from pos_agent.register_watch import RegisterWatch
from pos_agent.scan_test import ScanTest
from pos_agent.shifts import Shifts
from pos_agent.till import Till, Undecided
from scanners.registry import Scanner
from sync.delivery import DeliveryWorker
from sync.ismpt.recheck import RecheckWorker
from sync.pulse import HeartbeatWorker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Agent:
    """Everything one till runs. Nothing here starts a thread: pos_agent/runner.py does, or a test steps it by hand."""

    config: Config
    clock: Clock
    rng: random.Random
    journal: Journal
    till: Till
    cache: Cache
    policy: Policy
    cache_look: CacheLook
    judge: Judge
    checkout: Checkout
    register: Register
    register_watch: RegisterWatch
    desk: RegisterDesk
    closing: Closing
    shifts: Shifts
    printing: Printing | RegisterPaper
    once: Once
    sessions: Sessions
    requests: RequestQueue
    intake: Intake
    scan_test: ScanTest
    device_counts: DeviceCounts
    queue: JournalQueue
    watch: WithdrawalWatch
    scanners: tuple[Scanner, ...]
    delivery: DeliveryWorker | None
    recheck: RecheckWorker | None
    heartbeat: HeartbeatWorker | None
    ismpt_link: LinkWatch | None  # None: the registry is never asked.
    started_ns: int  # UTC.
    hooks: tuple[HookWorker, ...] = ()
    closers: tuple[Callable[[], object], ...] = field(default=())
    recent_log: RecentLog = field(default_factory=RecentLog)  # The last warnings and errors, for the pages of store IT.

    @property
    def cashier(self) -> str:
        return self.config.till.cashier

    def status(self) -> dict[str, Any]:
        """What the till page's strip and `pos-agent status` show. Asks no device: it must answer at once."""
        shift = self.till.open_shift()
        head, _ = self.journal.head()
        unsent, oldest_ns = self.queue.unsent()
        now_ns = self.clock.now_ns()
        health = dict(self.intake.health)
        return {
            "till": self.journal.till,
            "version": __version__,
            "at": iso_utc(now_ns),
            "shift": None
            if shift is None
            else {
                "number": shift.number,
                "opened_at": iso_utc(shift.opened_ns),
                "age_s": (now_ns - shift.opened_ns) // NS_PER_S,
            },
            "journal": {"rows": head, "writable": not self.journal.is_broken},
            "undecided": [pending.key for pending in self.till.undecided()],
            "doubts": self.doubts(),
            "register": self.register_watch.facts(),
            "open_sales": list(self.till.open_sales()),
            "queue": {
                "unsent": unsent,
                "oldest_age_s": None if oldest_ns is None else (now_ns - oldest_ns) // NS_PER_S,
                "set_aside": [{"row": number, "reason": reason} for number, reason in self.queue.set_aside_rows()],
            },
            "cache": self.cache_look.facts(),
            "links": {
                "ismpt": None if self.ismpt_link is None else self.ismpt_link.facts(),
                "hq": None if self.delivery is None else self._delivery_facts(self.delivery),
            },
            "scanners": {name: str(change.health) for name, change in health.items()},
            # Beside the words and not among them: programs compare the words.
            "scanner_text": {
                name: {"text": change.text, "at": iso_utc(change.at_ns)}
                for name, change in health.items()
                if change.text
            },
            "printer": None if self.printing.last is None else str(self.printing.last.state),
            "webhooks": [hook.status() for hook in self.hooks],
            "scan_test": self.scan_test.facts(),
        }

    def _delivery_facts(self, delivery: DeliveryWorker) -> dict[str, Any]:
        status = delivery.status()
        return {"state": str(status.state), "text": status.last_error}

    def doubts(self) -> list[dict[str, Any]]:
        return [self._doubt(pending) for pending in self.till.undecided()]

    def _doubt(self, pending: Undecided) -> dict[str, Any]:
        """One undecided document: whether the register is still asked, and if not, what a person may compare."""
        since_ns = self.journal.row(pending.intent_row).at_ns
        handed_over = self.till.handed_over(pending.key, pending.intent_row)
        return {
            "document": pending.key,
            "kind": pending.kind,
            "state": str(pending.state),
            "code": self.desk.undecided(pending.key).kind.code,
            "sale": pending.sale,
            "total_tiyn": self.till.intent(pending.intent_row)["prepared"]["total_tiyn"],
            "since": iso_utc(since_ns),
            "age_s": (self.clock.now_ns() - since_ns) // NS_PER_S,
            "decides": "register" if handed_over is None else "person",
            **({} if handed_over is None else {"compare": handed_over.comparison()}),
        }

    def close(self) -> None:
        """Let go of everything, whatever fails: a scanner must not leave the journal open. Raises the first failure."""
        failure = close_all(self.closers)
        if failure is not None:
            raise failure


def close_all(closers: Iterable[Callable[[], object]]) -> Exception | None:
    """Call every one in order, log what fails, and return the first failure."""
    first: Exception | None = None
    for close in closers:
        try:
            close()
        except Exception as error:
            log.exception("closing the agent")
            first = first or error
    return first
