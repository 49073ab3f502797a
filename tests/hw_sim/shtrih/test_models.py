"""Models of the simulated register: which commands they have, and that everything else is answered with 37h."""

import pytest
from shtrih_till import Till, number

from hw_sim.shtrih import MODELS, LayerName, make
from hw_sim.shtrih.catalogue import COMMANDS, Gate
from hw_sim.shtrih.dispatch import HANDLERS
from hw_sim.shtrih.layout import fits, layout, read, words
from hw_sim.shtrih.models import MARKING_COMMANDS, STORAGE_COMMANDS, profile

# The column of Kazakhstan in the vendor's list of commands, as ranges and single codes.
KAZAKH_COLUMN = {
    *range(0x10, 0x18), *range(0x1A, 0x20), *range(0x21, 0x2A), *range(0x2B, 0x30), *range(0x40, 0x44), 0x50, 0x51,
    0x60, *range(0x62, 0x6A), *range(0x80, 0x8E), 0xB0, 0xFC,
}  # fmt: skip


def known(model, **options):
    """Codes a model does not answer with 37h."""
    codes = [f"{code:02X}" for code in range(0xFF)] + [f"FF{code:02X}" for code in range(0x100)]
    till = Till(model=model, **options)
    return {code for code in codes if till.machine.perform(bytes.fromhex(code)).payload[-1:] != b"\x37"}


def test_every_command_of_the_table_has_someone_to_obey_it_and_the_other_way_round():
    assert set(HANDLERS) == {code.split()[0] for code in COMMANDS}


@pytest.mark.parametrize("model", MODELS)
def test_a_model_knows_the_commands_of_its_row_and_no_other(model):
    row = MODELS[model]
    marking = MARKING_COMMANDS | STORAGE_COMMANDS if row.ffxx == "all" else set()
    assert known(model) == row.commands | marking | {"FC"}


def test_the_kazakh_model_has_no_command_outside_of_its_column():
    assert {int(code, 16) for code in known("kz-fr")} <= KAZAKH_COLUMN
    assert not {code for code in known("kz-fr") if code.startswith("FF")}


@pytest.mark.parametrize("ffxx", ["none", "marking", "all"])
@pytest.mark.parametrize("model", MODELS)
def test_the_ffxx_set_of_any_model_can_be_changed(model, ffxx):
    sets = {"none": set(), "marking": MARKING_COMMANDS, "all": MARKING_COMMANDS | STORAGE_COMMANDS}
    assert {code for code in known(model, ffxx=ffxx) if code.startswith("FF")} == sets[ffxx]


@pytest.mark.parametrize("data", [b"", b"\xff"])
def test_a_command_that_is_not_whole_is_unknown(data):
    till = Till(model="fn", layer="numbered")
    assert till.machine.perform(data).payload == data + b"\x37"


@pytest.mark.parametrize("code", COMMANDS)
def test_a_command_of_the_wrong_length_is_refused_with_7eh(code):
    if code == "FF45 old":
        till, code = Till(model="fn-old"), "FF45"
        longest = COMMANDS["FF45 old"]
    else:
        till, longest = Till(model="on-line"), COMMANDS[code]
    most = sum(field.most * field.count for field in longest.fields)
    assert till.machine.perform(bytes.fromhex(code) + bytes(most + 1)).payload[-1:] == b"\x7e"
    if longest.fields:
        assert till.machine.perform(bytes.fromhex(code)).payload[-1:] == b"\x7e"


def test_what_does_not_exist_is_named_with_what_is_near():
    till = Till()
    with pytest.raises(ValueError, match="did you mean 'on-line'"):
        make(till.clock.now, till.machine.rng, model="online")
    with pytest.raises(ValueError, match="no model 'x': kz-fr, on-line, fn, fn-old"):
        profile("x")
    with pytest.raises(ValueError, match="'slow' is not a valid LayerName"):
        make(till.clock.now, till.machine.rng, layer="slow")
    with pytest.raises(TypeError, match="colour"):
        make(till.clock.now, till.machine.rng, colour="red")
    with pytest.raises(ValueError, match="Ffxx"):
        profile("fn", ffxx="some")


@pytest.mark.parametrize("layer", LayerName)
def test_the_greeting_says_what_to_configure(layer):
    till = Till(model="on-line", layer=layer)
    greeting = "\n".join(till.sim.greeting)
    assert f"ШТРИХ-ON-LINE (on-line), {layer} link layer" in greeting and "test tool" in greeting
    assert ("layer=numbered" in till.sim.reach.url("tcp", "127.0.0.1:7778")) is (layer == "numbered")


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"model": "kz-fr"}, "model=kz-fr&marks=text&text_max=200&tax_16=1&tax_10=2&tax_5=3&tax_0=4"),
        ({"model": "kz-fr", "ffxx": "marking"}, "model=kz-fr&marks=field&tax_16=1&tax_10=2&tax_5=3&tax_0=4"),
        ({"model": "on-line", "ffxx": "none"}, "model=on-line&marks=text&text_max=200&tax_16=1&tax_10=2"),
        ({"model": "fn", "layer": "numbered"}, "model=fn&layer=numbered&marks=field&tax_16=1"),
        ({"model": "fn-old"}, "model=fn-old&marks=text&text_max=200&tax_16=1"),
        ({"tax_rates": (1200, 1600), "flags": 0, "fine_quantity": True}, "tax_12=1&tax_16=2&decimals=0&quantity=6"),
        ({"zone_s": 3 * 3600}, "&utc_offset=03:00"),
        ({"zone_s": -12_600}, "&utc_offset=-03:30"),
    ],
)
def test_what_a_register_url_must_say_follows_from_the_model(options, wanted):
    reach = Till(**options).sim.reach
    assert wanted in reach.url("serial", "/dev/pts/3") and reach.url("tcp", "h:1").startswith("shtrih+tcp://h:1?model=")
    assert reach.marks == ("text" if "marks=text" in reach.url("tcp", "h:1") else "field")


def test_a_layout_is_read_from_text_and_back():
    fields = layout("password:4 sum:5m rate:2s groups:1*3 quantity:6u name:0-4b")
    data = number(30, 4) + number(123456, 5) + number(-5, 2) + bytes([1, 2, 0]) + b"\xff" * 6 + b"ab"
    assert fits(fields, len(data)) and not fits(fields, len(data) + 3) and not fits(fields, 19)
    values = read(fields, data)
    assert (values["sum"], values["rate"], values.several["groups"], values.raw["name"]) == (
        123456,
        -5,
        (1, 2, 0),
        b"ab",
    )
    assert words(fields, values) == "sum 1234.56, rate -5, groups 1 2, quantity computed, name 'ab'"
    with pytest.raises(ValueError, match="no field: 'sum'"):
        layout("sum")


def test_gates_are_worth_their_names():
    assert {command.gate for command in COMMANDS.values()} == set(Gate)
