"""No bytes raise anything but CodeError, and the fast path never differs from the general one."""

from __future__ import annotations

import json
import string
import tomllib
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from marking import CodeError, IdentificationCode, ReadContext, Source, join, parse, report, split
from marking.charset import AI82
from marking.gs1 import check_digit
from marking.keymaps import CYRILLIC, KZ, RU, Layout
from marking.parse import read_any

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "marking_codes.toml").read_text(encoding="utf-8"))
CODES = [row["text"].encode() for table in ("code", "refused", "certification") for row in VECTORS[table]]
PIECES = [
    b"\x1d",
    b"01",
    b"21",
    b"91",
    b"92",
    b"93",
    b"8005",
    b"240",
    b"]d2",
    b"]E0",
    b"(01)",
    b"(21)",
    b"<GS>",
    b"%1D",
]
PIECES += [
    b"https://x/01/",
    b"?93=",
    b"\r",
    b"\t",
    b"|",
    b"\xe8",
    "қ".encode(),
    "е".encode(),
    b"\xff",
    b"{GS}",
    b"0" * 14,
]
KNOWN = ("FULL44", "SHORT-7", "XTRACE-93", "BLOCK")


def text_of(alphabet: str, size: int) -> st.SearchStrategy[str]:
    return st.text(st.sampled_from(alphabet), min_size=size, max_size=size)


gtins = text_of(string.digits, 13).map(lambda body: body + check_digit(body))
base64_44 = text_of(string.ascii_letters + string.digits + "+/", 43).map(lambda body: body + "=")
clean_codes = st.one_of(
    st.tuples(gtins, text_of(AI82, 13), text_of(AI82, 4), base64_44).map(
        lambda p: "01{}21{}\x1d91{}\x1d92{}".format(*p)
    ),
    *(
        st.tuples(gtins, text_of(AI82, size), text_of(AI82, 4)).map(lambda p: "01{}21{}\x1d93{}".format(*p))
        for size in (6, 7, 8, 13)
    ),
    st.tuples(gtins, text_of(AI82, 7), text_of(string.digits, 6), text_of(AI82, 4)).map(
        lambda p: "01{}21{}\x1d8005{}\x1d93{}".format(*p)
    ),
    st.tuples(gtins, text_of(AI82, 15)).map("".join),
)
contexts = st.builds(
    ReadContext,
    source=st.sampled_from(Source),
    catalogue=st.sampled_from([lambda _gtin: None, lambda _gtin: (), lambda _gtin: KNOWN, lambda _gtin: ("NEW",)]),
    caps_lock=st.sampled_from([None, False, True]),
    suffixes=st.sampled_from([(), ("-A", "="), ("",)]),
    opaque_allowed=st.booleans(),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    raw = bytearray(draw(st.sampled_from(CODES)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(raw)))
        cut = draw(st.integers(0, 3))
        raw[place : place + cut] = draw(st.one_of(st.binary(max_size=3), st.sampled_from(PIECES)))
    return bytes(raw)


def outcome(raw: bytes, context: ReadContext, *, general: bool = False) -> object:
    try:
        return (read_any if general else parse)(raw, context)
    except CodeError as error:
        assert 0 <= error.position <= len(raw)
        return error.kind, error.position, error.text


@given(st.one_of(st.binary(max_size=600), mutated(), st.lists(st.sampled_from(PIECES)).map(b"".join)), contexts)
@example(b"\x1d", ReadContext())
@example(b"]d2", ReadContext())
@example(b"]d2\x1d]d2", ReadContext())
@settings(max_examples=400, deadline=None)
def test_any_bytes_give_a_code_or_a_code_error(raw: bytes, context: ReadContext) -> None:
    found = outcome(raw, context)
    if isinstance(found, IdentificationCode):
        assert found.raw == raw
        assert found.confirm == bool(found.candidates)
    json.dumps(report(raw, context), ensure_ascii=False).encode()
    assert b"".join(split(raw, context)) in raw or len(split(raw, context)) > 1


@given(mutated(), mutated(), st.sampled_from([b"", b"\r"]))
@settings(max_examples=100, deadline=None)
def test_any_two_frames_are_joined_or_left(head: bytes, tail: bytes, between: bytes) -> None:
    joined = join(head, tail, gap_ms=1, same_device=True, join_ms=50, between=between)
    assert joined is None or joined == head or (joined.startswith(head) and joined.endswith(tail))


@given(clean_codes, st.sampled_from(["", "]d2", "\x1d", "]d2\x1d"]), contexts)
@settings(max_examples=300, deadline=None)
def test_the_fast_path_gives_exactly_the_general_reading(text: str, prefix: str, context: ReadContext) -> None:
    raw = (prefix + text).encode()
    assert outcome(raw, context) == outcome(raw, context, general=True)


@given(mutated(), contexts)
@settings(max_examples=300, deadline=None)
def test_the_fast_path_gives_exactly_the_general_reading_of_damaged_codes(raw: bytes, context: ReadContext) -> None:
    assert outcome(raw, context) == outcome(raw, context, general=True)


@given(clean_codes, st.sampled_from([RU, KZ]))
@settings(max_examples=200, deadline=None)
def test_a_code_typed_under_a_cyrillic_layout_comes_back_whole(text: str, layout: Layout) -> None:
    typed = layout.type(text)
    plain = outcome(text.encode(), ReadContext())
    # Without one Cyrillic letter nobody sees the Russian layout (rule D8).
    if not isinstance(plain, IdentificationCode) or not CYRILLIC.search(typed):
        return
    garbled = parse(typed.encode())
    assert garbled.text == plain.text
    assert garbled.repairs[0] == ("D7" if layout is RU else "D9") or garbled.confirm
