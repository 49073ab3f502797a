"""Lines to bytes: golden commands, the library as a second opinion, drawn letters, and no way for a text to command."""

import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fiscal.escpos import commands
from fiscal.escpos.job import render
from fiscal.escpos.library import Dummy
from fiscal.escpos.lines import PAPER_58, PAPER_80, Align, Cut, Drawer, Feed, Font, Qr, Rule, Text
from fiscal.escpos.preview import preview
from fiscal.escpos.profiles import Cutter, DrawerWiring, ProfileUnknown, QrDialect, papers, profile, profiles
from fiscal.escpos.raster import FontMissing, Typeface, find_font, known_fonts, qr_matrix, symbol_image
from fiscal.escpos.text import Method, clean

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "escpos.toml").read_text("utf-8"))
BYTES = {name: bytes.fromhex(text) for name, text in VECTORS["commands"].items() if name != "source"}
QR = VECTORS["qr"]
EPSON = profile("epson-tm-t20")
TYPEFACE = Typeface(find_font())


@pytest.mark.parametrize("number", [53, 17, 224])
def test_a_job_starts_with_reset_chinese_off_and_the_page(number: int) -> None:
    assert commands.initialise(number) == BYTES[f"init_{number}"]
    assert render([], replace(EPSON, page_number=number)).body == BYTES[f"init_{number}"]


@pytest.mark.parametrize("cutter", Cutter)
def test_cuts_are_the_published_bytes(cutter: Cutter) -> None:
    assert commands.cut(cutter) == BYTES[f"cut_{cutter.value}"]


def test_cut_and_drawer_agree_with_python_escpos() -> None:
    library = Dummy()
    library.cut()
    library.cashdraw(2)
    library.cashdraw(5)
    pins = DrawerWiring(pin=2), DrawerWiring(pin=5)
    assert library.output == commands.cut(Cutter.FULL) + commands.drawer(pins[0]) + commands.drawer(pins[1])
    assert [commands.drawer(pin) for pin in pins] == [BYTES["drawer_2"], BYTES["drawer_5"]]


@pytest.mark.parametrize(
    ("wiring", "name"),
    [
        (DrawerWiring(on_ms=200, off_ms=500), "drawer_2_long"),
        (DrawerWiring(realtime=True), "drawer_2_now"),
        (DrawerWiring(pin=5, on_ms=250, realtime=True), "drawer_5_now_long"),
    ],
)
def test_a_drawer_is_pulsed_as_long_and_as_soon_as_it_is_wired_for(wiring: DrawerWiring, name: str) -> None:
    assert commands.drawer(wiring) == BYTES[name]
    assert BYTES[name] in render([Drawer(), Text("x")], replace(EPSON, drawer=wiring)).body


@pytest.mark.parametrize("dialect", ["epson", "posiflex", "xprinter", "rongta"])
def test_a_qr_is_stored_in_the_dialect_of_the_printer(dialect: str) -> None:
    data = QR["text"].encode()
    assert len(data) == QR["length"]
    level = 0 if dialect == "rongta" else 0x30
    expected = bytes.fromhex(QR[f"{dialect}_before"]) + data + bytes.fromhex(QR[f"{dialect}_after"])
    assert commands.qr(data, QrDialect(dialect), 6, level) == expected


def test_the_epson_qr_agrees_with_python_escpos() -> None:
    library = Dummy()
    library.qr(QR["text"], native=True, size=6)
    assert library.output == commands.qr(QR["text"].encode(), QrDialect.EPSON, 6, 0x30)


@pytest.mark.parametrize("row", VECTORS["raster"], ids=lambda row: row["paper"])
def test_a_drawn_line_has_the_published_header_and_size(row: dict) -> None:
    paper = papers()[row["paper"]]
    (band,) = commands.raster(TYPEFACE.line(Text("Құны"), paper.dots), 96)
    assert band.startswith(bytes.fromhex(row["header"]))
    assert len(band) == 8 + row["line_bytes"]


