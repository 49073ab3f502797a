"""Code pages and the text encoder, against published byte maps."""

import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscal.escpos.lines import Font
from fiscal.escpos.profiles import papers, profiles
from fiscal.escpos.text import Method, TextEncoder, clean, page, pages

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "escpos.toml").read_text("utf-8"))
KAZAKH = VECTORS["kazakh"]["letters"]
SUBSTITUTES = {
    **dict(zip(VECTORS["substitution"]["from"], VECTORS["substitution"]["to"], strict=True)),
    **dict(zip(VECTORS["substitution"]["from"].lower(), VECTORS["substitution"]["to"].lower(), strict=True)),
}


def plain(name: str) -> TextEncoder:
    return TextEncoder(page(name), (Method.PAGE, Method.SUBSTITUTE))


@pytest.mark.parametrize("row", VECTORS["letters"], ids=lambda row: row["page"])
def test_every_letter_of_the_published_map_has_its_byte(row: dict) -> None:
    for letter, code in row["map"].items():
        assert plain(row["page"]).encode(letter).data == bytes.fromhex(code), letter


@pytest.mark.parametrize("row", VECTORS["text"], ids=lambda row: f"{row['page']} {row['text']}")
def test_words_of_a_receipt_encode_as_published(row: dict) -> None:
    encoded = plain(row["page"]).encode(row["text"])
    assert encoded.data == bytes.fromhex(row["hex"])
    assert encoded.method is Method.PAGE
    assert not encoded.substituted
    assert not encoded.missing


def test_kz1048_holds_all_eighteen_letters_and_cp866_none() -> None:
    assert len(KAZAKH) == 18
    assert set(KAZAKH) <= set(page("kz1048").table)
    assert set(KAZAKH) <= set(page("posiflex224").table)
    assert not set(KAZAKH) & set(page("cp866").table)
    assert set(KAZAKH) & set(page("cp1251").table) == {"І", "і"}


def test_posiflex_prints_ye_for_yo_because_its_place_holds_a_kazakh_letter() -> None:
    encoded = plain("posiflex224").encode("Ёё")
    assert encoded.data == bytes([0x85, 0xA5])
    assert not encoded.missing


def test_a_page_never_gives_two_characters_of_the_upper_half_one_byte() -> None:
    for name in pages():
        upper = [code for code in page(name).table.values() if code >= 0x80]
        assert len(upper) == len(set(upper)), name


def test_decomposed_letters_are_joined_before_they_are_encoded() -> None:
    assert plain("kz1048").encode("и\u0306").data == plain("kz1048").encode("й").data == b"\xe9"


def test_without_page_glyph_or_raster_letters_are_substituted_and_reported() -> None:
    encoded = plain("cp866").encode(KAZAKH)
    assert encoded.text == "".join(SUBSTITUTES[letter] for letter in KAZAKH)
    assert dict(encoded.substituted) == SUBSTITUTES
    assert encoded.method is Method.SUBSTITUTE


def test_a_character_nobody_can_show_is_a_question_mark_and_is_reported() -> None:
    encoded = plain("kz1048").encode("Сыр 漢")
    assert encoded.text == "Сыр ?"
    assert encoded.missing == ("漢",)


def test_a_question_mark_of_the_text_itself_is_no_loss() -> None:
    assert plain("kz1048").encode("Кто?").missing == ()


def test_quotes_and_dashes_change_to_their_plain_forms_without_a_report() -> None:
    encoded = plain("cp866").encode("«Ет – 1» №2")
    assert encoded.data == '"Ет - 1" '.encode("cp866") + b"\xfc2"
    assert not encoded.substituted


def test_user_glyphs_are_switched_on_only_around_the_letters_the_page_lacks() -> None:
    encoder = TextEncoder(page("cp866"), (Method.PAGE, Method.GLYPHS, Method.RASTER), lambda _: True)
    encoded = encoder.encode("Құны")
    on, off = (bytes.fromhex(VECTORS["commands"][name]) for name in ("glyphs_on", "glyphs_off"))
    assert encoded.method is Method.GLYPHS
    assert encoded.data == on + b"\x21\x22" + off + "ны".encode("cp866")
    assert encoder.glyphs == {"Қ": 0x21, "ұ": 0x22}


