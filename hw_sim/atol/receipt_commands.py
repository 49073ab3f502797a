"""Commands of mode 1: shift, receipt, items, payment, cash.

Offsets as in github Zzzzipper/projects AtolProtocol.h; 99h and its answer: github kurbatov/atol4j, RemittanceCommand
and RemittanceResult; E8h (flags, blocks, block, tag, length, value): a public decoder of the vendor's driver logs in
Python, `process(line, wholeCommandLine, command, answerLine)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hw_sim.atol import bcd, tlv
from hw_sim.atol.problems import Problem, Refused
from hw_sim.atol.receipt import Line, tax_inside
from hw_sim.atol.session import DONE, TEST_FLAG, Session, need
from hw_sim.ledger import Operation

FINISH_ITEM_BYTES = 41  # Of EBh, before the name.
ITEM_BYTES = 103  # Of E6h.
MARK, MARK_OF_12 = 1162, 1163  # Tags of an item.


def _open_shift(session: Session, body: bytes) -> bytes:
    if not body:
        raise Refused(Problem.BAD_LENGTH)
    if not body[0] & TEST_FLAG:
        session.kkm.open_shift()
    return DONE


def _open_receipt(session: Session, body: bytes) -> bytes:
    need(body, 2)
    if body[0] & TEST_FLAG:
        return DONE
    session.kkm.begin(body[1], electronic=bool(body[0] & session.profile.do_not_print_flag))
    session.item_begun = False
    return DONE


def _begin_item(session: Session, body: bytes) -> bytes:
    need(body, 3)
    _only_with(session, 0xEA)
    if session.kkm.receipt is None:
        raise Refused(Problem.RECEIPT_CLOSED)
    if session.item_begun:
        raise Refused(Problem.WRONG_MODE)
    session.item_begun = True
    session.item_mark = ""
    return DONE


def _tag(session: Session, body: bytes) -> bytes:
    """E8h in one block; of an item's tags the marking code is kept: 1162, or what 1163 holds."""
    if len(body) < 7 or body[1] != 1 or body[2] != 0:
        raise Refused(Problem.BAD_FORMAT)
    if session.kkm.receipt is None:
        raise Refused(Problem.RECEIPT_CLOSED)
    tags = dict(tlv.read(body[3:]))
    if not tags:
        raise Refused(Problem.BAD_LENGTH)
    marks = [value for tag, value in tags.items() if tag == MARK]
    marks += [inner for tag, value in tags.items() if tag == MARK_OF_12 for inner in dict(tlv.read(value)).values()]
    if session.item_begun and marks:
        session.item_mark = marks[-1].decode("latin-1")
    return DONE


def _pay(session: Session, body: bytes) -> bytes:
    need(body, 7)
    if session.item_begun:
        raise Refused(Problem.WRONG_MODE)
    kind, given = bcd.decode(body[1:2]), bcd.decode(body[2:])
    if body[0] & TEST_FLAG:
        return DONE
    left, change = session.kkm.pay(kind, given)
    return DONE + bcd.encode(left, 5) + bcd.encode(change, 5)


def _finish_item(session: Session, body: bytes) -> bytes:
    _only_with(session, 0xEB)
    if len(body) < FINISH_ITEM_BYTES:
        raise Refused(Problem.BAD_LENGTH)
    if not session.item_begun:
        raise Refused(Problem.WRONG_MODE)
    price, quantity = bcd.decode(body[1:8]), bcd.decode(body[8:13])
    amount, tax_code, tax = bcd.decode(body[13:20]), body[20], bcd.decode(body[21:28])
    section, _subject, _method = (bcd.decode(body[at : at + 1]) for at in (28, 29, 30))
    discount = bcd.decode(body[32:39])
    raised = discount if body[31] else -discount
    total = _worth(price, quantity, amount, raised)
    rate = session.profile.tax_rates.get(tax_code, 0)
    tax = tax or tax_inside(total, rate)
    line = Line(_text(body[41:]), price, quantity, total, tax, section, session.item_mark)
    if not body[0] & TEST_FLAG:
        session.kkm.add(line)
        session.item_begun = False
    return DONE


def _item(session: Session, body: bytes) -> bytes:
    _only_with(session, 0xE6)
    need(body, ITEM_BYTES)
    price, quantity = bcd.decode(body[65:71]), bcd.decode(body[71:76])
    discount = bcd.decode(body[78:84])
    raised = discount if body[77] else -discount
    total = _worth(price, quantity, 0, raised)
    rate = session.profile.tax_rates.get(body[84], 0)
    line = Line(_text(body[1:65]), price, quantity, total, tax_inside(total, rate), bcd.decode(body[85:86]))
    if not body[0] & TEST_FLAG:
        session.kkm.add(line)
    return DONE


def _close(session: Session, body: bytes) -> bytes:
    need(body, 7)
    kind, given = bcd.decode(body[1:2]), bcd.decode(body[2:])
    if session.item_begun:
        raise Refused(Problem.WRONG_MODE)
    if body[0] & TEST_FLAG:
        return DONE
    receipt = session.kkm.receipt
    # Nothing given means: exactly what is to pay (atol4j CloseBillCommand).
    session.kkm.close({kind: given or (0 if receipt is None else receipt.unpaid_tiyn)})
    return DONE


def _cancel(session: Session, body: bytes) -> bytes:
    need(body, 0)
    session.kkm.cancel()
    session.item_begun = False
    return DONE


def _cash(operation: Operation) -> Callable[[Session, bytes], bytes]:
    def move(session: Session, body: bytes) -> bytes:
        need(body, 6)
        amount = bcd.decode(body[1:])
        if not body[0] & TEST_FLAG:
            session.kkm.move_cash(operation, amount)
        return DONE

    return move


def _only_with(session: Session, code: int) -> None:
    if code not in session.profile.model.item_commands:
        raise Refused(Problem.NOT_THIS_MODEL)


def _worth(price: int, quantity: int, amount: int, raised: int) -> int:
    """Sum of a line in tiyn; the one given must be that of price, quantity and discount, to the tiyn."""
    if not quantity:
        raise Refused(Problem.BAD_QUANTITY)
    worth = (2 * price * quantity + 1000) // 2000 + raised
    if not price or worth <= 0 or (amount and abs(amount - worth) > 1):
        raise Refused(Problem.BAD_PRICE)
    return amount or worth


def _text(data: bytes) -> str:
    return data.rstrip(b"\0 ").decode("cp866")


HANDLERS: Mapping[int, Callable[[Session, bytes], bytes]] = {
    0x9A: _open_shift,
    0x92: _open_receipt,
    0xEA: _begin_item,
    0xEB: _finish_item,
    0xE6: _item,
    0xE8: _tag,
    0x99: _pay,
    0x4A: _close,
    0x59: _cancel,
    0x49: _cash(Operation.CASH_IN),
    0x4F: _cash(Operation.CASH_OUT),
}