def test_bands_agree_with_the_fragments_of_python_escpos() -> None:
    picture = Image.new("1", (384, 250), 1)
    picture.paste(0, (10, 20, 200, 240))
    library = Dummy()
    library.image(picture, fragment_height=96)
    bands = list(commands.raster(picture, 96))
    assert len(bands) == 3
    assert b"".join(bands) == library.output


def test_a_receipt_line_in_kazakh_is_plain_bytes_on_a_kazakh_page() -> None:
    job = render([Text("Құны"), Cut()], EPSON)
    style = b"\x1bM\x00\x1d!\x00\x1bE\x00\x1ba\x00"
    assert job.body == BYTES["init_53"] + style + bytes.fromhex("8D A2 ED FB") + b"\n"
    assert job.tail == BYTES["cut_feed_partial"]
    assert job.exact


def test_the_utf8_mode_is_on_for_the_text_of_a_job_and_off_before_its_cut() -> None:
    xprinter = replace(profile("xprinter"), methods=(Method.UTF8, Method.SUBSTITUTE))
    job = render([Text("Құны №1"), Cut()], xprinter)
    assert (BYTES["utf8_on"], BYTES["utf8_off"]) == (commands.UTF8_ON, commands.UTF8_OFF)
    assert job.body.startswith(BYTES["init_17"] + BYTES["utf8_on"])
    assert job.body.endswith("Құны №1\n".encode() + BYTES["utf8_off"])
    assert job.exact


def test_a_process_number_is_asked_for_and_answered_in_the_published_form() -> None:
    assert commands.confirmation(b"ABCD") == (BYTES["confirm"], BYTES["confirmed"])


def test_styles_are_sent_when_they_change_and_only_then() -> None:
    body = render(
        [Text("a"), Text("b"), Text("c", Align.CENTER, bold=True, wide=True, tall=True, font=Font.B)], EPSON
    ).body
    assert body.count(b"\x1bE") == 2
    assert body.endswith(b"a\nb\n\x1bM\x01\x1d!\x11\x1bE\x01\x1ba\x01c\n")


def test_the_same_line_is_drawn_where_the_page_lacks_the_letters() -> None:
    job = render([Text("Құны"), Text("Итого"), Text("Құны")], profile("generic-58"), TYPEFACE)
    header = bytes.fromhex("1D 76 30 00 06 00 18 00")  # Four letters of 12 dots: the white beside them is not sent.
    assert job.raster_lines == job.body.count(header) == 2
    assert "Итого".encode("cp866") + b"\n" in job.body
    assert job.exact


@pytest.mark.parametrize("follows", [0x04, 0x05, 0x14])
def test_dots_that_read_as_a_real_time_command_get_one_more_dot(follows: int) -> None:
    dots = bytes([0x10, follows, 0x01, 0x10, 0x00, 0x10])
    picture = Image.frombytes("1", (48, 1), bytes(0xFF - byte for byte in dots))
    (band,) = commands.raster(picture, 96)
    assert band[8:] == bytes([0x18, follows, 0x01, 0x10, 0x00, 0x10])
    glyph = commands.define_glyph(0x21, dots * 6)
    assert not re.search(rb"\x10[\x04\x05\x14]", glyph)
    assert len(glyph) == 6 + 36


def test_a_picture_in_columns_is_the_one_that_python_escpos_sends() -> None:
    picture = Image.new("1", (384, 48), 1)
    picture.paste(0, (10, 20, 384, 44))
    library = Dummy()
    library.image(picture, impl="bitImageColumn")
    ours = b"".join(commands.columns(picture))
    assert ours.count(b"\x1b*\x21\x80\x01") == library.output.count(b"\x1b*\x21\x80\x01") == 2
    assert ours == b"\x1b3\x10" + library.output.partition(b"\x1b3\x10")[2]


def test_glyphs_are_defined_once_before_the_first_line() -> None:
    body = render([Text("Қ"), Text("ҚҚ")], profile("rongta"), TYPEFACE).body
    start = commands.initialise(6)
    assert body.startswith(start + BYTES["glyph_head"])
    assert body.count(b"\x1b&\x03") == 1
    assert len(TYPEFACE.glyph("Қ")) == 36
    assert body[len(start) + 6 + 36 :].startswith(b"\x1bM")
    assert body.endswith(b"\x1b%\x01!!\x1b%\x00\n")


