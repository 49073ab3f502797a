"""What the killed processes of test_crash_doubts.py run: a sale in doubt, handed over, and decided by a person."""

from __future__ import annotations

from pathlib import Path

from crash_child import agent_on, killing_at

from fiscal.register import Operation, Payment, PaymentKind
from pos_agent.agent import Agent
from pos_agent.basket import lines_from, total_tiyn
from pos_agent.doubts import Verdict
from pos_agent.problems import Problem
from pos_agent.sale import SaleState
from pos_agent.wiring import start

AT = "2026-11-30T10:15:00+05:00"


def decide_in_doubt(folder: Path, register_url: str, codes: list[str], kill_at: int, truthful: bool) -> None:
    """From wherever the last run stopped until the sale is fiscal. The statements are counted from the payment on.

    `truthful`: the senior says what the register's paper shows; else always that there is no receipt.
    """
    agent = agent_on(folder, register_url, doubt_wait_s=0)
    known = [str(name) for (name,) in agent.journal.query("SELECT sale FROM sale")]
    sale = known[0] if known else _rung_up(agent, codes)
    agent.journal.database.connection.set_trace_callback(killing_at(kill_at))
    if known:
        start(agent)
    while agent.till.sale(sale).state is not SaleState.FISCALISED:
        _one_step(agent, sale, int((folder / "paper").read_text()) > 0 and truthful)
    agent.journal.database.connection.set_trace_callback(None)
    agent.close()


def _rung_up(agent: Agent, codes: list[str]) -> str:
    start(agent)
    sale = agent.checkout.open(Operation.SALE, "Айгүл С.")
    for code in codes:
        agent.checkout.scan(sale, code.encode())
    return sale


def _one_step(agent: Agent, sale: str, made: bool) -> None:
    if agent.till.sale(sale).state is SaleState.HELD:
        total = total_tiyn(lines_from(agent.till.sale(sale).lines))
        try:
            agent.closing.pay(sale, [Payment(PaymentKind.CASH, total)])
        except Problem as problem:
            assert problem.kind.code == "R-215", problem
        return
    (pending,) = agent.till.undecided()
    word = Verdict("Старшая смены", "посмотрела ленту", made, "4228143550", 1, AT, 1, "010100000001")
    agent.desk.decide(pending.key, word)
