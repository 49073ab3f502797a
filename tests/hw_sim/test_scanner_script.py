"""What one pull of the trigger puts on the wire, and when."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.scanner import RS232, USB, Chunk, Gs, Layout, Scan, ScannerSim, Wire, chunks, payload, total_s, typed

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "scanner_sim.toml").read_text(encoding="utf-8"))
FULL = "0104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PACK = "04870249811936t1Xrb-xQWhpeGhG"


def sent(code: str = PACK, wire: Wire = USB, **options: object) -> bytes:
    return b"".join(piece.data for piece in ScannerSim(wire).scan(code, **options))


@pytest.mark.parametrize(
    "case", VECTORS["typed"], ids=lambda case: case["code"][:20] + "-caps" * case.get("caps", False)
)
@pytest.mark.parametrize("layout", ["us", "ru", "kz"])
def test_a_layout_garbles_a_code_as_the_key_tables_say(case, layout):
    caps = case.get("caps", False)
    expected = case.get(layout, case["code"])
    assert typed(case["code"], Layout(layout), caps=caps) == expected
    assert sent(case["code"], layout=layout, caps=caps, suffix=b"") == expected.encode()


def test_caps_lock_turns_the_aim_identifier_too():
    assert sent(aim="]d2", caps=True).startswith(b"]D2")


@pytest.mark.parametrize("case", VECTORS["duration"], ids=lambda case: f"{case['bytes']}-at-{case['baud']}")
def test_bytes_take_ten_bits_each_on_a_serial_line(case):
    pieces = list(ScannerSim(Wire(case["baud"])).scan("x" * (case["bytes"] - 1)))
    assert total_s(pieces) * 1000 == pytest.approx(case["ms"], abs=0.05)


def test_over_usb_a_full_code_always_comes_in_two_packets():
    assert [len(piece.data) for piece in chunks(Scan(FULL))] == [64, 22]


def test_on_a_serial_line_a_code_comes_in_one_piece_unless_told_otherwise():
    assert [len(piece.data) for piece in chunks(Scan(FULL), RS232)] == [86]
    pieces = list(chunks(Scan(FULL, chunk=40, gap_ms=20), RS232))
    assert [len(piece.data) for piece in pieces] == [40, 40, 6]
    assert [piece.delay_s for piece in pieces] == pytest.approx([0.041667, 0.061667, 0.02625], abs=1e-6)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, FULL.encode() + b"\r"),
        ({"gs": "drop"}, FULL.replace("\x1d", "").encode() + b"\r"),
        ({"gs": "text"}, FULL.replace("\x1d", "{GS}").encode() + b"\r"),
        ({"gs": "text", "gs_text": "|"}, FULL.replace("\x1d", "|").encode() + b"\r"),
        ({"aim": "]d2", "suffix": b"\r\n"}, b"]d2" + FULL.encode() + b"\r\n"),
        ({"prefix": b"\x02", "suffix": b"\x03"}, b"\x02" + FULL.encode() + b"\x03"),
        ({"suffix": b""}, FULL.encode()),
        ({"cut_at": 31}, FULL.encode()[:31]),
        ({"glue": (PACK,)}, FULL.encode() + PACK.encode() + b"\r"),
        ({"repeat": 2}, (FULL.encode() + b"\r") * 2),
        ({"repeat": 0}, b""),
        ({"chunk": 1}, FULL.encode() + b"\r"),
    ],
    ids=str,
)
def test_an_option_changes_the_bytes_as_named(options, expected):
    assert sent(FULL, **options) == expected


def test_bytes_are_sent_untouched():
    raw = bytes(range(256))
    assert sent(raw, gs="drop", layout="kz", caps=True, suffix=b"") == raw


def test_a_repeat_comes_after_its_gap():
    pieces = list(chunks(Scan("1", repeat=2, repeat_gap_ms=250), Wire(9600)))
    assert [piece.delay_s for piece in pieces] == pytest.approx([0.00208, 0.25208], abs=1e-4)


def test_one_flipped_bit_changes_one_byte():
    damaged = sent("01", flip_bit=15, suffix=b"")
    assert damaged == b"00"
    assert sent("01", flip_bit=999, suffix=b"") == b"01"


def test_pulling_the_cable_loses_what_had_not_yet_come():
    pieces = list(chunks(Scan(FULL, unplug_after=70)))
    assert [(len(piece.data), piece.unplug) for piece in pieces] == [(64, False), (6, True)]
    assert list(chunks(Scan("1", unplug_after=50)))[-1] == Chunk(0.0, b"", unplug=True)


def test_cyrillic_can_come_in_the_code_page_of_the_host():
    assert sent("q", layout="ru", encoding="cp1251", suffix=b"") == b"\xe9"


def test_settings_of_the_scanner_hold_for_every_scan_and_an_option_overrides_one():
    scanner = ScannerSim(aim="]d2", gs="drop")
    assert b"".join(piece.data for piece in scanner.scan("1\x1d2")) == b"]d212\r"
    assert b"".join(piece.data for piece in scanner.scan("1\x1d2", gs="keep")) == b"]d21\x1d2\r"


def test_a_burst_keeps_every_read_whole_and_in_order():
    pieces = list(ScannerSim().burst(["1", "2", "3"], gap_s=0.1))
    assert [piece.data for piece in pieces] == [b"1\r", b"2\r", b"3\r"]
    assert total_s(pieces) == pytest.approx(0.2 + 3 * 0.001)


@pytest.mark.parametrize("options", [{"chunk": 0}, {"repeat": -1}, {"gap_ms": -1}, {"cut_at": -1}, {"gs": "maybe"}])
def test_an_impossible_option_is_refused_by_value(options):
    with pytest.raises(ValueError, match=r".+"):
        ScannerSim().scan("1", **options)


def test_a_misspelt_option_is_refused_by_name():
    with pytest.raises(TypeError, match="sufix"):
        ScannerSim(sufix=b"")


@given(st.binary(max_size=300), st.none() | st.integers(1, 80), st.sampled_from([USB, RS232, Wire(115200)]))
def test_cutting_into_pieces_changes_no_byte_and_loses_none(code, chunk, wire):
    scan = Scan(code, chunk=chunk)
    pieces = list(chunks(scan, wire))
    assert b"".join(piece.data for piece in pieces) == payload(scan) == code + b"\r"
    assert all(piece.data and piece.delay_s > 0 for piece in pieces)


@given(st.text(max_size=50), st.sampled_from(list(Layout)), st.booleans(), st.sampled_from(list(Gs)))
def test_any_text_can_be_scanned(code, layout, caps, gs):
    assert sent(code, layout=layout, caps=caps, gs=gs).endswith(b"\r")