def test_a_glyph_is_given_in_columns_with_the_top_dot_in_the_highest_bit() -> None:
    columns = [int.from_bytes(TYPEFACE.glyph("Қ")[i : i + 3], "big") for i in range(0, 36, 3)]
    drawn = TYPEFACE.line(Text("Қ"), 384)
    for x, column in enumerate(columns):
        for y in range(24):
            assert bool(column >> (23 - y) & 1) == (drawn.getpixel((x, y)) == 0)
    assert any(columns)


def test_without_a_font_letters_are_substituted_and_the_job_says_so() -> None:
    job = render([Text("Құны")], profile("generic"))
    assert "Куны".encode("cp866") in job.body
    assert job.substituted == (("Қ", "К"), ("ұ", "у"))
    assert not job.exact


def test_a_character_no_way_can_show_is_named() -> None:
    assert render([Text("漢")], EPSON, TYPEFACE).missing == ("漢",)


def test_rule_feed_drawer_and_a_cut_in_the_middle_have_their_bytes() -> None:
    job = render([Drawer(), Feed(3), Rule("="), Cut(), Text("x")], replace(EPSON, drawer=DrawerWiring(pin=5)))
    assert BYTES["drawer_5"] + b"\x1bd\x03" in job.body
    assert b"=" * 48 + b"\n" + BYTES["cut_feed_partial"] in job.body
    assert job.tail == b""


def test_the_receipt_qr_is_printed_with_dots_that_fit_a_58_mm_roll() -> None:
    matrix = qr_matrix(QR["text"])
    assert matrix is not None
    assert len(matrix) == 37  # Version 5: 85 bytes at level L need more than the 78 of version 4.
    body = render([Qr(QR["text"])], profile("epson-tm-t20-58")).body
    assert b"\x1ba\x01" + bytes.fromhex(QR["epson_before"]) + QR["text"].encode() in body


def test_a_drawn_qr_reads_back_as_the_same_text() -> None:
    matrix = qr_matrix(QR["text"])
    assert matrix is not None
    image = symbol_image(matrix, 6, 384)
    assert image.width == 384
    (found,) = zxingcpp.read_barcodes(image.convert("L"))
    assert found.text == QR["text"]


def test_a_qr_without_native_command_is_sent_in_bands() -> None:
    body = render([Qr(QR["text"])], profile("generic-58")).body
    assert body.count(b"\x1dv0\x00\x30\x00") == 3  # 45 modules of 6 dots are 270 rows, at most 96 a band.


def test_a_qr_too_long_for_any_symbol_is_printed_as_text_and_noted() -> None:
    job = render([Qr("x" * 3000)], EPSON)
    assert job.body.count(b"x") == 3000
    assert job.notes


def test_the_library_prints_kazakh_itself_after_our_repair() -> None:
    library = Dummy(profile="TM-T20II")
    library.charcode("RK1048")
    library.text(VECTORS["library"]["text"])
    assert library.output == bytes.fromhex(VECTORS["library"]["hex"])


def test_importing_the_library_leaves_root_logging_alone_and_warns_of_nothing() -> None:
    script = (
        "import logging, fiscal.escpos.printer; from fiscal.escpos import library; import escpos.capabilities as c;"
        "from pathlib import Path; assert not logging.getLogger().handlers; assert not Path(c.pickle_dir).exists()"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


def test_layout_alone_does_not_load_the_library() -> None:
    script = "import sys, fiscal.escpos.layout; assert 'escpos' not in sys.modules; assert 'PIL' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_font_with_kazakh_letters_is_always_at_hand() -> None:
    brought = known_fonts()[-1]
    typeface = Typeface(brought)
    assert all(typeface.has(letter) for letter in VECTORS["kazakh"]["letters"])
    assert not typeface.has("漢")


def test_a_missing_font_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="fonts-dejavu-core"):
        find_font(candidates=[tmp_path / "none.ttf"])
    with pytest.raises(FontMissing, match="correct `font`"):
        find_font(tmp_path / "none.ttf")
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    with pytest.raises(FontMissing, match="cannot be read"):
        Typeface(find_font(broken))


