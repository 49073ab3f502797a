"""Whatever the receipt: each mark, the fiscal sign and the QR stand whole on the paper, of every width and language."""

from dataclasses import replace
from itertools import pairwise

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from paper_reader import FONT

from fiscal.escpos import datamatrix
from fiscal.escpos.job import render
from fiscal.escpos.labels import Language
from fiscal.escpos.layout import MarkForm, layout_receipt
from fiscal.escpos.lines import DataMatrix, Font, Paper, Text
from fiscal.escpos.preview import preview
from fiscal.escpos.profiles import papers, profile
from fiscal.escpos.raster import Typeface
from fiscal.escpos.sample import MARK, QR, document, layout_sample, receipt
from fiscal.register import Line, Mark, Operation, Payment, PaymentKind, Receipt
from hw_sim.printer import Interpreter, TextRow, model_named
from hw_sim.printer import render as picture_of
from hw_sim.printer.paper import Paper as Strip

EPSON = profile("epson-tm-t20")
TYPEFACE = Typeface(FONT)
AI82 = "".join(map(chr, range(0x21, 0x7F)))
CODES = st.text(st.sampled_from(AI82 + "\x1d"), min_size=1, max_size=160).filter(lambda code: code.strip("\x1d"))
NAMES = st.text(st.sampled_from("абвӘқңі №«»-%12 "), max_size=90)
SIGNS = st.text(st.sampled_from("0123456789"), min_size=1, max_size=20)
QRS = st.text(st.sampled_from("abcxyz0123456789/?&=.:"), min_size=10, max_size=400)


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        marks = tuple(Mark(code, code) for code in draw(st.lists(CODES, max_size=3)))
        count = max(1, len(marks))
        price, vat = draw(st.integers(1, 10**9)), draw(st.sampled_from([1600, 0, None]))
        lines.append(Line(draw(NAMES), price, 1000 * count, 796, vat, draw(NAMES), marks=marks))
    return Receipt("k", Operation.SALE, tuple(lines), (Payment(PaymentKind.CASH, 10**12),), cashier=draw(NAMES))


def strip_of(lines: tuple, paper: Paper) -> Strip:
    chosen = replace(EPSON, paper=paper)
    printer = Interpreter(replace(model_named("epson"), dots=paper.dots))
    job = render(lines, chosen, TYPEFACE)
    printer.receive(job.body + job.tail)
    assert not printer.unknown
    return printer.paper


def block_of(strip: Strip, text: str, columns: int) -> tuple[int, int] | None:
    """(top, bottom) of the text in the small font, broken only where the paper ends; None: it is not there whole."""
    pieces = [text[start : start + columns] for start in range(0, len(text), columns)]
    rows = strip.rows
    for place in range(len(rows) - len(pieces) + 1):
        here = rows[place : place + len(pieces)]
        if [row.text if isinstance(row, TextRow) else None for row in here] == pieces and all(
            item.style.font == "B" for row in here for item in row.items
        ):
            edges = [(row.top, row.top + row.height) for row in here]
            assert all(a[1] == b[0] for a, b in pairwise(edges)), "a blank inside a mark"
            return edges[0][0], edges[-1][1]
    return None


@given(
    receipts(), SIGNS, QRS, st.sampled_from(sorted(papers())), st.sampled_from(Language), st.booleans(), st.booleans()
)
@settings(max_examples=200, deadline=None)
def test_marks_sign_and_qr_are_whole_on_any_paper_in_any_language(
    sale: Receipt, sign: str, qr: str, name: str, language: Language, copy: bool, offline: bool
) -> None:
    paper = papers()[name]
    made = replace(document(), fiscal_sign=sign, qr=qr, offline=offline)
    strip = strip_of(layout_receipt(sale, made, paper, language, copy=copy), paper)
    cuts = [cut.at for cut in strip.cuts]
    for mark in (mark for line in sale.lines for mark in line.marks):
        block = block_of(strip, mark.full.replace("\x1d", ""), paper.columns(Font.B))
        assert block is not None, mark
        assert not any(block[0] < at < block[1] for at in cuts)
    assert any(row.text.endswith(sign) for row in strip.rows if isinstance(row, TextRow))
    (symbol,) = strip.symbols
    assert symbol.data == qr.encode()
    assert symbol.x >= 0
    assert symbol.x + symbol.bitmap.width <= paper.dots
    assert not any(symbol.top <= at <= symbol.top + symbol.height for at in cuts)


