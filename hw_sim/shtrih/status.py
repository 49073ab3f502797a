"""What a register says about itself: 0Fh, 10h, 11h, 1Ah, 1Bh, 6Bh, F7h, FCh.

Source: vendor's "Протокол работы ККТ 2.0" rev. 11. Voltages, versions of the fiscal memory and widths are choices.
"""

from __future__ import annotations

from hw_sim.ledger import Operation
from hw_sim.shtrih import errors, totals
from hw_sim.shtrih.call import Answer, Call, Handlers, money, whole
from hw_sim.shtrih.clock import clock_time, day
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.register import MODE_RECEIPT, Register

ROLL, PAPER, COVER, DRAWER = 1 << 1, 1 << 7, 1 << 10, 1 << 11
LAST_PRINT_BIT = 34  # Model parameter: the 10h answer has a 17th byte.
MEMORY_FINE, SHIFT_IS_OPEN, DAY_IS_OVER = 0b0010_0111, 1 << 6, 1 << 7
MEMORY_AT_WORK = 4
FREE_RECORDS = 2000
MODES = (
    "printer works", "gives out data", "shift open", "shift longer than 24 h", "shift closed", "locked",
    "date to be confirmed", "decimal point may change", "document open", "technological zeroing", "test run",
    "prints a full fiscal report", "prints a journal report", "slip document open", "prints a slip", "slip formed",
)  # fmt: skip
SUBMODES = (
    "at rest", "no paper", "paper ran out", "waits for B0", "prints a full fiscal report", "prints",
)  # fmt: skip
MODEL_PARAMETERS = 1


def flags(register: Register) -> int:
    """The flags: what is fixed in the model, and what the mechanics look like now. Bit 1 goes when the roll is low."""
    mechanics, value = register.mechanics, register.profile.flags
    if not mechanics.paper:
        value &= ~PAPER
    if not mechanics.paper or mechanics.paper_low:
        value &= ~ROLL
    return value | COVER * mechanics.cover_open | DRAWER * mechanics.drawer_open


def document_number(register: Register) -> int:
    """The running number as it is shown."""
    return (register.counters.document + register.counter_offset) % totals.NUMBER_LIMIT


def digits(text: str) -> int:
    """The number the digits of a text make; a factory number may have letters, its field cannot."""
    return int("".join(letter for letter in text if letter in "0123456789") or "0")


def in_words(register: Register) -> str:
    """Mode and submode for a person."""
    mode, submode, receipt = register.mode(), register.submode(), register.receipt
    name = MODES[mode & 0xF]
    if receipt is not None and mode & 0xF == MODE_RECEIPT:
        name = f"{receipt.kind.operation} open, {receipt.operations} operations"
    said = SUBMODES[submode] if submode < len(SUBMODES) else "unknown"
    return f"mode {mode:02X} ({name}), submode {submode} ({said})"


def short_status(call: Call) -> Answer:
    register = call.register
    operations = 0 if register.receipt is None else register.receipt.operations
    data = (
        whole(flags(register), 2)
        + bytes((register.mode(), register.submode(), operations & 0xFF, 0, 0, 0, 0, operations >> 8))
        + bytes(3)
    )
    if LAST_PRINT_BIT in register.profile.model_bits:
        data += bytes((register.printer.last,))
    return Answer(data, in_words(register))


