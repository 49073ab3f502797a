"""The simulated keyboard scanner against the vectors, and each of its faults."""

import struct
import tomllib
from pathlib import Path

import pytest

from hw_sim.scanner import MemoryLine
from hw_sim.scanner.evdev import ALT, CTRL, KEY, SHIFT, SYN, End, EvdevSim, Gs, Typing

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "evdev.toml").read_text(encoding="utf-8"))


def records(chunks, bits=64):
    layout = struct.Struct("<qqHHi" if bits == 64 else "<iiHHi")
    return [record for chunk in chunks for record in layout.iter_unpack(chunk.data)]


def keys(chunks):
    """The key events as the vectors write them."""
    return " ".join(f"{code}:{value}" for _, _, kind, code, value in records(chunks) if kind == KEY)


@pytest.mark.parametrize(
    ("number", "typing"),
    [
        (0, Typing()),
        (1, Typing(gs=Gs.CTRL)),
        (2, Typing(gs=Gs.ALT, alt_digits=3, end=End.PAD_ENTER)),
        (4, Typing(gs=Gs.ALT, alt_digits=2, end=End.TAB)),
        (6, Typing(end=End.ALT_013)),
    ],
)
def test_the_simulator_presses_the_keys_of_the_vectors(number, typing):
    vector = VECTORS["read"][number]
    code = bytes.fromhex(vector["data"]).decode("ascii")
    assert keys(EvdevSim(typing).scan(code)) == " ".join(vector["keys"].split())


def test_every_printable_character_has_its_key():
    us = VECTORS["us"]
    for codes, text, shift in ((us["codes"], us["plain"], False), (us["codes"], us["shifted"], True)):
        for code, char in zip(codes, text, strict=True):
            expected = f"{code}:1 {code}:0"
            if shift:
                expected = f"{SHIFT}:1 {expected} {SHIFT}:0"
            assert keys(EvdevSim(Typing(end=End.NONE)).scan(char)) == expected


@pytest.mark.parametrize("bits", [64, 32])
def test_a_record_is_laid_out_as_in_the_vectors(bits):
    vector = VECTORS["record"]
    sim = EvdevSim(bits=bits, start_s=1_790_000_000.25 - 0.001)
    (chunk,) = sim.press((vector["code"], vector["value"]))
    size = len(chunk.data) // 3
    assert chunk.data[size : 2 * size] == bytes.fromhex(vector[f"bytes_{bits}"])


def test_times_go_on_from_verb_to_verb_and_match_the_delays():
    sim = EvdevSim(start_s=10.0)
    first = list(sim.scan("12", key_s=0.004))
    sim.wait(1.0)
    second = list(sim.scan("3"))
    at = [seconds + micros / 1e6 for seconds, micros, kind, *_ in records([*first, *second]) if kind == SYN]
    assert at[0] == pytest.approx(10.004)
    assert at[5] == pytest.approx(10.024)
    assert at[6] == pytest.approx(11.025)


@pytest.mark.parametrize(("gs", "pressed"), [("function", "66:1 66:0"), ("text", "43:1 43:0"), ("drop", "")])
def test_the_separator_can_be_a_function_key_or_text_or_nothing(gs, pressed):
    assert keys(EvdevSim().scan("\x1d", gs=Gs(gs), gs_key="f8", gs_text="\\", end=End.NONE)) == pressed


def test_letters_can_come_with_their_case_swapped_by_setting_or_by_the_lamp():
    sim = EvdevSim(Typing(end=End.NONE), watches_lamp=True)
    assert keys(sim.scan("a1")) == "30:1 30:0 2:1 2:0"
    assert keys(sim.scan("a1", caps=True)) == "42:1 30:1 30:0 42:0 2:1 2:0"
    list(sim.light())
    assert keys(sim.scan("A1")) == "30:1 30:0 2:1 2:0"
    sim.receive(bytes.fromhex(VECTORS["lamp_off"]["bytes_64"]))
    assert keys(sim.scan("a1")) == "30:1 30:0 2:1 2:0"


def test_a_key_can_hang_and_repeat():
    assert keys(EvdevSim().scan("12", stuck_at=1, stuck_repeats=2)) == "2:1 2:0 3:1 3:2 3:2"


@pytest.mark.parametrize("key", [SHIFT, CTRL, ALT])
def test_the_first_release_of_a_key_can_be_lost(key):
    code = "AA" if key == SHIFT else "\x1d\x1d"
    typing = Typing(gs=Gs.ALT if key == ALT else Gs.CTRL, end=End.NONE, lose_release_of=key)
    seen = keys(EvdevSim(typing).scan(code)).split()
    assert (seen.count(f"{key}:1"), seen.count(f"{key}:0")) == (2, 1)


def test_the_system_can_lose_events_and_says_so():
    found = records(EvdevSim().scan("12345", dropped_at=1, dropped_count=2, end=End.NONE))
    assert (SYN, 3) in [(kind, code) for _, _, kind, code, _ in found]
    pressed = [code for _, _, kind, code, value in found if kind == KEY and value == 1]
    assert pressed == [2, 5, 6]


def test_characters_can_get_lost_and_the_cable_come_out():
    assert keys(EvdevSim().scan("123", lose=frozenset({1}), end=End.NONE)) == "2:1 2:0 4:1 4:0"
    chunks = list(EvdevSim().scan("123", unplug_at=1))
    assert [chunk.unplug for chunk in chunks] == [False, False, True]


def test_a_person_types_slowly():
    assert sum(chunk.delay_s for chunk in EvdevSim().type_by_hand("1234", gap_s=0.2)) == pytest.approx(1.0)


def test_it_plays_through_a_line_in_memory_in_virtual_time():
    now = [10.0]
    line = MemoryLine(lambda: now[0], lambda seconds: None)
    end = line.feed(EvdevSim().scan("12"))
    assert end == pytest.approx(10.006)
    now[0] = 10.0035
    assert len(line.read(4096)) == 3 * 72
