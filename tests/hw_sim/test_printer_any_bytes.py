"""Whatever comes over the line: some paper, never an exception, and the same paper however the bytes were cut."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim.printer import MODELS, Interpreter, model_named, render

# fmt: off
RECEIPT = (
    b"\x1b@\x1c.\x1bt\x35\x1ba\x01\xd4\xc8\xd1\xca\xc0\xcb\xc4\xdb \xd7\xc5\xca\n\x1ba\x00"
    b"\x1bE\x01\x8d\xa2\xed\xfb\x1bE\x00  500,00\n\x1dv0\x00\x02\x00\x02\x00\x10\x04\x1b@\x10\x04\x01"
    b"\x1d(k\x03\x001C\x04\x1d(k\x06\x001P0abc\x1d(k\x03\x001Q0\x1dkC\x0d4870249811936"
    b"\x1b&\x03AB\x01abc\x02abcdef\x1b%\x01AB\n\x1b*\x21\x02\x00abcdef\n\x1dr\x01\x1dVB\x00\x1bp\x00\x32\x32"
)
COMMANDS = st.sampled_from([
    *(RECEIPT[start:start + size] for start in range(0, len(RECEIPT), 7) for size in (2, 9)),
    b"\x1d8L\xff\xff\xff\xff", b"\x1dv0\x00\xff\xff\xff\xff", b"\x1d(k\xff\x7f1P0", b"\x1b&\x03\x7e\x20", b"\x1d!\x77",
    b"\x1bD", b"\x1dW\x00\x00", b"\x1dL\xff\x00", b"\x1b$\xff\x00", b"\x1f\x1b\x10\x01\x02\x01", b"\xff", b"\xc3",
    b"\x1bZ\x28\x00\x01\x02\x00",
])
# fmt: on
STREAMS = st.lists(st.one_of(st.binary(max_size=20), COMMANDS), max_size=20).map(b"".join)


def state(printer: Interpreter) -> tuple[object, ...]:
    reply = printer.take_reply()
    return printer.paper, reply, list(printer.log), list(printer.unknown), printer.held_bytes, printer.condition


@given(data=STREAMS, model=st.sampled_from(sorted(MODELS)))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_paper_that_can_be_drawn(data, model):
    printer = Interpreter(model_named(model))
    printer.receive(data)
    printer.take_reply()
    if printer.paper.length < 5000:
        render(printer.paper)


@given(data=STREAMS, model=st.sampled_from(sorted(MODELS)), seed=st.integers(0, 99), rows=st.none() | st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_any_chunking_gives_the_same_paper_answers_and_log(data, model, seed, rows):
    whole, pieces = Interpreter(model_named(model)), Interpreter(model_named(model))
    whole.condition.rows_left = pieces.condition.rows_left = rows
    whole.receive(data)
    rng, at = random.Random(seed), 0
    while at < len(data):
        size = rng.choice((1, 1, 2, 5, 64))
        pieces.receive(data[at : at + size])
        at += size
    assert state(pieces) == state(whole)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_receipt_fed_byte_by_byte_is_the_same_as_fed_at_once(model):
    whole, pieces = Interpreter(model_named(model)), Interpreter(model_named(model))
    whole.receive(RECEIPT)
    for byte in RECEIPT:
        pieces.receive(bytes((byte,)))
    assert state(pieces) == state(whole)


@pytest.mark.parametrize("size", [1, 2, 64])
def test_real_time_bytes_inside_a_picture_are_dots_and_are_obeyed_all_the_same(size):
    printer = Interpreter(model_named("epson"))
    sent = b"\x1dv0\x00\x05\x00\x02\x00" + b"\x10\x04\x01\x00\x00" + b"\x10\x14\x01\x00\x01"
    for start in range(0, len(sent), size):
        printer.receive(sent[start : start + size])
    assert printer.take_reply() == b"\x12"
    assert printer.paper.images[0].bitmap.rows == b"\x10\x04\x01\x00\x00\x10\x14\x01\x00\x01"
    assert len(printer.paper.kicks) == 1


def test_a_recover_command_inside_a_picture_loses_what_was_waiting():
    printer = Interpreter(model_named("epson"))
    printer.condition.busy = True
    printer.receive(b"receipt\n\x1dv0\x00\x03\x00\x01\x00\x10\x05\x02")
    printer.condition.busy = False
    printer.settle()
    assert printer.paper.lines == []


def test_a_huge_promised_picture_does_not_swallow_the_rest_of_the_day():
    printer = Interpreter(model_named("epson"))
    printer.receive(b"\x1dv0\x00\xff\xff\xff\xff" + b"after\n")
    assert printer.paper.lines == ["after"]
