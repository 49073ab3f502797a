"""The golden frames themselves: sums, stuffing, and that fields say what bytes say. Nothing of ours is asked."""

import tomllib
from functools import reduce
from operator import xor
from pathlib import Path

import pytest

VECTORS = tomllib.loads((Path(__file__).parents[2] / "vectors" / "shtrih.toml").read_text(encoding="utf-8"))
FRAMES = VECTORS["frame"]

MINUTE, DAY, TIME, SIGNED, HEX, TEXT = "minute", "day", "time", "signed", "hex", "text"
STATE = (
    "error:1 operator:1 flags:2 mode:1 submode:1 operations_low:1 battery:1 supply:1 fp_error:1 ej_error:1 "
    "operations_high:1 reserved:hex last_print:1"
)
FULL_STATE = (
    "error:1 operator:1 version:text build:2 software_date:day hall:1 document:2 flags:2 mode:1 submode:1 port:1 "
    "fp_version:hex fp_build:2 fp_date:day date:day time:time fp_flags:1 serial:4 last_shift:2 free_records:2 "
    "registrations:1 registrations_left:1 inn:hex rest:hex"
)
# Field and width in bytes; a list has one width for all its numbers. "#km" is the length of `km`.
LAYOUTS = {
    "host": {
        **dict.fromkeys(("10", "11", "40", "41", "88", "89", "B0", "E0"), "password:4"),
        **dict.fromkeys(("FF01", "FF08", "FF39", "FF3B", "FF40", "FF70"), "password:4"),
        **dict.fromkeys(("1A", "1B"), "password:4 register:1"),
        **dict.fromkeys(("50", "51"), "password:4 sum:5"),
        **dict.fromkeys(("FF0A", "FF3A"), "password:4 fd:4"),
        "FC": "",
        "1F": "password:4 table:1 row:2 field:1",
        "2D": "password:4 table:1",
        "2E": "password:4 table:1 field:1",
        "80": "password:4 quantity:5 price:5 department:1 taxes:1 text:text",
        "85": "password:4 payments:5 percent:signed taxes:1 text:text",
        "8D": "password:4 kind:1",
        "FF45": "password:4 payments:5 rounding:1 tax_sums:5 tax_system:1 text:text",
        "FF46": (
            "password:4 operation:1 quantity:6 price:5 sum:5 tax_sum:5 tax:1 department:1 method:1 subject:1 text:text"
        ),
        "FF61": "password:4 planned:1 mode:1 #km:1 #tlv:1 km:hex tlv:hex",
        "FF67": "password:4 #km:1 km:hex",
        "FF69": "password:4 decision:1",
    },
    "register": {
        "10": STATE,
        "11": FULL_STATE,
        **dict.fromkeys(("1E", "FF46", "FF4D"), "error:1"),
        **dict.fromkeys(("8D", "B0"), "error:1 operator:1"),
        "1B": "error:1 operator:1 value:2",
        "1F": "error:1 value:hex",
        "2D": "error:1 text:name rows:2 fields:1",
        "50": "error:1 operator:1 document:2",
        "85": "error:1 operator:1 change:5",
        "FC": "error:1 type:1 subtype:1 protocol_major:1 protocol_minor:1 model:1 language:1 text:text",
        "FF01": "error:1 phase:1 document:1 document_data:1 shift:1 warnings:1 at:minute storage:text last_fd:4",
        "FF0A": "error:1 type:1 ticket:1 at:minute fd:4 sign:4 operation:1 sum:5",
        "FF39": "error:1 status:1 read:1 queue:2 first_fd:4 at:minute",
        "FF3B": "error:1 tlv:hex",
        "FF40": "error:1 shift_open:1 shift:2 receipt:2",
        "FF45": "error:1 change:5 fd:4 sign:4 at:minute",
        "FF61": "error:1 local:1 reason:1 km_type:1 #answer:1 fn_code:1 result:1 tlv:hex",
        "FF67": "error:1 code:hex symbol:1",
        "FF69": "error:1 result:1",
        "FF70": "error:1 state:1 notification:1 allowed:1 saved:1 included:1 warning:1 queue:2",
    },
}


