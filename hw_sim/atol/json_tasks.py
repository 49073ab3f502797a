"""What driver 10 does with one JSON task. A table names the handler of each type.

Source: github AlexanderYekat/atolexamplesjson, the script of each task (json_sell.js, json_openShift.js, ...).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hw_sim.atol import json_fields as fields
from hw_sim.atol import json_reads, json_receipt
from hw_sim.atol.fn import Filed
from hw_sim.atol.json_marks import Marks, driver_error, ended
from hw_sim.atol.json_receipt import Order, check_type
from hw_sim.atol.kkm import Kkm
from hw_sim.atol.problems import DriverProblem, Interrupted, Problem, Refused
from hw_sim.atol.web_profile import WebProfile
from hw_sim.ledger import Operation

# Types after which a lost link blocks the queue, and of which one request may hold only one (github
# ArchDemons/atolwebserver, Utils.java).
FISCAL = frozenset({"openShift", "closeShift", "sell", "sellReturn", "buy", "buyReturn"})

Result = dict[str, Any] | None


@dataclass(slots=True)
class Driver:
    """Driver 10 over one register.

    Args:
        midway: called between the last line of a receipt and its closing; False: the power went.
    """

    kkm: Kkm
    marks: Marks
    profile: WebProfile
    midway: Callable[[], bool]

    def run(self, task: Mapping[str, Any]) -> Result:
        """Raises Refused; Interrupted when the power goes on the way."""
        name = str(task.get("type"))
        handler = HANDLERS.get(name)
        if handler is None or name in self.profile.unknown_tasks:
            raise fields.refuse("type")
        return handler(self, task)


def _open_shift(driver: Driver, task: Mapping[str, Any]) -> Result:
    fields.operator(task)
    _leave_no_receipt(driver)
    return json_reads.fiscal_result(driver.kkm, _whatever_is_printed(driver, driver.kkm.open_shift))


def _close_shift(driver: Driver, task: Mapping[str, Any]) -> Result:
    fields.operator(task)
    _leave_no_receipt(driver)
    return json_reads.fiscal_result(driver.kkm, _whatever_is_printed(driver, driver.kkm.close_shift))


def _report_x(driver: Driver, task: Mapping[str, Any]) -> Result:
    fields.operator(task)
    _leave_no_receipt(driver)
    driver.kkm.report_x()
    return None


def _receipt(driver: Driver, task: Mapping[str, Any]) -> Result:
    order = json_receipt.read(task, driver.profile.tax_types)
    _leave_no_receipt(driver)
    if order.checks_marks:
        _check_marks(driver, order, str(task["type"]))
    try:
        filed = _filed(driver, order)
    except Refused:
        _leave_no_receipt(driver)
        raise
    return json_reads.fiscal_result(driver.kkm, filed)


def _filed(driver: Driver, order: Order) -> Filed:
    kkm = driver.kkm
    kkm.begin(order.type, electronic=order.electronic)
    for line in order.lines:
        kkm.add(line)
    if not driver.midway():
        raise Interrupted
    if sum(order.payments.values()) < order.total_tiyn:  # Before the register is asked about any of them.
        raise Refused(Problem.NOT_FULLY_PAID)
    return _whatever_is_printed(driver, lambda: kkm.close(order.payments, order.total_tiyn))


def _check_marks(driver: Driver, order: Order, task: str) -> None:
    """The receipt's own check of its marks. Raises Refused: one did not pass."""
    answers = []
    passed = True
    for mark in order.marks:
        check = driver.marks.started(mark, task)
        late = driver.marks.outlasts(check, driver.profile.mark_wait_s)
        answers.append({"driverError": driver_error(DriverProblem.CHECK_TIMEOUT)} if late else ended(check))
        passed = passed and check.passed and not late
    if not passed:
        driver.marks.check = None
        driver.marks.clear()
        refused = Refused.numbered(0, driver.profile.refused_mark_code, "КМ не прошёл проверку")
        refused.result = {"validateMarks": answers} if driver.profile.error_results else None
        raise refused


