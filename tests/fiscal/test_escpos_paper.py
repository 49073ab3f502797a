"""Every profile prints the sample receipt on the simulated printer of its model, and what comes out is read back."""

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from paper_reader import ALPHABET, FONT, alike, lines_read

from fiscal.escpos.address import parse_url
from fiscal.escpos.job import PrintJob, render
from fiscal.escpos.labels import Language
from fiscal.escpos.layout import MarkForm
from fiscal.escpos.lines import Align, Cut, Font, Qr, Text
from fiscal.escpos.profiles import Cutter, Profile, profile, profiles
from fiscal.escpos.raster import Typeface
from fiscal.escpos.sample import MARK, QR, layout_sample
from fiscal.escpos.text import Method, page
from hw_sim.printer import ImageRow, Interpreter, TextRow, model_named
from hw_sim.printer import render as picture_of

TYPEFACE = Typeface(FONT)
# Which simulated firmware each profile is for; `generic` must do on any that has CP866 where most have it.
MODELS: dict[str, tuple[str, ...]] = {
    "generic": ("epson", "posiflex", "xprinter", "nt-80"),
    "generic-58": ("epson-58", "pos-5890", "zj-5870", "sunmi-v2"),
    "epson-tm-t20": ("epson",),
    "epson-tm-t20-58": ("epson-58",),
    "epson-tm-t88v": ("epson-t88v",),
    "epson-tm-t88ii": ("epson-t88ii",),
    "epson-tm-t88iv": ("epson-t88iii", "epson-t88iv"),
    "epson-tm-l90": ("epson-l90",),
    "epson-tm-p80": ("epson-p80",),
    "tep-200m": ("tep-200m",),
    "posiflex": ("posiflex",),
    "rongta": ("rongta",),
    "xprinter": ("xprinter",),
    "oa-48": ("oa48",),
    "clone-58": ("pos-5890",),
    "clone-80": ("nt-80",),
    "zj-5870": ("zj-5870",),
    "rp-f10-58": ("rp-f10",),
    "rp-f10": ("rp-f10-80",),
    "star-tsp600": ("star-tsp600",),
    "th230": ("th230",),
    "citizen-ct-s651": ("ct-s651",),
    "sunmi-v2": ("sunmi-v2",),
}
PAIRS = [(name, model) for name, models in MODELS.items() for model in models]
# What a page has no shape for is printed in its plain form; the Kazakh page of Posiflex has no Ё besides.
PLAIN = {"kz1048": "", "cp1251": "", "cp866": "«»—–", "posiflex224": "«»—–Ёё"}
FORMS = dict(zip("«»—–Ёё", '""--Ее', strict=True))
KAZAKH = "ӘҒҚҢӨҰҮҺІәғқңөұүһі"


def printed(job: PrintJob, model: str) -> Interpreter:
    printer = Interpreter(model_named(model))
    printer.receive(job.body + job.tail)
    return printer


def symbols_on(printer: Interpreter) -> set[bytes]:
    return {found.bytes for found in zxingcpp.read_barcodes(picture_of(printer.paper))}


def plain(text: str, chosen: Profile) -> str:
    return alike("".join(FORMS[char] if char in PLAIN[chosen.page] else char for char in text))


def adjusted(name: str, options: str) -> Profile:
    return parse_url(f"escpos+tcp://host?profile={name}&{options}", lambda: 0.0, lambda _: None).profile


def test_every_profile_has_its_model() -> None:
    assert set(MODELS) == set(profiles())


def test_the_sample_shows_every_letter_that_a_receipt_must_be_able_to_show() -> None:
    for language in (Language.KK, Language.KK_RU):
        said = "".join(
            line.text for line in layout_sample(profile("generic").paper, language) if isinstance(line, Text)
        )
        assert set(KAZAKH + "№«»") <= set(said)
        assert "теңге" in said and " тг" in said
        assert MARK.full.replace("\x1d", "") in said


@pytest.mark.parametrize(("name", "model"), PAIRS)
@pytest.mark.parametrize("language", Language)
def test_a_receipt_reads_back_from_the_paper_of_its_model(name: str, model: str, language: Language) -> None:
    chosen = profile(name)
    lines = layout_sample(chosen.paper, language)
    job = render(lines, chosen, TYPEFACE)
    assert job.exact, job.losses
    printer = printed(job, model)
    assert not printer.unknown
    found, meant = lines_read(printer.paper.rows, lines, chosen.paper)
    assert [plain(text, chosen) for text in found] == [plain(text, chosen) for text in meant]
    assert symbols_on(printer) == {QR.encode()}


@pytest.mark.parametrize(("name", "model"), PAIRS)
def test_the_receipt_leaves_the_printer_in_one_piece(name: str, model: str) -> None:
    chosen = profile(name)
    printer = printed(render(layout_sample(chosen.paper), chosen, TYPEFACE), model)
    (receipt, *rest) = printer.paper.pieces()
    assert len(printer.paper.cuts) == (model_named(model).cutter and chosen.cutter is not Cutter.NONE)
    assert all(isinstance(row, TextRow) and not row.items for piece in rest for row in piece.rows)
    assert receipt.rows


