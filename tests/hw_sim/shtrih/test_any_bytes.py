"""Whatever bytes come, the simulated register neither breaks nor makes a document of noise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shtrih_till import ACK, ENQ, NAK, Till, framed, packet

from hw_sim.shtrih.catalogue import COMMANDS
from hw_sim.shtrih.models import MODELS

LAYERS = ("standard", "numbered", "auto")
CODES = sorted({code.split()[0] for code in COMMANDS})


def left(till):
    register = till.register
    return (till.memory.rows(), till.memory.shift, till.memory.cancelled, register.receipt, register.date_to_confirm)


@pytest.mark.parametrize("layer", LAYERS)
@settings(deadline=None)
@given(pieces=st.lists(st.tuples(st.binary(max_size=40), st.floats(0, 0.3)), max_size=12))
def test_noise_leaves_nothing_and_the_register_goes_on(layer, pieces):
    till = Till(model="fn", layer=layer)
    before = left(till)
    for data, pause_s in pieces:
        till.line.write(data)
        till.clock.sleep(pause_s)
        till.line.read(0)
    assert left(till) == before
    till.clock.sleep(1)
    while till.line.read(0.1):
        pass
    if layer == "standard":
        assert till.say(ENQ) == NAK
        assert till.say(framed(till.request("FC", password=None))) == ACK


@pytest.mark.parametrize("model", MODELS)
@settings(deadline=None)
@given(commands=st.lists(st.tuples(st.sampled_from(CODES), st.binary(max_size=200)), max_size=15))
def test_commands_with_any_parameters_are_always_answered(model, commands):
    till = Till(model=model, layer="numbered", print_s=0)
    for code, parameters in commands:
        answer = till.ask(code, parameters, password=None)
        assert len(answer) >= 1
    assert till.memory.rows() == []  # A password of four right bytes is not to be hit on by chance.


@pytest.mark.parametrize("model", MODELS)
@settings(deadline=None)
@given(
    commands=st.lists(
        st.one_of(
            st.tuples(st.sampled_from(CODES), st.binary(max_size=180)),
            st.sampled_from(CODES).flatmap(
                lambda code: st.tuples(st.just(code), st.binary(min_size=size_of(code), max_size=size_of(code)))
            ),
        ),
        max_size=25,
    )
)
def test_any_parameters_with_the_right_password_are_answered_and_the_books_balance(model, commands):
    till = Till(model=model, layer="numbered", print_s=0)
    for code, parameters in commands:
        till.ask(code, parameters)
    assert balance(till) == till.memory.cash_tiyn
    for document in till.memory.documents:
        assert document.total > 0


def size_of(code):
    """Bytes a command takes at least after its password."""
    fields = COMMANDS[code].fields
    return sum(field.least * field.count for field in fields if field.name != "password")


def balance(till):
    """The drawer as the ledger would have it."""
    cash = 0
    for document in till.memory.documents:
        taken = dict(document.payments).get(1, 0) if document.operation.is_receipt else document.total
        cash += document.operation.cash_sign * int((taken - document.change) * 100)
    return cash


@pytest.mark.parametrize("layer", ["standard", "numbered"])
@settings(deadline=None)
@given(data=st.binary(min_size=1, max_size=120))
def test_a_frame_put_together_right_is_answered_in_a_frame_put_together_right(layer, data):
    till = Till(model="fn", layer=layer)
    if layer == "standard":
        assert till.say(framed(data)) == ACK
        answer = till.line.read(60)
        assert framed(answer[2:-1]) == answer
    else:
        till.line.write(packet(2, data))
        assert till.line.read(60)[:1] == b"\x8f"
