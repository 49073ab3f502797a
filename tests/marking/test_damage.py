"""The damage table, rule by rule: what is repaired, what must be confirmed, what is refused."""

from __future__ import annotations

import pytest

from marking import CodeError, ErrorKind, ReadContext, Source, confirmed, parse
from marking.parse import NO_CONTEXT

GS = "\x1d"
FULL = "0104870000000104213kZ7q_W<2hT9m␝91KZF1␝92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw=".replace("␝", GS)
SHORT13 = "0104870000000142213wA1b2C3d4E5f␝93Qw2e".replace("␝", GS)
SHORT7 = "0104870000000128213hB?7tR␝93aB9+".replace("␝", GS)
SHORT6W = "0104870000000128213mK8pL␝93Ab1c␝3103000750".replace("␝", GS)
BLOCK = "010487000000013521kQ2!wE5␝8005090000␝93Zx4=".replace("␝", GS)
PACK = "04870249811936t1Xrb-xQWhpeGhG"
FULL88 = FULL[:-44] + "Ab3/" * 21 + "Cd9="
FULL20 = FULL.replace("3kZ7q_W<2hT9m", "3kZ7q_W<2hT9mABCDEFG")
FULL6 = FULL.replace("3kZ7q_W<2hT9m", "3kZ7q_")
SHORT6 = "0104670540176099215LnOjv␝93dGVz".replace("␝", GS)
SHORT8 = "0104670540176099215LnOjv81␝93dGVz".replace("␝", GS)
SEPARATED = {
    "FULL44": FULL,
    "FULL88": FULL88,
    "FULL44-20": FULL20,
    "FULL44-6": FULL6,
    "SHORT-13": SHORT13,
    "SHORT-8": SHORT8,
    "SHORT-7": SHORT7,
    "SHORT-6": SHORT6,
    "SHORT-6W": SHORT6W,
    "BLOCK": BLOCK,
}


def knows(*templates: str, caps_lock: bool | None = None) -> ReadContext:
    return ReadContext(catalogue=lambda _gtin: templates, caps_lock=caps_lock)


def refused(text: str | bytes, context: ReadContext = NO_CONTEXT) -> tuple[ErrorKind, int]:
    with pytest.raises(CodeError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), context)
    return caught.value.kind, caught.value.position


# D1, D2 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", SEPARATED)
def test_d1_lost_separators_are_restored_where_one_template_fits(template: str) -> None:
    text = SEPARATED[template]
    code = parse(text.replace(GS, "").encode())
    assert (code.template, code.text, code.repairs, code.confirm) == (template, text, ("D1",), False)


def test_d1_keeps_the_raw_bytes() -> None:
    raw = FULL.replace(GS, "").encode()
    assert parse(raw).raw == raw


def test_d1_is_refused_where_no_template_fits() -> None:
    assert refused(FULL.replace(GS, "").replace("kZ7q", "kZ7")) == (ErrorKind.LENGTH, 18)


def test_d1_by_a_free_serial_length_needs_the_catalogue() -> None:
    text = "01048700000001282112345abcde93aB9+"
    assert refused(text)[0] is ErrorKind.TAIL_MISSING
    assert parse(text.encode(), knows("XTRACE-93")).serial == "12345abcde"


@pytest.mark.parametrize("template", ["FULL44", "FULL88", "SHORT-6W", "BLOCK"])
def test_d2_a_lost_second_separator_is_restored(template: str) -> None:
    head, key, tail = SEPARATED[template].split(GS)
    code = parse((head + GS + key + tail).encode())
    assert (code.template, code.text, code.repairs) == (template, SEPARATED[template], ("D2",))


def test_d2_is_refused_where_the_key_is_not_of_its_length() -> None:
    assert refused(FULL.replace("91KZF1\x1d92", "91KZF92")) == (ErrorKind.LENGTH, 34)


def test_a_free_serial_does_not_swallow_a_field_whose_separator_was_lost() -> None:
    head, price, tail = BLOCK.split(GS)
    text = head + price + GS + tail
    assert refused(text)[0] is ErrorKind.AMBIGUOUS
    assert parse(text.encode(), knows("BLOCK")).text == BLOCK


# D3, D4, D5 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [" ", "|", "~", "#", "^", "@", "$", "\x1e"])
@pytest.mark.parametrize("text", [FULL, SHORT7, BLOCK])
def test_d3_one_foreign_character_before_each_element_is_gs(sign: str, text: str) -> None:
    code = parse(("]d2" + text.replace(GS, sign)).encode())
    assert (code.text, code.repairs, code.symbology) == (text, ("D3",), "]d2")


def test_d3_is_refused_where_the_character_stands_elsewhere_too() -> None:
    assert refused(FULL.replace(GS, "|").replace("2hT9m", "2h|9m")) == (ErrorKind.CHARSET, 28)
    assert refused(FULL.replace(GS, "|", 1).replace(GS, "#")) == (ErrorKind.CHARSET, 31)
    assert refused(PACK.replace("Xrb", "X|b")) == (ErrorKind.CHARSET, 17)


