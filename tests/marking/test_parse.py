"""Elements, numbers, bare codes and the places of errors."""

from __future__ import annotations

import pytest

from marking import CodeError, CodeKind, ErrorKind, ReadContext, Source, gtin14, parse
from marking.parse import NO_CONTEXT

GS = "\x1d"
FULL = "0104870000000104213kZ7q_W<2hT9m␝91KZF1␝92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw=".replace("␝", GS)
SHORT7 = "0104870000000128213hB?7tR␝93aB9+".replace("␝", GS)
BLOCK = "010487000000013521kQ2!wE5␝8005090000␝93Zx4=".replace("␝", GS)


def refused(text: str, context: ReadContext = NO_CONTEXT) -> tuple[ErrorKind, int]:
    with pytest.raises(CodeError) as caught:
        parse(text.encode(), context)
    return caught.value.kind, caught.value.position


def test_elements_after_the_serial_are_read_by_identifier_in_any_order() -> None:
    code = parse(b"010487000000013521kQ2!wE5\x1d93Zx4=\x1d8005090000")
    assert (code.template, code.ki) == ("BLOCK", "010487000000013521kQ2!wE5")
    assert code.elements[2:] == (("93", "Zx4="), ("8005", "090000"))


def test_no_separator_is_needed_after_a_predefined_length() -> None:
    code = parse(b"0104870000000128213mK8pL\x1d310300075093Ab1c")
    assert (code.template, dict(code.elements)["3103"]) == ("SHORT-6W", "000750")


def test_separators_where_none_is_needed_are_dropped() -> None:
    noisy = FULL[:16] + GS + FULL[16:].replace(GS, GS + GS) + GS
    assert parse(noisy.encode()).text == FULL


def test_a_block_may_carry_an_additional_item_id() -> None:
    code = parse((BLOCK + GS + "240ART-7").encode())
    assert (code.template, code.elements[-1]) == ("BLOCK", ("240", "ART-7"))


def test_a_short_code_of_another_serial_length_is_the_document_form() -> None:
    assert parse(b"01048700000001282112345\x1d93aB9+").template == "XTRACE-93"


def test_a_serial_length_against_the_catalogue_is_damage() -> None:
    context = ReadContext(catalogue={"04870000000128": ("SHORT-7",)}.get)
    assert refused(SHORT7.replace("3hB?7tR", "3hB?7"), context) == (ErrorKind.LENGTH, 18)


@pytest.mark.parametrize(
    ("digits", "gtin"),
    [
        ("4870249811936", "04870249811936"),
        ("036000291452", "00036000291452"),
        ("40123455", "00000040123455"),
        ("14870249811933", "14870249811933"),
        ("0200000000001", "00200000000001"),
    ],
)
def test_numbers_come_to_fourteen_digits(digits: str, gtin: str) -> None:
    assert gtin14(digits) == gtin


@pytest.mark.parametrize("text", ["", "123", "487024981193a", "048702498119366", "٤٨٧٠٢٤٩٨١١٩٣٦"])
def test_only_a_number_comes_to_fourteen_digits(text: str) -> None:
    with pytest.raises(ValueError, match="not a GTIN"):
        gtin14(text)


# One number per row of the published zero-suppression table, expanded and check-summed by hand.
@pytest.mark.parametrize(
    ("upce", "upca"),
    [
        ("01234505", "012000003455"),
        ("01234514", "012100003454"),
        ("01234523", "012200003453"),
        ("01234531", "012300000451"),
        ("01234543", "012340000053"),
        ("01234558", "012345000058"),
        ("01234596", "012345000096"),
    ],
)
def test_upc_e_expands_by_its_last_digit(upce: str, upca: str) -> None:
    code = parse(upce.encode(), ReadContext(catalogue={"00" + upca: ()}.get))
    assert (code.template, code.gtin) == ("UPCE", "00" + upca)