def full_status(call: Call) -> Answer:
    register, profile = call.register, call.register.profile
    shown, identity = register.clock.moment(), register.memory.identity
    date, month, year = profile.software_date
    shift = SHIFT_IS_OPEN * (register.memory.shift is not None) | DAY_IS_OVER * register.shift_over
    serial = digits(identity.serial)
    data = b"".join(
        (
            profile.version.replace(".", "").encode("ascii"),
            whole(profile.build, 2),
            bytes((date, month, year % 100, register.settings.number(1, 1, 1))),
            whole(document_number(register), 2),
            whole(flags(register), 2),
            bytes((register.mode(), register.submode(), register.port)),
            b"NA" + bytes(2) + bytes((1, 1, 16)),
            day(shown) + clock_time(shown),
            bytes((MEMORY_FINE | shift,)),
            whole(serial, 4),
            whole(register.last_closed_shift, 2),
            whole(FREE_RECORDS, 2),
            bytes((1, 15)),
            whole(digits(identity.taxpayer_xin), 6),
            bytes((0, MEMORY_AT_WORK)),
            whole(serial >> 32, 2),
        )
    )
    # The answer counts its code, the error byte and the operator too; older models end sooner.
    return Answer(
        data[: profile.status_size - 3],
        f"{in_words(register)}, document {document_number(register)}, last shift {register.last_closed_shift}",
    )


def long_numbers(call: Call) -> Answer:
    identity = call.register.memory.identity
    return Answer(whole(digits(identity.serial), 7) + whole(digits(identity.registration_number), 7), identity.serial)


def money_register(call: Call) -> Answer:
    register, number = call.register, call.values["register"]
    value = _money(register, number)
    return Answer(whole(value, 6), money(value))


def _money(register: Register, number: int) -> int:
    shift = register.memory.shift
    moved = {} if shift is None else shift.sums_tiyn
    single = {
        totals.CASH_AT_CLOSING: register.cash_at_closing,
        totals.CASH_IN_DRAWER: register.cash,
        totals.CASH_IN_OF_SHIFT: moved.get(Operation.CASH_IN, 0) // register.unit_tiyn,
        totals.CASH_OUT_OF_SHIFT: moved.get(Operation.CASH_OUT, 0) // register.unit_tiyn,
    }
    if number in single:
        return single[number]
    receipt = _receipt_sums(register).money
    found = totals.by_tables(number, receipt, register.shift_sums.money, totals.RECEIPT_MONEY, totals.SHIFT_MONEY)
    return found or 0


def operation_register(call: Call) -> Answer:
    register, number = call.register, call.values["register"]
    plain = register.counters.by_register()
    if number in plain:
        value = plain[number]
        if totals.RECEIPT_NUMBERS <= number <= totals.DOCUMENT_NUMBER:
            value = (value + register.counter_offset) % totals.NUMBER_LIMIT
    else:
        counts = _receipt_sums(register).counts
        value = (
            totals.by_tables(number, counts, register.shift_sums.counts, totals.RECEIPT_COUNTS, totals.SHIFT_COUNTS)
            or 0
        )
    return Answer(whole(value, 2), str(value))


def _receipt_sums(register: Register) -> totals.Sums:
    return register.last_sums if register.receipt is None else totals.sums_of(register.receipt)


def error_name(call: Call) -> Answer:
    text = errors.name_ru(call.values["code"], storage=call.register.storage is not None)
    return Answer(text.encode(call.register.profile.code_page, "replace"), text)


def device_type(call: Call) -> Answer:
    profile = call.register.profile
    major, minor = profile.protocol
    name = profile.device.encode(profile.code_page, "replace")
    return Answer(bytes((0, 0, major, minor, profile.model, profile.language)) + name, profile.device)


def model_parameters(call: Call) -> Answer:
    if call.values["kind"] != MODEL_PARAMETERS:
        raise Refused(errors.WRONG_PARAMETERS)
    bits = sum(1 << bit for bit in call.register.profile.model_bits)
    widths_and_digits = bytes((36, 18, 1, 12, 12, 14, 14))
    passwords = whole(0, 4) + whole(30, 4)
    return Answer(whole(bits, 8) + widths_and_digits + passwords + bytes((0, 14)) + whole(0xFF, 2) + bytes((40,)))


HANDLERS: Handlers = {
    "0F": long_numbers,
    "10": short_status,
    "11": full_status,
    "1A": money_register,
    "1B": operation_register,
    "6B": error_name,
    "F7": model_parameters,
    "FC": device_type,
}
