"""What this till tells headquarters of itself every minute. Asks no device, and waits for nothing a sale waits for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pos_agent import __version__
from pos_agent.cache.store import Cache
from pos_agent.clock import NS_PER_S, Clock
from pos_agent.intake import Intake
from pos_agent.journal.journal import Journal
from pos_agent.printing import Printing, RegisterPaper
from pos_agent.queue import JournalQueue
from pos_agent.register_watch import RegisterWatch
from pos_agent.till import Till
from scanners.scan import Health
from sync.delivery import DeliveryWorker
from sync.heartbeat import PROBLEMS_MAX, TEXT_LENGTH_MAX, Heartbeat, Trouble

WELL = frozenset({"ok", "unknown"})  # Of a printer: one that gives no answer is no trouble by itself.


@dataclass(frozen=True, slots=True)
class Vitals:
    """The parts of the agent that are looked at. Raises JournalUnusable or CacheError as they do."""

    clock: Clock
    journal: Journal
    till: Till
    cache: Cache
    queue: JournalQueue
    register_watch: RegisterWatch
    intake: Intake
    printing: Printing | RegisterPaper
    delivery: DeliveryWorker

    def __call__(self) -> Heartbeat:
        """`run`, `count` and `at_ns` are the worker's to set."""
        now_ns = self.clock.now_ns()
        head, digest = self.journal.head()
        shift = self.till.open_shift()
        unsent, oldest_ns = self.queue.unsent()
        statuses_ns = self.cache.statuses_newest_ns()
        return Heartbeat(
            till=self.journal.till,
            run="",
            count=0,
            at_ns=now_ns,
            version=__version__,
            epoch=self.journal.epoch,
            head=head,
            head_hash=digest,
            shift=None if shift is None else shift.number,
            shift_opened_ns=None if shift is None else shift.opened_ns,
            register=self.register_watch.facts(),
            unsent=unsent,
            oldest_age_s=_age_s(oldest_ns, now_ns),
            set_aside=len(self.queue.set_aside_rows()),
            cache_age_s=_age_s(statuses_ns, now_ns),
            delivery=str(self.delivery.status().state),
            problems=tuple(self._problems())[:PROBLEMS_MAX],
        )

    def _problems(self) -> Iterator[Trouble]:
        if self.journal.is_broken:
            yield Trouble("journal", "the journal cannot be written")
        for pending in self.till.undecided():
            yield _trouble("undecided", f"{pending.kind} {pending.key}")
        for number, reason in self.queue.set_aside_rows():
            yield _trouble("set-aside", f"row {number}: {reason}")
        seen = self.register_watch.last
        if seen is not None and not seen.status.reachable:
            failure = seen.status.failure
            yield _trouble("register", "it does not answer" if failure is None else f"{failure.code}: {failure.text}")
        for name, change in dict(self.intake.health).items():
            if change.health is not Health.ONLINE:
                yield _trouble("scanner", f"{name}: {change.health}")
        printed = self.printing.last
        if printed is not None and str(printed.state) not in WELL:
            yield _trouble("printer", str(printed.state))


def _trouble(kind: str, text: str) -> Trouble:
    """One printable line: devices and vendors write what they like."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return Trouble(kind, line.strip()[:TEXT_LENGTH_MAX] or "no details")


def _age_s(at_ns: int | None, now_ns: int) -> int | None:
    return None if at_ns is None else max(0, now_ns - at_ns) // NS_PER_S