def test_eight_digits_that_are_both_ean_8_and_upc_e_need_the_catalogue() -> None:
    # 01234565: EAN-8 check 3*(0+2+4+6)+(1+3+5) = 45 -> 5; UPC-E expands to 01234500006 + check 5.
    assert refused("01234565") == (ErrorKind.AMBIGUOUS, 0)
    ean = ReadContext(catalogue={"00000001234565": ()}.get)
    upc = ReadContext(catalogue={"00012345000065": ()}.get)
    assert parse(b"01234565", ean).template == "EAN8"
    assert parse(b"01234565", upc).template == "UPCE"
    assert parse(b"]E401234565").template == "EAN8"


def test_a_shop_label_keeps_its_thirteen_digits_and_is_no_gtin() -> None:
    code = parse(b"2212345007509")
    assert (code.kind, code.text, code.gtin, code.ki) == (CodeKind.IN_STORE, "2212345007509", None, None)


def test_the_catalogue_decides_between_a_pack_and_identifiers() -> None:
    text = b"0104870000000401213xY7_kQ2pL9"
    pack = ReadContext(catalogue={"01048700000004": ()}.get)
    both = ReadContext(catalogue=lambda _gtin: ())
    units = ReadContext(source=Source.API, catalogue={"04870000000401": ()}.get)
    assert parse(text, pack).template == "PACK29"
    assert parse(text, units).ki == text.decode()
    assert refused(text.decode(), both) == (ErrorKind.AMBIGUOUS, 0)


def test_the_catalogue_decides_between_a_bare_code_and_a_lost_separator() -> None:
    text = b"0104870000000142213wA1b2C93d4E5"
    short = ReadContext(source=Source.MANUAL, catalogue={"04870000000142": ("SHORT-7",)}.get)
    full = ReadContext(source=Source.MANUAL, catalogue={"04870000000142": ("FULL44",)}.get)
    assert parse(text).ki == "0104870000000142213wA1b2C"
    assert parse(text, short).repairs == ("D1",)
    assert parse(text, full).ki == text.decode()


def test_a_typed_code_that_ends_like_a_tail_is_doubtful() -> None:
    context = ReadContext(source=Source.MANUAL)
    assert refused("01048700000001422112345abcde93aB9c", context) == (ErrorKind.AMBIGUOUS, 28)
    assert parse(b"01048700000001422112345abcde83aB9c", context).template == "KI"


def test_a_scanner_does_not_read_the_code_a_catalogue_says_must_be_longer() -> None:
    context = ReadContext(catalogue={"04870000000142": ("FULL44",)}.get)
    assert refused("0104870000000142213wA1b2C93d4E5", context) == (ErrorKind.TAIL_MISSING, 31)


def test_a_bare_pack_is_read_from_a_program_and_not_from_a_scanner() -> None:
    text = "04870249811936t1Xrb-x"
    code = parse(text.encode(), ReadContext(source=Source.API))
    assert (code.template, code.ki, code.serial) == ("KI", text, "t1Xrb-x")
    assert refused(text) == (ErrorKind.TAIL_MISSING, 21)


def test_the_issuer_is_a_hint_of_the_serial_and_not_of_blocks_and_packs() -> None:
    assert parse(FULL.encode()).issuer == "KZ"
    assert parse(b"010487000000013521kQ2!wE5\x1d8005090000\x1d93Zx4=").issuer is None
    assert parse(b"0104870000000135213Q2!wE5\x1d8005090000\x1d93Zx4=").issuer is None
    assert parse(b"0104870249811936215JgXJ5\x1d93Mdlr").issuer == "RU"
    assert parse(b"048702498119363aaaaaaQWhpeGhG").issuer is None


def test_opaque_codes_pass_unchanged_where_they_are_allowed() -> None:
    code = parse(b"ZU604DSWYG6A")
    assert (code.kind, code.text, code.ki) == (CodeKind.OPAQUE, "ZU604DSWYG6A", None)
    assert refused("ZU604DSWYG6A", ReadContext(opaque_allowed=False)) == (ErrorKind.STRUCTURE, 0)