@given(CODES, st.sampled_from(sorted(papers())), st.sampled_from(Language))
@settings(max_examples=60, deadline=None)
def test_a_mark_as_symbol_reads_back_as_the_code_or_stands_as_text(code: str, name: str, language: Language) -> None:
    paper = papers()[name]
    line = replace(receipt().lines[0], marks=(Mark(code, code),))
    sale = replace(receipt(), lines=(line,))
    lines = layout_receipt(sale, replace(document(), qr=""), paper, language, mark_form=MarkForm.SYMBOL)
    strip = strip_of(lines, paper)
    if datamatrix.fits(code):
        found = zxingcpp.read_barcodes(picture_of(strip), formats=zxingcpp.BarcodeFormat.DataMatrix)
        assert [symbol.bytes for symbol in found] == [code.strip("\x1d").encode()]
    else:
        assert block_of(strip, code.replace("\x1d", ""), paper.columns(Font.B))


@given(st.text(st.sampled_from(AI82 + "0123456789" * 4 + "\x1d"), min_size=1, max_size=170))
@settings(max_examples=150, deadline=None)
def test_any_code_that_fits_a_symbol_is_read_from_it_by_another_program(code: str) -> None:
    if not datamatrix.fits(code):
        return
    image = preview([DataMatrix(code)], papers()["58"], TYPEFACE).convert("L")
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.DataMatrix)
    assert [symbol.bytes for symbol in found] == [code.strip("\x1d").encode()]
    assert found[0].content_type == zxingcpp.ContentType.GS1


@pytest.mark.parametrize(
    ("length", "side"), [(3, 10), (21, 20), (22, 22), (85, 36), (86, 40), (143, 44), (144, 48), (173, 48), (346, 48)]
)
def test_a_symbol_is_as_small_as_the_standard_has_it(length: int, side: int) -> None:
    """ISO/IEC 16022: a codeword a letter or a pair of digits, FNC1 before them; 3, 22, 30, 86, 114, 144, 174 a size."""
    code = "7" * length if length in {3, 346} else "a" * length
    assert datamatrix.fits(code)
    assert len(datamatrix.matrix(code)) == side


@pytest.mark.parametrize("code", ["", "\x1d", "Ж", "a" * 174, "7" * 348])
def test_what_has_no_symbol_is_refused(code: str) -> None:
    assert not datamatrix.fits(code)
    with pytest.raises(ValueError, match="no Data Matrix"):
        datamatrix.matrix(code)


def test_a_code_with_a_blank_at_the_end_of_a_line_shows_it() -> None:
    code = "0" * 41 + " 9"
    sale = replace(receipt(), lines=(replace(receipt().lines[0], marks=(Mark(code, code),)),))
    strip = strip_of(layout_receipt(sale, document(), papers()["58"]), papers()["58"])
    assert block_of(strip, "0" * 41 + "<20>9", 42)


@pytest.mark.parametrize(
    ("form", "shown", "symbols"),
    [(MarkForm.FULL, MARK.full.replace("\x1d", ""), 0), (MarkForm.KI, MARK.ki, 0), (MarkForm.SYMBOL, "", 1),
     (MarkForm.NONE, "", 0)],
)  # fmt: skip
def test_a_shop_chooses_how_its_marks_stand_on_paper(form: MarkForm, shown: str, symbols: int) -> None:
    for paper in papers().values():
        lines = layout_sample(paper, mark_form=form)
        small = "".join(line.text for line in lines if isinstance(line, Text) and line.font is Font.B)
        assert small.partition(":")[2] == shown
        assert bool(small) == (form is not MarkForm.NONE)
        assert [line.code for line in lines if isinstance(line, DataMatrix)] == [MARK.full] * symbols
        assert QR in {line.data for line in lines if hasattr(line, "data")}
