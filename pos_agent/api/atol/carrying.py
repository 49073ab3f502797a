"""One task carried out with our own calls: through verdicts, journal and desk as any other caller's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from fiscal.register import CashDirection, Operation, ReturnBasis
from marking.verdict import Purpose
from pos_agent.agent import Agent
from pos_agent.api import register, sales
from pos_agent.api.answers import paid_json, problem_body
from pos_agent.api.atol import results
from pos_agent.api.atol.bodies import CashTask, Receipt, ShiftTask, Task
from pos_agent.api.atol.mapping import OPERATIONS, items_of, keeps, payments_of
from pos_agent.api.atol.numbers import tiyn
from pos_agent.api.idempotency import Call
from pos_agent.basket import lines_from
from pos_agent.clock import NS_PER_S
from pos_agent.one_shot import Item, check_held
from pos_agent.problems import Problem
from pos_agent.returns import basis_of
from pos_agent.shifts import asked

DIRECTIONS = {"cashIn": CashDirection.IN, "cashOut": CashDirection.OUT}


# What says that certainly nothing was made: the client decides whether to send it again, under a new uuid.
ENDS = frozenset({"R-202", "R-210", "T-122", "S-304"})


def carry_out(agent: Agent, call: Call, task: Task) -> tuple[int, Any]:
    """HTTP status and body of our own call, at most once for its key. Raises Problem for what is not decided yet."""
    try:
        return _carried(agent, call, task)
    except Problem as problem:
        if problem.kind.retry and problem.kind.code not in ENDS:
            raise
        if problem.kind.retry and keeps(task):
            agent.once.refuse(call, problem)
        return problem.kind.status, problem_body(problem, call.language)


def _carried(agent: Agent, call: Call, task: Task) -> tuple[int, Any]:
    if isinstance(task, Receipt):
        return _receipt(agent, call, task)
    if isinstance(task, CashTask):
        return agent.once.settled(
            call,
            lambda reply: agent.shifts.cash(
                DIRECTIONS[task.type], tiyn(task.cashSum), request=call.request, reply=reply
            ),
            register.made_json,
            resume=partial(register.resumed, agent),
        )
    if task.type == "openShift":
        return agent.once.settled(
            call,
            lambda reply: agent.shifts.open(_cashier(agent, task), request=call.request, reply=reply),
            register.shift_json,
            resume=partial(register.resumed_shift, agent),
        )
    if task.type == "closeShift":
        return agent.once.settled(
            call,
            lambda reply: agent.shifts.close(request=call.request, reply=reply),
            register.made_json,
            resume=partial(register.resumed, agent),
        )
    return 200, _looked(agent, task.type)


def _receipt(agent: Agent, call: Call, task: Receipt) -> tuple[int, Any]:
    operation, items = OPERATIONS[task.type], items_of(task)
    return agent.once.settled(
        call,
        lambda reply: agent.closing.one_shot(
            operation,
            items,
            payments_of(task),
            cashier=_cashier(agent, task),
            basis=_basis(agent, task, items) if operation is Operation.SALE_RETURN else None,
            request=call.request,
            reply=reply,
            customer_xin=None if task.clientInfo is None else task.clientInfo.vatin,
        ),
        paid_json,
        resume=lambda document: sales.resumed(agent, document, one_shot=True),
    )


def _cashier(agent: Agent, task: Receipt | ShiftTask) -> str:
    return task.operator.name if task.operator is not None and task.operator.name.strip() else agent.cashier


def _basis(agent: Agent, task: Receipt, items: Sequence[Item]) -> ReturnBasis:
    """As sent; else of the one receipt of this till that sold every unit of the return. Raises T-106."""
    if task.basis is not None:
        return task.basis.basis
    judged = agent.checkout.judge_units([item.read for item in items], Purpose.RETURN)
    keys = [one.unit_key for item, one in zip(items, judged, strict=True) if item.code is not None]
    found = {None if ki is None else agent.till.sold_in(ki) for ki in keys}
    original = found.pop() if len(found) == 1 else None
    if original is None:
        raise Problem("T-106", "basis: no one receipt of this till sold these units; send its five facts")
    check_held(lines_from(agent.till.sale(original).lines), items, judged)
    return basis_of(agent.closing.paid(original).document)


def _looked(agent: Agent, name: str) -> Any:
    if name in ("reportX", "getShiftTotals"):
        return results.shift_totals(agent.shifts.x_report())
    if name == "getDeviceInfo":
        identity = asked(agent.register.baseline).identity
        return results.device_info(agent.register.capabilities.family, identity)
    status, known = agent.register_watch.look().status, agent.till.open_shift()
    number = None if known is None else known.number
    age_s = None if known is None else (agent.clock.now_ns() - known.opened_ns) // NS_PER_S
    if name == "getShiftStatus":
        return results.shift_status(status, number, age_s)
    blocked = status.waits_for is not None or bool(agent.till.undecided())
    return results.device_status(status, number, age_s, blocked=blocked)
