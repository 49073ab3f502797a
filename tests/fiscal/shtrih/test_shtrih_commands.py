"""Requests and answers against golden payloads, both ways."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from shtrih_frames import Golden, golden, named

from fiscal.shtrih import answers, commands
from fiscal.shtrih.answers import AnswerShort, answer
from fiscal.shtrih.commands import COMMANDS, ItemV2, Who, request

Fields = dict[str, Any]


def text(fields: Fields) -> bytes:
    return str(fields["text"]).encode("cp1251")


def km(fields: Fields) -> bytes:
    return bytes.fromhex(fields["km"])


def item_v2(f: Fields) -> bytes:
    values = (f["operation"], f["quantity"], f["price"], f["sum"], f["tax"], f["department"], f["subject"], text(f))
    return ItemV2(*values, method=f["method"], tax_sum=f["tax_sum"]).operands()


OPERANDS: dict[str, Callable[[Fields], bytes]] = {
    "8D": lambda f: commands.open_receipt(f["kind"]),
    "80": lambda f: commands.item(f["quantity"], f["price"], f["department"], f["taxes"][0], text(f)),
    "85": lambda f: commands.close(f["payments"], text(f), f["taxes"]),
    "50": lambda f: commands.money(f["sum"]),
    "51": lambda f: commands.money(f["sum"]),
    "1A": lambda f: bytes((f["register"],)),
    "1B": lambda f: bytes((f["register"],)),
    "1F": lambda f: commands.table_field(f["table"], f["row"], f["field"]),
    "FF0A": lambda f: int(f["fd"]).to_bytes(4, "little"),
    "FF3A": lambda f: int(f["fd"]).to_bytes(4, "little"),
    "FF46": item_v2,
    "FF61": lambda f: commands.check_mark(f["planned"], km(f)),
    "FF67": lambda f: commands.bind_mark(km(f)),
    "FF69": lambda f: bytes((f["decision"],)),
}
OURS = [one for one in golden() if one.direction == "host" and one.command in COMMANDS and one.command != "FF45"]


@pytest.mark.parametrize("one", OURS, ids=lambda one: f"{one.layer}: {one.name}")
def test_a_request_is_the_golden_one(one: Golden) -> None:
    operands = OPERANDS.get(one.command, lambda f: b"")(one.fields)
    # Captured names are padded with NUL to a fixed width, which the length of the frame shows.
    operands = operands.ljust(len(one.operands), b"\0") if one.command == "FF46" else operands
    assert request(COMMANDS[one.command], one.fields.get("password", 0), operands) == one.payload


def test_ff45_is_the_golden_one_with_and_without_text() -> None:
    for name, tail in (("FF45 close with 500.00 in cash, tax system 1, text of 64 NUL", bytes(64)),
                       ("FF45 close with 100.00 in cash, without text", b"")):  # fmt: skip
        one = named(name)
        operands = commands.close_v2(one.fields["payments"], one.fields["tax_system"], tail)
        assert request(COMMANDS["FF45"], 30, operands) == one.payload


def test_ff45_in_its_first_form_has_the_length_the_layout_gives() -> None:
    payload = request(COMMANDS["FF45"], 30, commands.close_v2_old((50000, 700), 1, "Спасибо".encode("cp1251")))
    assert len(payload) == 133
    assert (payload[6:11], payload[11:16], payload[86:92], payload[92]) == (
        bytes.fromhex("50 C3 00 00 00"), bytes.fromhex("BC 02 00 00 00"), bytes(6), 1
    )  # fmt: skip
    assert payload[93:133].rstrip(b"\0") == "Спасибо".encode("cp1251")


@pytest.mark.parametrize(
    ("operands", "size"),
    [
        (commands.item(1000, 1, 1, 0, b""), 60),
        (commands.modifier(100, 1), 54),
        (commands.close((1,)), 71),
        (commands.print_line(b"M:[0487]"), 46),
        (commands.print_line(b"x" * 60, 60), 66),
    ],
)
def test_fixed_fields_make_messages_of_the_documented_length(operands: bytes, size: int) -> None:
    assert 1 + 4 + len(operands) == size


def test_what_does_not_fit_a_field_is_never_cut() -> None:
    with pytest.raises(ValueError, match="41 bytes do not fit 40"):
        commands.item(1000, 1, 1, 0, b"x" * 41)
    with pytest.raises(ValueError, match="5 kinds of payment do not fit 4"):
        commands.close((1, 2, 3, 4, 5))
    with pytest.raises(OverflowError):
        commands.money(1 << 40)


def test_commands_carry_the_password_of_whom_they_are_for() -> None:
    assert request(COMMANDS["FC"], 30) == b"\xfc"
    assert request(COMMANDS["41"], 29) == bytes.fromhex("41 1D 00 00 00")
    assert COMMANDS["41"].who is Who.ADMIN and COMMANDS["8D"].who is Who.OPERATOR
    fiscal = {"41", "50", "51", "80", "82", "85", "8D", "E0", "FF0B", "FF45", "FF46", "FF61", "FF67", "FF69", "88"}
    assert not [code for code in fiscal if COMMANDS[code].reads]
    limits = {"10": 3, "11": 3, "40": 30, "41": 65, "E0": 120, "FF61": 40, "FF67": 40, "FF45": 30}
    assert {code: COMMANDS[code].timeout_s for code in limits} == limits


def body_of(name: str) -> bytes:
    one = named(name)
    found = answer(one.payload, bytes.fromhex(one.command))
    assert found.error == one.fields["error"]
    return found.body


def at(text_: str) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text_) if text_ else None


STATES = [one for one in golden() if one.direction == "register" and one.command == "10" and not one.fields["error"]]


@pytest.mark.parametrize("one", STATES, ids=lambda one: one.name)
def test_a_short_state_is_read(one: Golden) -> None:
    state, f = answers.short_state(one.body), one.fields
    assert (state.flags, state.mode, state.submode) == (f["flags"], f["mode"], f["submode"])
    assert state.last_print == f.get("last_print")


def test_a_full_state_is_read() -> None:
    one = named("11h answer, NUM 3, shift 1 open, document 1")
    full, f = answers.full_state(one.body), one.fields
    assert (full.document, full.serial, full.last_shift) == (f["document"], f["serial"], f["last_shift"])
    assert (full.state.flags, full.state.mode, full.state.submode) == (f["flags"], f["mode"], f["submode"])
    assert full.clock == dt.datetime.fromisoformat(f"{f['date']}T{f['time']}")
    assert full.memory_flags == f["fp_flags"]


def test_the_device_type_is_read() -> None:
    kazakh = answers.device_type(body_of("FC answer of ШТРИХ-ON-LINE, protocol 1.16, Kazakh language"))
    assert (kazakh.type, kazakh.major, kazakh.minor, kazakh.model, kazakh.language) == (0, 1, 16, 25, 3)
    assert kazakh.name == "ШТРИХ-ON-LINE"
    assert answers.device_type(body_of("FC answer of ШТРИХ-СМАРТПОС-Ф")).name == "ШТРИХ-СМАРТПОС-Ф"


def test_registers_numbers_and_change_are_read() -> None:
    assert answers.register_value(body_of("1B answer, 12"), 2) == 12
    assert answers.document_number(body_of("50 answer, document 345")) == 345
    assert answers.change(body_of("85 answer, no change")) == 0
    assert answers.subtotal(bytes.fromhex("1E 50 C3 00 00 00")) == 50000


@pytest.mark.parametrize(
    "name", ["FF01 answer, shift open, last document 1234", "FF01 answer, a receipt is open in the fiscal storage"]
)
def test_the_state_of_the_storage_is_read(name: str) -> None:
    storage, f = answers.storage(body_of(name)), named(name).fields
    assert (storage.document, storage.shift_open, storage.warnings) == (f["document"], f["shift"] == 1, f["warnings"])
    assert (storage.number, storage.last_fd) == (f["storage"], f["last_fd"])


def test_documents_and_shift_of_the_storage_are_read() -> None:
    f = named("FF0A answer, receipt 1235, income of 500.00").fields
    found = answers.stored_document(body_of("FF0A answer, receipt 1235, income of 500.00"))
    assert (found.type, found.fd, found.sign, found.at) == (3, f["fd"], f["sign"], at(f["at"]))
    assert (found.operation, found.sum, found.confirmed) == (f["operation"], f["sum"], False)
    opening = answers.stored_document(body_of("FF0A answer, receipt 1235, income of 500.00")[:17])
    assert opening.operation is None and opening.sum is None
    shift = answers.shift_numbers(body_of("FF40 answer, shift 7 open, 12 receipts"))
    assert (shift.open, shift.shift, shift.receipt) == (True, 7, 12)


def test_the_queue_for_the_operator_is_read() -> None:
    queue = answers.ofd_queue(body_of("FF39 answer, nothing waits"))
    assert (queue.waiting, queue.first_fd, queue.first_at) == (0, 0, None)
    waiting = answers.ofd_queue(bytes.fromhex("02 00 03 00 D2 04 00 00 1A 07 0F 0A 1E"))
    assert (waiting.waiting, waiting.first_fd, waiting.first_at) == (3, 1234, at("2026-07-15T10:30"))
    assert answers.unconfirmed(b"\x03\x00") == 3


def test_a_closed_receipt_is_read_in_its_three_lengths() -> None:
    f = named("FF45 answer, document 1235").fields
    full = answers.closed_receipt(body_of("FF45 answer, document 1235"))
    assert (full.change, full.fd, full.sign, full.at) == (0, f["fd"], f["sign"], at(f["at"]))
    name = "FF45 answer, NUM 37, document 82, without a date"
    shorter = answers.closed_receipt(named(name).body)
    assert (shorter.fd, shorter.sign, shorter.at) == (82, named(name).fields["sign"], None)
    assert answers.closed_receipt(bytes.fromhex("10 27 00 00 00")) == answers.ClosedReceipt(10000, None, None, None)


def test_checks_of_marking_codes_are_read_in_the_order_of_the_text() -> None:
    check = answers.mark_check(body_of("FF61 answer with the opinion of the server"))
    assert (check.local, check.reason, check.type, check.storage_code, check.result) == (0, 1, 1, 0, 5)
    alone = answers.mark_check(body_of("FF61 answer of a register that works alone"))
    assert (alone.local, alone.reason, alone.type, alone.storage_code, alone.result) == (0, 1, 5, None, None)
    buffer = answers.mark_buffer(body_of("FF70 answer, nothing pending"))
    assert (buffer.state, buffer.saved) == (1, 0)


def test_long_numbers_and_parameters_are_read() -> None:
    raw = (34423).to_bytes(7, "little") + (600301234567).to_bytes(7, "little")
    assert answers.long_numbers(raw) == answers.LongNumbers(34423, 600301234567)
    assert answers.long_numbers(b"\xff" * 7 + bytes(7)) == answers.LongNumbers(None, None)
    assert answers.parameter_bits(bytes.fromhex("1A 00 00 10 00 00 00 00 24 24")) == 0x1000001A


PARSERS: dict[str, Callable[[bytes], object]] = {
    "10": answers.short_state, "11": answers.full_state, "89": answers.subtotal, "0F": answers.long_numbers,
    "FC": answers.device_type, "F7": answers.parameter_bits, "FF01": answers.storage, "FF0A": answers.stored_document,
    "FF39": answers.ofd_queue, "FF40": answers.shift_numbers, "FF45": answers.closed_receipt,
    "FF61": answers.mark_check, "FF70": answers.mark_buffer, "FF3F": answers.unconfirmed,
}  # fmt: skip


@pytest.mark.parametrize("code", PARSERS)
def test_an_answer_without_its_fields_is_no_answer(code: str) -> None:
    with pytest.raises(AnswerShort, match="wants"):
        PARSERS[code](b"\0")
    with pytest.raises(AnswerShort):
        PARSERS[code](b"")


@pytest.mark.parametrize("payload", ["", "10", "FF", "FF 01", "11 00", "FF 40 00"])
def test_an_answer_to_another_command_is_no_answer(payload: str) -> None:
    head = b"\xff\x01" if payload.startswith("FF") else b"\x10"
    with pytest.raises(AnswerShort):
        answer(bytes.fromhex(payload), head)


def test_times_that_never_were_are_none() -> None:
    body = bytearray(named("11h answer, NUM 3, shift 1 open, document 1").body)
    body[23:26] = b"\0\0\0"
    assert answers.full_state(bytes(body)).clock is None
    body[30:34] = b"\xff" * 4
    assert answers.full_state(bytes(body)).serial is None