@pytest.mark.parametrize("sign", "*+-_?")
@pytest.mark.parametrize(("template", "text"), [("FULL44", FULL), ("SHORT-7", SHORT7), ("BLOCK", BLOCK)])
def test_d4_a_legal_character_in_place_of_gs_is_confirmed_where_the_catalogue_names_the_template(
    sign: str, template: str, text: str
) -> None:
    code = parse(text.replace(GS, sign).encode(), knows(template))
    assert (code.text, code.repairs, code.confirm, code.candidates) == (text, ("D4",), True, (code.ki,))


@pytest.mark.parametrize("text", [FULL, SHORT7, BLOCK])
def test_d4_is_refused_where_the_template_is_unknown(text: str) -> None:
    assert refused(text.replace(GS, "*")) == (ErrorKind.AMBIGUOUS, text.index(GS))


@pytest.mark.parametrize("terminator", ["\r", "\n", "\r\n", "\t"])
def test_d5_a_terminator_in_the_place_of_gs_inside_a_frame_is_gs(terminator: str) -> None:
    code = parse((FULL.replace(GS, terminator) + "\r").encode())
    assert (code.text, code.repairs) == (FULL, ("D5",))


# D6 to D10 ------------------------------------------------------------------------------------------------------------


def test_d6_a_reported_caps_lock_gives_both_readings() -> None:
    code = parse(FULL.swapcase().encode(), ReadContext(caps_lock=True))
    ki = FULL.split(GS)[0]
    assert (code.text, code.repairs, code.confirm) == (FULL, ("D6",), True)
    assert code.candidates == (ki, ki.swapcase())
    assert confirmed(code, ki).text == FULL
    as_it_came = confirmed(code, ki.swapcase())
    assert (as_it_came.text, as_it_came.repairs, as_it_came.confirm) == (FULL.swapcase(), (), False)
    assert as_it_came.raw == code.raw


def test_a_key_that_is_no_candidate_cannot_be_confirmed() -> None:
    code = parse(FULL.swapcase().encode(), ReadContext(caps_lock=True))
    with pytest.raises(ValueError, match="no candidate"):
        confirmed(code, "0104870000000104213other")


def test_d6_a_key_known_to_be_upper_case_betrays_caps_lock() -> None:
    code = parse(FULL.swapcase().encode())
    assert (code.text, code.repairs, code.confirm) == (FULL, ("D6",), True)


def test_d6_an_aim_identifier_with_its_case_swapped_betrays_caps_lock() -> None:
    code = parse(("]D2" + SHORT7.swapcase()).encode())
    assert (code.text, code.repairs, code.confirm, code.symbology) == (SHORT7, ("D6",), True, "]d2")


def test_caps_lock_off_and_no_hint_means_no_question() -> None:
    assert not parse(SHORT7.swapcase().encode(), ReadContext(caps_lock=False)).confirm


def test_caps_lock_says_nothing_of_a_code_without_letters() -> None:
    code = parse(b"00004870000000000429", ReadContext(caps_lock=True))
    assert (code.repairs, code.confirm) == ((), False)


@pytest.mark.parametrize("sign", ['"', ":", ";", "/", "W"])
def test_d7_mixed_layouts_are_refused(sign: str) -> None:
    assert refused("04870249811936е1Чки-" + sign + "ЙЦрзуПрП")[0] is ErrorKind.LAYOUT


def test_d7_names_the_place_of_the_mix() -> None:
    assert refused("04870249811936е1Чки-чЙЦрзуПрZ") == (ErrorKind.LAYOUT, 28)
    assert refused("04870249811936t1Чки-чЙЦрзуПрП") == (ErrorKind.LAYOUT, 14)


def test_d7_with_separators_and_aim_identifier() -> None:
    # ]d2, then SHORT-7 typed with Ctrl+] as GS: `3hB?7tR` is `3рИ,7еК`, `aB9+` is `фИ9+` in the Russian layout.
    code = parse("ъв20104870000000128213рИ,7еК\x1d93фИ9+".encode())
    assert (code.text, code.symbology, code.repairs) == (SHORT7, "]d2", ("D7",))


def test_d7_is_refused_where_the_inverted_text_is_no_known_code() -> None:
    assert refused("ЯГ604ВЫЦНП6Ф") == (ErrorKind.LAYOUT, 0)


@pytest.mark.parametrize("place", [0, 5, 28])
@pytest.mark.parametrize("sign", ["7", "Q"])
def test_d9_a_latin_letter_or_a_digit_is_refused(place: int, sign: str) -> None:
    text = 'қңү.қәңұү""ұі,е"ЧкиөчЙЦрзуПрП'
    assert refused(text[:place] + sign + text[place + 1 :])[0] is ErrorKind.LAYOUT


def test_d9_a_number_typed_under_the_kazakh_layout() -> None:
    code = parse('ңү.қәңұү""ұі,'.encode())
    assert (code.template, code.gtin, code.repairs) == ("EAN13", "04870249811936", ("D9",))


