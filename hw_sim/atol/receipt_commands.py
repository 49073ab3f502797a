"""Commands of mode 1: shift, receipt, items, payment, cash. Offsets as in github Zzzzipper/projects AtolProtocol.h."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hw_sim.atol import bcd
from hw_sim.atol.problems import Problem, Refused
from hw_sim.atol.receipt import Line, tax_inside
from hw_sim.atol.session import DONE, TEST_FLAG, Session, need
from hw_sim.ledger import Operation

FINISH_ITEM_BYTES = 41  # Of EBh, before the name.
ITEM_BYTES = 103  # Of E6h.


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
    return DONE


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
    line = Line(_text(body[41:]), price, quantity, total, tax or tax_inside(total, rate), section)
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
    # Nothing given means: exactly the total (atol4j CloseBillCommand).
    session.kkm.close({kind: given or (0 if receipt is None else receipt.total_tiyn)})
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
    0x4A: _close,
    0x59: _cancel,
    0x49: _cash(Operation.CASH_IN),
    0x4F: _cash(Operation.CASH_OUT),
}
