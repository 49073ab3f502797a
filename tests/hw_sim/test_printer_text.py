"""Letters, pages, modes and layout on the simulated paper."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from hw_sim.printer import Cell, Interpreter, Style, TextRow, model_named, render

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "printer_sim.toml").read_text(encoding="utf-8"))
START = "1B 40 1C 2E"  # Reset, leave Chinese mode.


def printed(model: str, data: str | bytes) -> Interpreter:
    printer = Interpreter(model_named(model))
    printer.receive(bytes.fromhex(data) if isinstance(data, str) else data)
    return printer


def cells(printer: Interpreter) -> list[Cell]:
    rows = [row for row in printer.paper.rows if isinstance(row, TextRow)]
    return [item for row in rows for item in row.items if isinstance(item, Cell)]


@pytest.mark.parametrize("table", VECTORS["letters"], ids=lambda table: table["model"])
@pytest.mark.parametrize("case", ["upper", "lower"])
def test_every_kazakh_letter_of_a_page_stands_where_the_table_says(table, case):
    printer = printed(table["model"], f"{START} {table['page']} {table[case]} 0A")
    assert printer.paper.lines == [table[f"{case}_text"]]


@pytest.mark.parametrize("word", VECTORS["words"], ids=lambda word: f"{word['model']}-{word['text']}")
def test_published_bytes_read_as_the_published_word(word):
    assert printed(word["model"], f"{START} {word['bytes']} 0A").paper.lines == [word["text"]]


def russian_cases():
    (table,) = VECTORS["russian"]
    for kind, sent in (("cp866", "bytes_cp866"), ("cp866_again", "bytes_cp866"), ("cp1251", "bytes_cp1251")):
        for model, number in table[kind].items():
            yield pytest.param(model, number, table[sent], table["text"], id=f"{model}-{number}")


@pytest.mark.parametrize(("model", "number", "sent", "text"), list(russian_cases()))
def test_each_family_finds_russian_under_its_own_page_number(model, number, sent, text):
    assert printed(model, f"{START} 1B 74 {number:02X} {sent} 0A").paper.lines == [text]


def test_a_wrong_page_prints_wrong_letters_and_not_the_right_ones():
    printer = printed("epson", f"{START} 1B 74 11 8D A2 ED FB 0A")  # KZ-1048 bytes under CP866.
    assert printer.paper.lines == ["Нвэ√"]


def test_a_page_the_firmware_does_not_have_changes_nothing():
    printer = printed("epson-t88iv", f"{START} 1B 74 11 1B 74 35 97 85 8A 0A")
    assert printer.paper.lines == ["ЧЕК"]
    assert "no such page" in printer.log[3].meaning


def test_a_page_of_the_firmware_with_no_published_table_prints_boxes():
    assert printed("xprinter", f"{START} 1B 74 17 41 D7 C5 CA 0A").paper.lines == ["A□□□"]


def test_reset_brings_the_first_page_back():
    assert printed("epson", "1B 74 35 1B 40 8D A2 0A").paper.lines == ["ìó"]


def test_in_chinese_mode_two_cyrillic_bytes_are_one_hieroglyph_twice_as_wide():
    printer = printed("xprinter", "1B 40 1B 74 49 D7 C5 CA 0A")
    first, second = cells(printer)
    assert (first.hieroglyph, first.raw, first.width) == (True, b"\xd7\xc5", 24)
    assert (second.hieroglyph, second.char) == (False, "К")


def test_fs_dot_leaves_chinese_mode_and_a_reset_enters_it_again():
    assert printed("xprinter", "1B 40 1C 2E 1B 74 49 D7 C5 CA 0A").paper.lines == ["ЧЕК"]
    assert cells(printed("xprinter", "1C 2E 1B 40 1B 74 49 D7 C5 0A"))[0].hieroglyph


def test_a_latin_letter_after_half_a_hieroglyph_keeps_both():
    assert printed("xprinter", "1B 74 49 D7 41 0A").paper.lines == ["ЧA"]


def test_private_utf8_mode_prints_utf8_and_ends_on_command():
    on, off = "1F 1B 10 01 02 01", "1F 1B 10 01 02 00"
    printer = printed("xprinter", f"{START} {on} {'Құны'.encode().hex(' ')} 0A {off} 1B 74 49 D7 0A")
    assert printer.paper.lines == ["Құны", "Ч"]


def test_another_firmware_prints_the_utf8_switch_as_rubbish():
    printer = printed("epson", f"1B 74 35 1F 1B 10 01 02 01 {'ұ'.encode().hex(' ')} 0A")
    assert printer.paper.lines != ["ұ"]
    assert printer.unknown


def test_default_page_of_the_private_command_survives_reset_and_power_cut():
    printer = printed("xprinter", "1F 1B 1F FF 49 0A 00 1B 40 1C 2E D7 0A")
    printer.power_cut()
    printer.receive(bytes.fromhex("1C 2E D7 0A"))
    assert printer.paper.lines == ["Ч", "Ч"]


@pytest.mark.parametrize(
    ("model", "columns"), [("epson-58", 32), ("rp-f10", 36), ("epson-t88iv", 42), ("th230", 44), ("epson", 48)]
)
def test_font_a_wraps_at_the_columns_of_the_paper(model, columns):
    assert printed(model, b"x" * (columns + 1) + b"\n").paper.lines == ["x" * columns, "x"]


@pytest.mark.parametrize(("model", "columns"), [("epson-58", 42), ("epson-t88iv", 56), ("th230", 57), ("epson", 64)])
def test_font_b_wraps_at_the_columns_of_the_paper(model, columns):
    assert printed(model, b"\x1bM\x01" + b"x" * (columns + 1) + b"\n").paper.lines == ["x" * columns, "x"]


def test_a_full_line_and_its_line_feed_make_one_row():
    assert printed("epson-58", b"x" * 32 + b"\ny\n").paper.lines == ["x" * 32, "y"]


def test_double_width_halves_the_columns():
    assert printed("epson-58", b"\x1d!\x10" + b"x" * 17 + b"\n").paper.lines == ["x" * 16, "x"]


def test_modes_reach_the_cells():
    printer = printed("epson", b"a\x1bE\x01b\x1bE\x00\x1d!\x11c\x1d!\x00\x1b!\xb9d\x1b!\x00\x1dB\x01e\n")
    styles = [cell.style for cell in cells(printer)]
    assert styles == [
        Style(),
        Style(bold=True),
        Style(width=2, height=2),
        Style(font="B", bold=True, underline=1, width=2, height=2),
        Style(inverse=True),
    ]


def test_justification_moves_a_line_and_is_ignored_inside_one():
    printer = printed("epson-58", b"\x1ba\x01ab\n\x1ba\x02ab\n\x1ba\x00a\x1ba\x02b\n")
    assert [[cell.x for cell in row.items] for row in printer.paper.rows] == [[180, 192], [360, 372], [0, 12]]


def test_line_spacing_and_feeds_move_the_paper():
    assert printed("epson", b"a\n\x1b3\x40a\n\x1b2a\n\x1bJ\x0a\x1bd\x03").paper.length == 30 + 64 + 30 + 10 + 90


def test_a_tall_line_takes_the_room_it_needs():
    assert printed("epson", b"\x1d!\x01a\n").paper.length == 48


def test_a_user_glyph_replaces_a_letter_until_it_is_cancelled():
    glyph = bytes(range(36))
    sent = b"\x1b&\x03AA\x0c" + glyph + b"A\x1b%\x01A\x1b?AA\x1b%\x00A\n"
    with_glyph = [cell.glyph is not None for cell in cells(printed("epson", sent))]
    assert with_glyph == [False, True, False, False]


def test_a_user_glyph_is_drawn_dot_for_dot_as_sent():
    printer = printed("epson", b"\x1b&\x03AA\x02" + b"\x80\x00\x01" + b"\x00\xff\x00" + b"\x1b%\x01A\n")
    (cell,) = cells(printer)
    assert cell.glyph is not None
    bits = [int.from_bytes(cell.glyph.rows[y : y + 1], "big") >> 6 for y in range(24)]
    assert bits == [0b10] + [0] * 7 + [0b01] * 8 + [0] * 7 + [0b10]


def test_emphasis_strikes_a_user_glyph_twice_like_any_other_letter():
    stroke = b"\xff\xff\xff" + bytes(33)
    sent = b"\x1b&\x03AA\x0c" + stroke + b"\x1b%\x01A\n\x1bE\x01A\n"
    picture = render(printed("epson-58", sent).paper)
    black = [sum(not picture.getpixel((x, 32 + row * 30)) for x in range(picture.width)) for row in (0, 1)]
    assert black == [1, 2]


@pytest.mark.parametrize("lose", ["reset", "power"])
def test_reset_and_power_cut_lose_glyphs_page_and_unprinted_text(lose):
    printer = printed("epson", b"\x1bt\x35\x1b&\x03AA\x0c" + bytes(36) + b"\x1b%\x01lost")
    if lose == "power":
        printer.power_cut()
    else:
        printer.receive(b"\x1b@")
    printer.receive(b"\x1b%\x01A\x8d\n")
    assert printer.paper.lines == ["Aì"]
    assert cells(printer)[0].glyph is None


def test_a_model_without_user_glyphs_prints_the_letter_itself():
    printer = Interpreter(replace(model_named("epson"), user_glyphs=False))
    printer.receive(b"\x1b&\x03AA\x0c" + bytes(36) + b"\x1b%\x01A\n")
    assert cells(printer)[0].glyph is None


def test_an_unknown_command_is_recorded_and_what_follows_is_text():
    printer = printed("epson", b"\x1b\x7fab\n")
    assert [command.raw for command in printer.unknown] == [b"\x1b\x7f"]
    assert printer.paper.lines == ["ab"]


def test_the_log_says_in_words_what_each_command_did():
    printer = printed("epson", "1B 40 1C 2E 1B 74 35 8D A2 ED FB 0A")
    assert [str(entry) for entry in printer.log] == [
        "000000  ESC @    reset: modes, page, glyphs and the unprinted line are gone  [1B 40]",
        "000002  FS .     Chinese mode off  [1C 2E]",
        "000004  ESC t    page 53 = kz1048  [1B 74 35]",
        "000007  text     kz1048: Құны  [8D A2 ED FB]",
        "000011  LF       print the line  [0A]",
    ]


def test_a_misspelt_model_names_the_nearest_one():
    with pytest.raises(ValueError, match="did you mean 'rongta'"):
        model_named("rogta")
