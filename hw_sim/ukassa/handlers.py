"""What each path of the service does once the caller is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from hw_sim.cloud_service import CloudCall
from hw_sim.device.memory import ClosedShift, Shift
from hw_sim.exchange import SimReply, json_reply
from hw_sim.faults import Fault
from hw_sim.ledger import Operation
from hw_sim.ukassa import answers
from hw_sim.ukassa.errors import Refusal, conflict, invalid, not_found, refused
from hw_sim.ukassa.fields import Fields, read_body
from hw_sim.ukassa.profile import KeyHeader, OtherBody, Repeats, ReturnReference
from hw_sim.ukassa.receipt import Draft, read_receipt
from hw_sim.ukassa.till import Record, Till

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)
_PLACEMENTS: Mapping[int, Operation] = {0: Operation.CASH_IN, 1: Operation.CASH_OUT}
_BASIS_OF = {Operation.SALE_RETURN: Operation.SALE, Operation.PURCHASE_RETURN: Operation.PURCHASE}
_CLOSED = "Смена закрыта"


class Call(CloudCall[Till]):
    """One request."""

    def body(self) -> Fields:
        return read_body(self.request.body)

    def key(self) -> str:
        """The idempotency key, "" for none.

        Raises:
            Refusal: it is missing though required, or no UUID of version 4.
        """
        profile, headers = self.till.profile, self.request.headers
        names = [name.value for name in KeyHeader if profile.key_header in (name, KeyHeader.BOTH)]
        key = next((headers[name] for name in names if name in headers), "").strip().lower()
        if not key and profile.key_required:
            raise refused("Не указан ключ идемпотентности")
        if key and profile.key_uuid4_only and not _UUID4.fullmatch(key):
            raise refused("Ключ идемпотентности должен быть UUID версии 4")
        return key

    def reply(self, content: object, status: int = 200) -> SimReply:
        return json_reply(answers.decimals(content, self.till), status)


Handler = Callable[[Call], SimReply]


def sell(asked: Call) -> SimReply:
    """Register a receipt, or answer what was registered under the same key before."""
    return _write(asked, _register_receipt, asked.till.profile.receipt_status)


def cash(asked: Call) -> SimReply:
    """Put cash in or take it out; the answer is a sentence."""
    return _write(asked, _register_cash, 200)


def _write(asked: Call, register_it: Callable[[Call, str, Fields], Record], status: int) -> SimReply:
    till, key, fields = asked.till, asked.key(), asked.body()
    first = till.with_key(key)
    # A flag a public client sends after 409: it switches the protection off for this request.
    unprotected = till.profile.repeats is Repeats.REGISTER or fields.content.get("skip_idempotence_error") is True
    if first is None or unprotected:
        return _receipt_reply(asked, register_it(asked, key, fields), status)
    same = first.body == fields.content
    if same and till.profile.repeats is Repeats.CONFLICT:
        raise conflict()
    if not same and till.profile.other_body is OtherBody.CONFLICT:
        raise conflict()
    if asked.queue.draw_point("repeat_conflict", asked.operation):
        raise conflict()
    return _receipt_reply(asked, first, status, repeated=True)


def _receipt_reply(asked: Call, record: Record, status: int, *, repeated: bool = False) -> SimReply:
    if not record.document.operation.is_receipt:
        return asked.reply({"message": "Операция успешно выполнена"}, status)
    data = answers.receipt_data(record, asked.till)
    if repeated and asked.queue.draw_point("repeat_other_total", asked.operation):
        data = answers.with_total(data, 100)
    return asked.reply({"message": "OK", "data": data}, status)


def _require_kassa(asked: Call, fields: Fields) -> None:
    if fields.whole("kassa") != asked.till.profile.kassa:
        raise not_found()


def _register_receipt(asked: Call, key: str, fields: Fields) -> Record:
    till = asked.till
    draft = read_receipt(fields, till.profile, till.memory.identity.taxpayer_xin)
    if fields.has("operation"):  # The body of v1 names no till: the login did.
        _require_kassa(asked, fields)
    basis = _basis(till, fields, draft)
    till.require_writable(draft.operation, draft.cash_tiyn)
    return till.register(
        draft.operation,
        draft.total_tiyn,
        key,
        fields.content,
        payments_tiyn=draft.payments_tiyn,
        cash_tiyn=draft.cash_tiyn,
        change_tiyn=draft.change_tiyn,
        tax_tiyn=draft.tax_tiyn,
        marks=draft.marks,
        positions=tuple(item.row for item in draft.items),
        basis=basis,
        offline=asked.offline,
    )


def _basis(till: Till, fields: Fields, draft: Draft) -> Mapping[str, Any] | None:
    """The sale a return names, when it must or may name one."""
    rule = till.profile.return_reference
    wanted = rule is not ReturnReference.IGNORED and draft.operation.is_return
    if not wanted or (rule is ReturnReference.CHECKED and not fields.has("return_check_pk")):
        return None
    original = till.with_id(fields.whole("return_check_pk"))
    if original is None or original.document.operation is not _BASIS_OF[draft.operation]:
        raise invalid(("return_check_pk",), "Недопустимый первичный ключ - объект не существует.")
    return {"CheckNumber": original.document.sign}


def _register_cash(asked: Call, key: str, fields: Fields) -> Record:
    till = asked.till
    _require_kassa(asked, fields)
    number = fields.whole("operation_type")
    if number not in _PLACEMENTS:
        raise fields.wrong("operation_type", f"Значения {number} нет среди допустимых вариантов.")
    amount = fields.money("amount")
    if not amount:
        raise fields.wrong("amount", "Сумма должна быть больше нуля.")
    till.require_writable(_PLACEMENTS[number], amount)
    return till.register(_PLACEMENTS[number], amount, key, fields.content, offline=asked.offline)


def x_report(asked: Call) -> SimReply:
    till, fields = asked.till, asked.body()
    _require_kassa(asked, fields)
    if till.memory.shift is None:
        raise refused(_CLOSED)
    return asked.reply(_with_html(answers.report_data(till, till.memory.shift, None), fields))


def close(asked: Call) -> SimReply:
    """Z; refused while no shift is open."""
    till, fields = asked.till, asked.body()
    _require_kassa(asked, fields)
    if till.memory.shift is None:
        raise refused(_CLOSED)
    closed = _close(till, till.memory.shift)
    data = {"z_shift": closed.number, "closed_at": till.stamp(closed.closed_ns)}
    return asked.reply(_with_html({"message": "OK", "data": data}, fields))


def close_any_shift(till: Till) -> None:
    """Close the shift, if one is open, for somebody else."""
    if till.memory.shift is not None:
        _close(till, till.memory.shift)


def _close(till: Till, shift: Shift) -> ClosedShift:
    till.reports[shift.number] = answers.report_data(till, shift, till.now())
    return till.memory.close_shift(till.now())


def _with_html(content: dict[str, Any], fields: Fields) -> dict[str, Any]:
    wanted = fields.flag("html_code", default=False)
    return {**content, "html": "<html><body>Отчет</body></html>"} if wanted else content


def z_report(asked: Call) -> SimReply:
    """The report of a closed shift, by the shift's id."""
    till = asked.till
    number = asked.body().whole("shift") - till.profile.shift_id_base
    if number not in till.reports:
        raise not_found()
    return asked.reply(till.reports[number])


