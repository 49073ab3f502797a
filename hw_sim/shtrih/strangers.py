"""What others do to a register while nobody looks: another operator, another program, a memory that forgets."""

from __future__ import annotations

from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.receipt import Item, Kind
from hw_sim.shtrih.register import SYSTEM, Register

ANOTHER_PROGRAM = "another program"  # In the ledger its receipts carry this for a key.
OPERATOR, SUM = 2, 10_000


def foreign_receipt(register: Register, operator: int = OPERATOR) -> None:
    """An operator opens a sale and goes away.

    Raises:
        Refused: he is not let.
    """
    register.begin(Kind.SALE, operator)


def another_program(register: Register, amount: int = SUM) -> None:
    """Another program makes a sale of `amount`; an open receipt is in its way and is cancelled.

    Raises:
        Refused: it is not let either; then it has left no receipt open.
    """
    if register.receipt is not None:
        register.cancel()
    receipt = register.begin(Kind.SALE, SYSTEM)
    receipt.key = ANOTHER_PROGRAM
    try:
        register.add(Item(ANOTHER_PROGRAM, 1000, 1000, amount, amount, (), 1))
        register.close(receipt.close((amount,), register.rates()))
    except Refused:
        register.cancel()
        raise


def turn_back(register: Register, by: int = 1) -> None:
    """From now on its counters show less than they should."""
    register.counter_offset -= by
    if register.storage is not None:
        register.storage.fd_offset -= by
