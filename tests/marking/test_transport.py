"""Every transport form in which a code is known to arrive."""

from __future__ import annotations

import pytest

from marking import CodeError, ErrorKind, ReadContext, Source, parse

GS = "\x1d"
FULL = "0104870000000104213kZ7q_W<2hT9m␝91KZF1␝92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw=".replace("␝", GS)
SHORT7 = "0104870000000128213hB?7tR␝93aB9+".replace("␝", GS)
BRACKETED = "(01)04870000000104(21)3kZ7q_W<2hT9m(91)KZF1(92)Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="


@pytest.mark.parametrize("aim", ["]d2", "]Q3", "]C1", "]e0", "]J1"])
def test_a_gs1_identifier_is_taken_off_and_remembered(aim: str) -> None:
    code = parse((aim + FULL).encode())
    assert (code.text, code.symbology, code.flags) == (FULL, aim, ())


@pytest.mark.parametrize("aim", ["]d1", "]Q1", "]C0"])
def test_a_symbol_without_fnc1_is_read_and_flagged(aim: str) -> None:
    code = parse((aim + FULL).encode())
    assert (code.text, code.symbology, code.flags) == (FULL, aim, ("no_fnc1",))


@pytest.mark.parametrize("lead", [b"\x1d", b"\x1d\x1d\x1d", b"\xe8", "è".encode(), b"]d2\x1d", b"]d2\xe8"])
def test_fnc1_in_front_is_dropped_however_it_comes(lead: bytes) -> None:
    code = parse(lead + FULL.encode())
    assert (code.text, code.repairs) == (FULL, ())


@pytest.mark.parametrize(
    "token", ["{GS}", "[GS]", r"\u001d", r"\u001D", r"\x1d", "&#29;", "_x001D_", "^]", "~d029", "␝", "↔"]
)
def test_gs_written_as_text_is_gs(token: str) -> None:
    code = parse(FULL.replace(GS, token).encode())
    assert (code.text, code.repairs) == (FULL, ())


@pytest.mark.parametrize("token", ["<GS>", "<FNC1>", "%1D", "(GS)"])
def test_gs_written_in_legal_letters_is_gs_only_before_an_expected_element(token: str) -> None:
    assert parse(FULL.replace(GS, token).encode()).text == FULL
    assert parse((token + FULL.replace(GS, token)).encode()).text == FULL
    data = FULL.replace("3kZ7q_W<2hT9m", (token + "93kZ7q_W<2hT9m")[:13])
    assert parse(data.encode()).text == data


def test_gs_in_legal_letters_is_gs_in_a_typed_code_too() -> None:
    code = parse(SHORT7.replace(GS, "<GS>").encode(), ReadContext(source=Source.MANUAL))
    assert (code.template, code.text) == ("SHORT-7", SHORT7)


@pytest.mark.parametrize("edge", ["\r", "\n", "\r\n", "\t", "  ", "\0", "\ufeff", "\u200b", "\u200d", GS + "\r"])
def test_invisible_ends_are_silently_dropped(edge: str) -> None:
    code = parse((FULL + edge).encode())
    assert (code.text, code.repairs) == (FULL, ())


def test_a_byte_order_mark_and_spaces_in_front_are_dropped() -> None:
    assert parse(("\ufeff \u200b]d2" + FULL).encode()).text == FULL


def test_brackets_are_read_from_both_ends() -> None:
    assert parse(BRACKETED.encode()).text == FULL
    assert parse(b"(01)04870000000128(21)3hB?7tR(93)aB9+").text == SHORT7
    code = parse(b"(01)04870000000135(21)kQ2!wE5(8005)090000(93)Zx4=")
    assert (code.template, code.ki) == ("BLOCK", "010487000000013521kQ2!wE5")


def test_a_serial_in_brackets_may_hold_brackets() -> None:
    code = parse(b"(01)04870000000128(21)3(93)tR(93)aB9+")
    assert (code.serial, dict(code.elements)["93"]) == ("3(93)tR", "aB9+")


def test_a_bare_code_in_brackets_is_read_when_typed() -> None:
    code = parse(b"(01)04870000000104(21)3kZ7q_W<2hT9m", ReadContext(source=Source.MANUAL))
    assert (code.template, code.ki) == ("KI", "0104870000000104213kZ7q_W<2hT9m")


def test_a_fault_inside_brackets_has_the_place_of_the_bracketed_text() -> None:
    with pytest.raises(CodeError) as caught:
        parse(BRACKETED.replace("O4zYNw=", "O4zYNww=").encode())
    assert (caught.value.kind, caught.value.position) == (ErrorKind.LENGTH, BRACKETED.index("Ne2o3"))


@pytest.mark.parametrize(
    "link",
    [
        "https://id.example.kz/01/04870000000104/21/3kZ7q_W%3C2hT9m?91=KZF1&92=Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl%2FO4zYNw%3D",
        "https://example.kz/some/shop/gtin/4870000000104/ser/3kZ7q_W%3C2hT9m"
        "?linkType=all&91=KZF1&92=Ne2o3IgVFwgEjNZm%2BTcpPw9CoQ84AyCgeJbl/O4zYNw=#top",
    ],
)
def test_a_digital_link_is_the_same_code(link: str) -> None:
    assert parse(link.encode()).text == FULL


def test_a_digital_link_is_decoded_once() -> None:
    code = parse(b"https://example.kz/01/04870000000128/21/3hB%2525tR?93=aB9+")
    assert code.serial == "3hB%25tR"


@pytest.mark.parametrize(
    ("link", "kind", "position"),
    [
        ("https://example.kz/01/123/21/a?93=abcd", ErrorKind.STRUCTURE, 22),
        ("https://example.kz/01/04870000000128/99x/abc", ErrorKind.UNKNOWN_AI, 37),
        ("https://example.kz/01/04870000000129/21/3hB?93=aB9+", ErrorKind.CHECK_DIGIT, 35),
        ("https://example.kz/01/04870000000128/21/3h%20BtR?93=aB9+", ErrorKind.CHARSET, 42),
    ],
)
def test_a_bad_digital_link_is_refused_at_its_place(link: str, kind: ErrorKind, position: int) -> None:
    with pytest.raises(CodeError) as caught:
        parse(link.encode())
    assert (caught.value.kind, caught.value.position) == (kind, position)


def test_base64_is_never_guessed() -> None:
    code = parse(b"MDEwNDY3MDU0MDE3NjA5OTIxNSdXOVVtHTkzZEdWeg==")
    assert code.template == "OPAQUE"


def test_a_wrong_scanner_answer_is_no_code() -> None:
    with pytest.raises(CodeError) as caught:
        parse(b"]X0REVINF")
    assert (caught.value.kind, caught.value.position) == (ErrorKind.CHARSET, 0)