def shifts(asked: Call) -> SimReply:
    """Newest first, the open one among them."""
    till, memory = asked.till, asked.till.memory
    if asked.request.query.get("kassa") != str(till.profile.kassa):
        raise not_found()
    known: list[Shift | ClosedShift] = [*memory.closed, *([memory.shift] if memory.shift else [])]
    return asked.reply([answers.shift_row(shift, till) for shift in reversed(known)])


def operations(asked: Call) -> SimReply:
    """The operations of a shift, by its id."""
    till = asked.till
    records = [
        record
        for record in till.records
        if str(till.profile.shift_id_base + record.document.shift) == asked.request.query.get("shift")
        and (record.document.operation.is_receipt or till.profile.cash_in_list)
    ]
    rows = [answers.operation_row(record, till) for record in records]
    return asked.reply(rows[::-1] if till.profile.newest_first else rows)


def one_operation(asked: Call) -> SimReply:
    record = asked.till.with_id(asked.numbers[0])
    if record is None:
        raise not_found()
    data = answers.receipt_data(record, asked.till)
    return asked.reply({"data": data} if asked.till.profile.operation_in_data else data)


def departments(asked: Call) -> SimReply:
    return asked.reply([{"id": asked.till.profile.section, "name_ru": "Отдел 1"}])


def user(asked: Call) -> SimReply:
    return asked.reply(answers.user_data(asked.till))


def by_order(fault: Fault) -> Refusal:
    """A refusal somebody ordered."""
    text = str(fault.params.get("message", "Касса заблокирована"))
    return refused(text, int(fault.params.get("status", 400)))