def unhex(text):
    return bytes.fromhex(text)


def unstuffed(body):
    """What follows the 8F, with 9F 81 and 9F 83 put back."""
    assert b"\x8f" not in body
    plain = body.replace(b"\x9f\x81", b"\x8f")
    for place, byte in enumerate(body):
        assert byte != 0x9F or body[place + 1] in (0x81, 0x83)
    return plain.replace(b"\x9f\x83", b"\x9f")


def crc16(data):
    """CCITT, polynomial 1021h, from FFFFh."""
    rest = 0xFFFF
    for bit in (byte >> shift & 1 for byte in data for shift in range(7, -1, -1)):
        rest = (rest << 1 & 0xFFFF) ^ (0x1021 if rest >> 15 ^ bit else 0)
    return rest


def data_of(case):
    """The command or answer a frame carries, its number in the numbered layer, after every sum was checked."""
    raw = unhex(case["bytes"])
    if case["layer"] == "standard":
        assert (raw[0], raw[1], reduce(xor, raw[1:])) == (2, len(raw) - 3, 0)
        return raw[2:-1], None
    assert raw[0] == 0x8F
    plain = unstuffed(raw[1:])
    assert int.from_bytes(plain[-2:], "little") == crc16(plain[:-2])
    assert int.from_bytes(plain[:2], "little") == len(plain) - 4
    return plain[4:-2], int.from_bytes(plain[2:4], "little") if len(plain) > 4 else None


def moment(text, form):
    digits = [int(part) for part in text.replace("T", "-").replace(":", "-").split("-")] if text else []
    if digits and form != TIME:
        digits[0] -= 2000
    return bytes(reversed(digits) if form == DAY else digits)


def spelled(value, form):
    """One field as bytes."""
    if isinstance(value, list):
        return b"".join(spelled(item, form) for item in value)
    if form in (MINUTE, DAY, TIME):
        return moment(value, form)
    if form in (TEXT, "name"):
        return value.encode("cp1251").ljust(40 if form == "name" else 0, b"\0")
    if form == HEX:
        return unhex(value)
    return value.to_bytes(2, "little", signed=True) if form == SIGNED else value.to_bytes(int(form), "little")


def composed(case):
    """A command's code and its fields put together by the layout above."""
    fields, out = case.get("fields", {}), unhex(case["command"])
    for item in LAYOUTS[case["direction"]][case["command"]].split():
        name, form = item.split(":")
        if name == "#answer":
            name, value = "", len(unhex(fields["tlv"])) + 2 if "tlv" in fields else 0
        elif name.startswith("#"):
            value = len(unhex(fields[name[1:]]))
        elif name in fields:
            value = fields[name]
        else:
            continue  # A short answer: an error, or a field this firmware does not send.
        out += value.replace(".", "").encode() if name == "version" else spelled(value, form)
    return out


@pytest.mark.parametrize("case", FRAMES, ids=lambda case: f"{case['layer']}: {case['name']}")
def test_the_sums_are_right_and_the_fields_are_what_the_bytes_are(case):
    data, number = data_of(case)
    assert number == case.get("fields", {}).get("num")
    if not case["command"]:
        assert data == b""
        return
    wanted = composed(case)
    assert data[: len(wanted)] == wanted
    assert data[len(wanted) :].strip(b"\0") == b""  # Padding of texts, an absent date.


@pytest.mark.parametrize("case", FRAMES, ids=lambda case: f"{case['layer']}: {case['name']}")
def test_no_flipped_bit_leaves_the_sums_right(case):
    raw = unhex(case["bytes"])
    for bit in range(8, 8 * len(raw)):
        harmed = bytes(byte ^ (0x80 >> bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(raw))
        with pytest.raises((AssertionError, IndexError)):
            data_of({**case, "bytes": harmed.hex()})


def test_every_frame_has_its_name_and_its_source():
    assert len({(case["layer"], case["name"]) for case in FRAMES}) == len(FRAMES)
    assert all(case["source"].split()[0].rstrip(",:") in ("V1", "V2", "captured") for case in FRAMES)
    assert {case["direction"] for case in FRAMES} == {"host", "register"}