def test_drawn_lines_keep_their_cells_and_their_place() -> None:
    left = TYPEFACE.line(Text("Ж"), 384)
    right = TYPEFACE.line(Text("Ж", Align.RIGHT), 384)
    big = TYPEFACE.line(Text("Ж", wide=True, tall=True), 384)
    assert left.crop((0, 0, 12, 24)).tobytes() == right.crop((372, 0, 384, 24)).tobytes()
    assert big.crop((0, 0, 24, 48)).tobytes() == left.crop((0, 0, 12, 24)).resize((24, 48)).tobytes()
    assert left.crop((12, 0, 384, 24)).getextrema() == (255, 255)


def test_a_preview_is_as_wide_as_the_paper_and_not_blank() -> None:
    for paper in (PAPER_58, PAPER_80):
        image = preview([Text("Құны", bold=True), Rule(), Qr(QR["text"]), Cut()], paper, TYPEFACE)
        assert image.width == paper.dots + 32
        assert image.getextrema() == (0, 255)


def test_an_unknown_profile_names_the_nearest() -> None:
    with pytest.raises(ProfileUnknown, match="epson-tm-t20"):
        profile("epson-tmt20")


# What a job may hold: the commands of our own, and text. Written from the command reference, not from the renderer.
TOKEN = re.compile(
    rb"\x1b@|\x1c\.|\x1bt.|\x1bJ\x06|\x1bM[\x00\x01]|\x1d![\x00\x01\x10\x11]|\x1bE[\x00\x01]|\x1ba[\x00-\x02]"
    rb"|\x1b%[\x00\x01]|\x1b&\x03(.)\1\x0c.{36}|\n|[\x20-\x7e\x80-\xff]",
    re.DOTALL,
)
PICTURE = re.compile(rb"\x1dv0\x00([\x01-\x30])\x00\x18\x00")


def token_at(body: bytes, place: int) -> bytes:
    """The command or letter at a place of the job."""
    if picture := PICTURE.match(body, place):
        return body[place : picture.end() + 24 * picture[1][0]]
    token = TOKEN.match(body, place)
    assert token is not None, body[place : place + 8].hex(" ")
    return token[0]


HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1b\x1d\x10\x1c\x04\x14\x00\x7f@pmiқңұ₸😀\u200d\u0306")), max_size=32
)


@given(HOSTILE, st.sampled_from(["epson-tm-t20-58", "generic-58", "clone-58", "rongta", "posiflex"]), st.booleans())
def test_no_product_name_reaches_the_printer_as_a_command(text: str, name: str, font: bool) -> None:
    chosen = replace(profile(name), paper=PAPER_58)
    body = render([Text(text)], chosen, TYPEFACE if font else None).body
    place, seen = 0, []
    while place < len(body):
        seen.append(token_at(body, place))
        place += len(seen[-1])
    assert seen[:3] == [b"\x1b@", b"\x1c.", b"\x1bt" + bytes([chosen.page_number])]
    assert seen.count(b"\x1b@") == seen.count(b"\x1c.") == 1
    lines = seen.count(b"\n") + sum(one.startswith(b"\x1dv0") for one in seen)
    cells = {len(clean(text, tenge)) for tenge in ("₸", "тг")}
    assert lines in {max(1, -(-count // 32)) for count in cells}
    assert not re.search(rb"\x10[\x04\x05\x14]", body), "a printer would obey this inside a picture as well"


def test_every_profile_renders_a_receipt_without_loss() -> None:
    lines = [Text("Құны / Стоимость №1 «Ә»"), Rule(), Qr(QR["text"]), Drawer(), Cut()]
    for chosen in profiles().values():
        job = render(lines, chosen, TYPEFACE)
        assert job.exact, chosen.name
        assert job.tail