@pytest.mark.parametrize(("name", "model"), [("xprinter", "xprinter"), ("oa-48", "oa48")])
def test_the_private_utf8_mode_prints_the_same_receipt_once_it_is_switched_on(name: str, model: str) -> None:
    chosen = adjusted(name, "utf8=yes")
    lines = layout_sample(chosen.paper)
    job = render(lines, chosen, TYPEFACE)
    printer = printed(job, model)
    assert (job.raster_lines, job.exact, printer.unknown) == (0, True, type(printer.unknown)(maxlen=20_000))
    found, meant = lines_read(printer.paper.rows, lines, chosen.paper)
    assert found == meant
    after = render([Text("Чек «1»"), Cut()], profile(name), TYPEFACE)
    printer.receive(after.body)
    assert printer.paper.lines[-1].replace('"', "").startswith("Чек")


@pytest.mark.parametrize("name", ["xprinter", "oa-48"])
def test_nothing_private_is_sent_before_the_utf8_mode_is_asked_for(name: str) -> None:
    assert b"\x1f" not in render(layout_sample(profile(name).paper), profile(name)).body


@pytest.mark.parametrize(("name", "model"), PAIRS)
def test_drawn_as_a_whole_a_receipt_needs_no_page_of_the_firmware(name: str, model: str) -> None:
    """Also where the page number is wrong: 255 is in no firmware."""
    chosen = adjusted(name, "raster=all&page_number=255")
    lines = layout_sample(chosen.paper)
    printer = printed(render(lines, chosen, TYPEFACE), model)
    found, meant = lines_read(printer.paper.rows, lines, chosen.paper)
    assert found == meant


TEXTS = st.text(st.sampled_from(ALPHABET + " "), max_size=31)


@given(
    TEXTS,
    st.sampled_from(["generic-58", "th230", "rp-f10-58", "star-tsp600"]),
    st.sampled_from(Align),
    st.sampled_from(Font),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_any_drawn_line_reads_back_letter_for_letter(
    text: str, name: str, align: Align, font: Font, bold: bool, tall: bool
) -> None:
    line = Text(f"Қ{text.rstrip()}", align, bold, tall=tall, font=font)
    chosen = adjusted(name, "raster=all")
    printer = printed(render([line], chosen, TYPEFACE), MODELS[name][0])
    found, meant = lines_read(printer.paper.rows, [line], chosen.paper)
    assert found == meant
    assert not printer.take_reply()


@pytest.mark.parametrize(
    ("model", "number", "looks"),
    [
        ("xprinter", 23, "□"),  # A page without a published table.
        ("epson", 17, "Нвэ√"),  # KZ-1048 read as CP866.
        ("rongta", 53, "ìóφ√"),  # No such page: the one after a reset.
    ],
)
def test_a_wrong_page_number_shows_on_the_paper(model: str, number: int, looks: str) -> None:
    kazakh = adjusted("epson-tm-t20", f"page=kz1048&page_number={number}")
    text = "ҚАЗАҚСТАН №1 Құны әңө"
    lines = printed(render([Text(text)], kazakh), model).paper.lines
    assert lines != [text]
    assert looks in lines[0]


def test_two_drawn_lines_stand_as_far_apart_as_two_printed_ones() -> None:
    for name, models in MODELS.items():
        chosen = profile(name)
        for text in ("Чек", "Қ漢" if Method.RASTER in chosen.methods else "Қ"):
            for font in Font:
                line = Text(text, font=font)
                once, twice = (printed(render([line] * n, chosen, TYPEFACE), models[0]) for n in (1, 2))
                if chosen.image == "raster" or font is Font.A:
                    assert twice.paper.length - once.paper.length == 30, (name, text, font)


def test_a_symbol_is_whole_on_every_paper_and_drawn_by_us_where_the_printer_cannot() -> None:
    for name, models in MODELS.items():
        chosen = profile(name)
        for model in models:
            printer = printed(render(layout_sample(chosen.paper, mark_form=MarkForm.SYMBOL), chosen, TYPEFACE), model)
            assert symbols_on(printer) == {QR.encode(), MARK.full.encode()}, (name, model)


def test_a_qr_with_a_control_character_is_never_sent_as_a_command() -> None:
    printer = printed(render([Qr("a\x10\x04\x01b")], profile("epson-tm-t20"), TYPEFACE), "epson")
    assert printer.take_reply() == b""
    assert all(isinstance(row, ImageRow) for row in printer.paper.rows)


def test_a_line_longer_than_the_paper_goes_on_in_the_next_and_loses_nothing() -> None:
    text = "Қ" + "0123456789" * 7
    for name in ("generic-58", "epson-tm-t20-58", "th230"):
        chosen = profile(name)
        columns = chosen.paper.columns()
        job = render([Text(text)], chosen, TYPEFACE)
        pieces = [Text(text[start : start + columns]) for start in range(0, len(text), columns)]
        found, meant = lines_read(printed(job, MODELS[name][0]).paper.rows, pieces, chosen.paper)
        assert found == meant
        assert "broken" in job.losses


def test_every_profile_knows_the_bytes_of_its_kazakh_page() -> None:
    for chosen in profiles().values():
        held = all(letter in page(chosen.page).table for letter in KAZAKH)
        assert held == (chosen.page in {"kz1048", "posiflex224"})
        assert held or {Method.RASTER, Method.GLYPHS} & set(chosen.methods)