def test_d9_the_kazakh_variant_that_keeps_digits() -> None:
    # `t1Xrb-xQWhpeGhG`: x, X and W are і, І and Ң in xkeyboard-config kz(kazrus), the rest as in Russian.
    code = parse("04870249811936е1Іки-іЙҢрзуПрП".encode())
    assert (code.text, code.repairs) == (PACK, ("D9",))


def test_d10_kazakh_capitals_for_digits_are_certain() -> None:
    code = parse('ҚҢҮ.ҚӘҢҰҮ""ҰІ,Е"чКИӨЧйцРЗУпРп'.encode(), ReadContext(caps_lock=True))
    assert (code.text, code.repairs, code.confirm) == (PACK, ("D10",), False)


def test_d10_a_capital_aim_identifier_betrays_caps_lock_under_the_russian_layout() -> None:
    code = parse("ЪВ20104870000000128213Ри,7Ек\x1d93Фи9+".encode())
    assert (code.text, code.repairs, code.confirm) == (SHORT7, ("D10",), True)


# D12, D13, D15, D16, D17 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [FULL, SHORT7, PACK, "4870249811936", "]d2" + FULL])
@pytest.mark.parametrize("between", ["", "\r"])
def test_d12_the_same_scan_twice_is_one_read(text: str, between: str) -> None:
    code = parse((text + between + text).encode())
    assert (code.text, code.repairs) == (text.removeprefix("]d2"), ("D12",))


def test_d12_with_lost_separators_names_both_repairs() -> None:
    assert parse(FULL.replace(GS, "").encode() * 2).repairs == ("D12", "D1")


@pytest.mark.parametrize("first", [FULL, SHORT7, BLOCK, PACK, "4870249811936"])
@pytest.mark.parametrize("second", [SHORT13, "]d2" + SHORT13, GS + SHORT13, "04870000000135kR4_vZ8AbCd9xYz"])
def test_d13_two_codes_in_one_frame_are_refused(first: str, second: str) -> None:
    assert refused(first + second) == (ErrorKind.GLUED, len(first))


def test_d13_two_codes_with_a_terminator_between_them_are_not_one_code() -> None:
    assert refused(FULL + "\r" + SHORT13) == (ErrorKind.GLUED, len(FULL))


@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize("template", ["FULL44", "FULL88", "FULL44-20", "SHORT-7", "BLOCK", "SHORT-6W"])
def test_d15_characters_lost_from_the_tail_are_never_guessed(template: str, cut: int) -> None:
    text = SEPARATED[template]
    place = len(text) - 4
    assert refused(text[:place] + text[place + cut :])[0] is ErrorKind.LENGTH


@pytest.mark.parametrize("place", range(2, 16))
def test_d15_a_lost_digit_of_the_gtin_is_never_guessed(place: int) -> None:
    for text in (FULL, FULL.replace(GS, "")):
        kind, _ = refused(text[:place] + text[place + 1 :])
        assert kind in (ErrorKind.CHECK_DIGIT, ErrorKind.LENGTH, ErrorKind.STRUCTURE, ErrorKind.UNKNOWN_AI)


def test_d16_cp1251_bytes_are_decoded_before_the_layout_is_undone() -> None:
    code = parse("04870249811936е1Чки-чЙЦрзуПрП".encode("cp1251"))
    assert (code.text, code.repairs) == (PACK, ("D16", "D7"))


def test_d16_bytes_that_fit_no_encoding_are_refused_at_the_first() -> None:
    assert refused(PACK[:20].encode() + b"\x98" + PACK[21:].encode()) == (ErrorKind.ENCODING, 20)
    assert refused(PACK[:20].encode() + b"\xb1" + PACK[21:].encode()) == (ErrorKind.ENCODING, 20)


@pytest.mark.parametrize("text", [FULL, SHORT7, PACK, "4870249811936", "ZU604DSWYG6A"])
def test_d17_only_the_configured_suffix_is_taken_off(text: str) -> None:
    code = parse((text + "-K2]").encode(), ReadContext(suffixes=("]", "-K2]")))
    assert (code.text, code.repairs) == (text, ())
    with pytest.raises(CodeError):
        parse((text + "-K2]").encode())


def test_a_suffix_that_is_the_end_of_the_code_itself_stays() -> None:
    assert parse(FULL.encode(), ReadContext(suffixes=("=", "w="))).text == FULL


def test_two_repairs_that_both_hold_are_refused() -> None:
    # Lost GS after a serial of 8, or `+` for GS after a serial of 7: the length is the same.
    text = "0104870000000128213hB?7tR+93aB9+"
    assert refused(text) == (ErrorKind.AMBIGUOUS, 25)
    assert parse(text.encode(), knows("SHORT-8")).repairs == ("D1",)
    assert parse(text.encode(), knows("SHORT-7")).repairs == ("D4",)
    assert refused(text, knows("SHORT-7", "SHORT-8"))[0] is ErrorKind.AMBIGUOUS


def test_no_repair_changes_a_typed_code() -> None:
    context = ReadContext(source=Source.MANUAL)
    assert parse(SHORT7.encode(), context).repairs == ()