def _move_cash(operation: Operation) -> Callable[[Driver, Mapping[str, Any]], Result]:
    def move(driver: Driver, task: Mapping[str, Any]) -> Result:
        amount = fields.tiyn(task, "cashSum")
        fields.operator(task)
        _leave_no_receipt(driver)
        driver.kkm.move_cash(operation, amount)
        return {"counters": {"cashSum": fields.tenge(driver.kkm.memory.cash_tiyn)}}

    return move


def _fn_document(driver: Driver, task: Mapping[str, Any]) -> Result:
    return json_reads.fn_document(driver.kkm, int(fields.number(task, "fiscalDocumentNumber")))


def _begin_check(driver: Driver, task: Mapping[str, Any]) -> Result:
    check_type(fields.optional_object(task, "params"), "params.")
    return driver.marks.begin(task)


def _quiet(act: Callable[[Driver], object]) -> Callable[[Driver, Mapping[str, Any]], Result]:
    """A task without fields and without a result."""

    def run(driver: Driver, _task: Mapping[str, Any]) -> Result:
        act(driver)
        return None

    return run


def _answering(ask: Callable[[Driver], dict[str, Any]]) -> Callable[[Driver, Mapping[str, Any]], Result]:
    """A task without fields that answers."""
    return lambda driver, _task: ask(driver)


def _open_drawer(driver: Driver) -> None:
    driver.kkm.mechanics.drawer_kicks += 1
    driver.kkm.mechanics.drawer_open = True


def _leave_no_receipt(driver: Driver) -> None:
    """Every task that works on the shift cancels first what somebody left open."""
    if driver.kkm.receipt is not None:
        driver.kkm.cancel()


def _whatever_is_printed(driver: Driver, act: Callable[[], Filed]) -> Filed:
    """An error on the way to the paper is none when the document is in the FN: the driver asks and goes on."""
    before = len(driver.kkm.fn.filed)
    try:
        return act()
    except Refused:
        if len(driver.kkm.fn.filed) == before:
            raise
        return driver.kkm.fn.filed[-1]


HANDLERS: Mapping[str, Callable[[Driver, Mapping[str, Any]], Result]] = {
    "getDeviceStatus": _answering(lambda driver: json_reads.device_status(driver.kkm)),
    "getShiftStatus": _answering(lambda driver: json_reads.shift_status(driver.kkm)),
    "getFnStatus": _answering(lambda driver: json_reads.fn_status(driver.kkm)),
    "getFnInfo": _answering(lambda driver: json_reads.fn_info(driver.kkm)),
    "getDeviceInfo": _answering(lambda driver: json_reads.device_info(driver.kkm)),
    "ofdExchangeStatus": _answering(lambda driver: json_reads.ofd_exchange(driver.kkm)),
    "getShiftTotals": _answering(lambda driver: json_reads.shift_totals(driver.kkm)),
    "getFnDocument": _fn_document,
    "getCashDrawerStatus": _answering(lambda driver: json_reads.drawer_status(driver.kkm)),
    "openShift": _open_shift,
    "closeShift": _close_shift,
    "reportX": _report_x,
    **dict.fromkeys(json_receipt.TYPES, _receipt),
    "cashIn": _move_cash(Operation.CASH_IN),
    "cashOut": _move_cash(Operation.CASH_OUT),
    "continuePrint": _quiet(lambda driver: driver.kkm.finish_print()),
    "printLastReceiptCopy": _quiet(lambda driver: driver.kkm.print_again()),
    "openCashDrawer": _quiet(_open_drawer),
    "beginMarkingCodeValidation": _begin_check,
    "getMarkingCodeValidationStatus": _answering(lambda driver: driver.marks.status()),
    "acceptMarkingCode": _answering(lambda driver: driver.marks.accept()),
    "declineMarkingCode": _answering(lambda driver: driver.marks.decline()),
    "cancelMarkingCodeValidation": _quiet(lambda driver: driver.marks.cancel()),
    "clearMarkingCodeValidationResult": _quiet(lambda driver: driver.marks.clear()),
}