def test_the_same_letter_keeps_its_glyph_code_through_the_job() -> None:
    encoder = TextEncoder(page("cp866"), (Method.GLYPHS,), lambda _: True)
    assert encoder.encode("ққ").data == encoder.encode("ққ").data
    assert list(encoder.glyphs) == ["қ"]


def test_font_b_has_no_glyphs_of_its_own_and_goes_to_raster() -> None:
    encoder = TextEncoder(page("cp866"), (Method.GLYPHS, Method.RASTER), lambda _: True)
    assert encoder.encode("Құны", Font.B).method is Method.RASTER
    assert not encoder.glyphs


def test_more_letters_than_glyph_codes_fall_to_raster_and_then_to_substitution() -> None:
    many = "".join(chr(0x10D0 + i) for i in range(40)) + "".join(chr(0x0561 + i) for i in range(36)) + KAZAKH + "ĀāĂăĄą"
    raster = TextEncoder(page("cp866"), (Method.GLYPHS, Method.RASTER), lambda _: True)
    assert raster.encode(many).method is Method.RASTER
    bare = TextEncoder(page("cp866"), (Method.GLYPHS,), lambda _: True).encode(many)
    assert bare.method is Method.SUBSTITUTE
    assert "Ā" in bare.missing
    assert len(bare.data) == len(many)


def test_a_drawn_line_still_reports_what_the_font_lacks() -> None:
    encoder = TextEncoder(page("cp866"), (Method.RASTER,), lambda char: char != "漢")
    encoded = encoder.encode("Қ漢")
    assert (encoded.method, encoded.text, encoded.missing) == (Method.RASTER, "Қ?", ("漢",))


@pytest.mark.parametrize(("dirty", "expected"), [("a\x1b@b", "a @b"), ("1\t2\r\n3", "1 2  3"), ("5\u00a0₸", "5 тг")])
def test_control_characters_and_white_space_become_spaces(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


def test_characters_without_a_cell_are_left_out() -> None:
    assert clean("a\u200bb\u200d\ufe0fc") == "abc"


TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1b\x1d\x10\x1c\x00" + KAZAKH + "₸№«»…é😀й\u0306")), max_size=60
)


@given(TEXTS, st.sampled_from(sorted(pages())), st.sampled_from([(), (Method.GLYPHS,), (Method.RASTER,)]))
def test_any_text_gives_bytes_without_commands_and_every_loss_is_told(
    text: str, name: str, more: tuple[Method, ...]
) -> None:
    encoder = TextEncoder(page(name), (Method.PAGE, *more), lambda char: char in KAZAKH)
    encoded = encoder.encode(text)
    bare = encoded.data.replace(b"\x1b%\x01", b"").replace(b"\x1b%\x00", b"")
    assert min(bare, default=0x20) >= 0x20
    assert 0x7F not in bare
    assert len(encoded.text) == len(clean(text))
    assert encoded.text.count("?") >= len(encoded.missing)
    if "?" not in text:
        assert ("?" in encoded.text) == bool(encoded.missing)
    if encoded.method is not Method.RASTER:
        assert len(bare) == len(encoded.text)


@given(TEXTS)
def test_cleaning_twice_changes_nothing_and_leaves_no_control_character(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} for char in once)


def test_every_profile_names_a_page_with_cyrillic_and_its_published_slot() -> None:
    for profile in profiles().values():
        assert "Ж" in page(profile.page).table
        assert profile.page_number in profile.numbers[profile.page]
    for name, expected in VECTORS["page_numbers"].items():
        if name != "source":
            assert profiles()[name].page == expected["page"]
            assert profiles()[name].page_number == expected["number"]


@pytest.mark.parametrize("name", ["58", "58-wide", "80-42", "80-512", "80-576-42", "80-44", "80"])
def test_papers_have_the_cells_of_their_heads(name: str) -> None:
    paper = papers()[name]
    assert [paper.columns(font) for font in Font] == VECTORS["columns"][name]
    assert all(paper.columns(font) * paper.cell(font) <= paper.dots for font in Font)