def test_a_databar_of_loose_goods_names_goods() -> None:
    code = parse(b"]e001948702498119393103000750")
    assert (code.kind, code.gtin, code.ki) == (CodeKind.LINEAR, "94870249811939", None)


@pytest.mark.parametrize(
    ("text", "kind", "position"),
    [
        ("", ErrorKind.EMPTY, 0),
        ("\r\n", ErrorKind.EMPTY, 2),
        ("x" * 513, ErrorKind.TOO_LONG, 512),
        ("4870249811937", ErrorKind.CHECK_DIGIT, 12),
        ("]E04870249811937", ErrorKind.CHECK_DIGIT, 15),
        ("]E0487024981193X", ErrorKind.CHARSET, 15),
        ("]E048702498119", ErrorKind.LENGTH, 14),
        ("00004870000000000428", ErrorKind.CHECK_DIGIT, 19),
        ("004870000000000428", ErrorKind.CHECK_DIGIT, 17),
        (FULL.replace("0104870000000104", "0104870000000105"), ErrorKind.CHECK_DIGIT, 15),
        ("]d2" + FULL.replace("0104870000000104", "0104870000000105"), ErrorKind.CHECK_DIGIT, 18),
        (FULL.replace("3kZ7q", "3kZ~q"), ErrorKind.CHARSET, 21),
        ("]d2" + FULL.replace("3kZ7q", "3k 7q"), ErrorKind.CHARSET, 23),
        (FULL.replace("3kZ7q", "3k7q"), ErrorKind.LENGTH, 18),
        (FULL.replace("91KZF1", "91KZF"), ErrorKind.LENGTH, 34),
        (FULL.replace("O4zYNw=", "O4zNw="), ErrorKind.LENGTH, 41),
        (FULL.replace("O4zYNw=", "O4zYNww="), ErrorKind.LENGTH, 41),
        (FULL[:-1], ErrorKind.LENGTH, 41),
        (FULL.replace("Ne2o3I", "Ne2-3I"), ErrorKind.CHARSET, 44),
        (FULL[:60], ErrorKind.TAIL_MISSING, 60),
        (FULL[:31], ErrorKind.TAIL_MISSING, 31),
        (FULL[:16], ErrorKind.TAIL_MISSING, 16),
        (SHORT7[:-1], ErrorKind.LENGTH, 28),
        (SHORT7.replace(GS + "93", GS + "83"), ErrorKind.UNKNOWN_AI, 26),
        (FULL[:31] + GS + "10LOT1", ErrorKind.STRUCTURE, 32),
        (FULL.replace(GS + "91KZF1", ""), ErrorKind.STRUCTURE, 32),
        (SHORT7 + GS + "93aB9+", ErrorKind.STRUCTURE, 33),
        (BLOCK.replace("8005090000", "800509000x"), ErrorKind.CHARSET, 35),
        ("]d210LOT17270101", ErrorKind.STRUCTURE, 3),
        ("]d2104870000000128", ErrorKind.STRUCTURE, 3),
        ("0104870000000128" + "17270101", ErrorKind.STRUCTURE, 16),
        ("04870249811936t1Xrb-xQWhpeGh", ErrorKind.LENGTH, 28),
        ("04870249811936t1Xrb-xQWhpeGhGG", ErrorKind.LENGTH, 29),
        ("04870249811936t1Xr", ErrorKind.TAIL_MISSING, 18),
        ("04870249811937t1Xrb-xQWhpeGhG", ErrorKind.CHECK_DIGIT, 13),
    ],
)
def test_an_error_names_its_kind_and_its_place(text: str, kind: ErrorKind, position: int) -> None:
    assert refused(text) == (kind, position)


def test_a_place_counts_characters_of_the_text_as_it_came() -> None:
    assert refused("\ufeff]d2" + FULL.replace("3kZ7q", "3kZ~q")) == (ErrorKind.CHARSET, 25)
    assert refused(SHORT7.replace(GS, "{GS}").replace("93aB9+", "83aB9+")) == (ErrorKind.UNKNOWN_AI, 29)
