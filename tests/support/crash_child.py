"""What the killed processes of test_crash_points.py run. A module of its own, so that a forked child can import it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from fiscal.register import Operation, Payment, PaymentKind
from pos_agent.agent import Agent
from pos_agent.basket import lines_from, total_tiyn
from pos_agent.clock import SystemClock
from pos_agent.config import from_mapping
from pos_agent.demo.shop import SECRETS, configuration
from pos_agent.wiring import World, build, start


class QuickClock(SystemClock):
    """The machine's clock, but nobody waits between two questions to a register on loopback."""

    def sleep(self, seconds: float) -> None:
        super().sleep(min(seconds, 0.01))


def agent_on(folder: Path, register_url: str, doubt_wait_s: float = 60.0) -> Agent:
    config = configuration(folder, register_url=register_url.replace("http://", "webkassa+http://"))
    plain = from_mapping({})
    register = config.register_.model_copy(update={"doubt_wait_s": doubt_wait_s})
    alone = config.model_copy(
        update={"ismpt": plain.ismpt, "sync": plain.sync, "printer": plain.printer, "register_": register}
    )
    return build(alone, World(clock=QuickClock(), secret=SECRETS.__getitem__))


def killing_at(number: int) -> Callable[[str], None]:
    """Statement `number` of the journal never runs."""
    seen = 0

    def count(statement: str) -> None:
        nonlocal seen
        # BEGIN stands for "after the commit before it", COMMIT for "just before this one".
        if statement.startswith(("BEGIN", "COMMIT")):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    return count


def sell(folder: Path, register_url: str, codes: list[str], kill_at: int) -> None:
    """The till's work, from wherever the last run stopped. Statement number `kill_at` of the journal never runs."""
    agent = agent_on(folder, register_url)
    agent.journal.database.connection.set_trace_callback(killing_at(kill_at))
    start(agent)
    finished = agent.journal.query("SELECT count(*) FROM sale WHERE state = 'FISCALISED'")[0][0]
    if not finished:
        waiting = agent.till.open_sales()
        sale = waiting[0] if waiting else agent.checkout.open(Operation.SALE, "Айгүл С.")
        held = {line.full for line in lines_from(agent.till.sale(sale).lines)}
        for code in codes:
            if code not in held:
                agent.checkout.scan(sale, code.encode())
        total = total_tiyn(lines_from(agent.till.sale(sale).lines))
        agent.closing.pay(sale, [Payment(PaymentKind.CASH, total)])
    agent.journal.database.connection.set_trace_callback(None)
    agent.close()
