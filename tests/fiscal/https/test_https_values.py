"""Bodies in pieces, JSON of any shape, addresses: the parts without a socket."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from fiscal.https.address import base, origin
from fiscal.https.fields import AnswerMalformed, Fields, dump, load, objects, plain
from fiscal.https.moments import parse
from fiscal.https.reply import Gathering
from fiscal.https.turns import lock_of
from fiscal.options import KAZAKHSTAN, RegisterUrlError, refuse_secrets

UNTIMED = examples(deadline=None)


@UNTIMED
@given(st.lists(st.binary(max_size=8), max_size=12))
def test_a_body_in_any_pieces_is_the_same_body(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    gathering = Gathering(len(whole), 1.0)
    assert {gathering.add(piece, 1.0) for piece in pieces} <= {""}
    assert gathering.body(()) == whole
    assert gathering.add(b"x", 1.0).startswith("the answer is longer than")


def test_a_secret_cut_by_two_pieces_is_hidden_all_the_same() -> None:
    gathering = Gathering(99, 1.0)
    gathering.add(b"say 0123456789", 0.0)
    gathering.add(b"abcdef.", 0.0)
    assert gathering.body(["0123456789abcdef"]) == b"say ***."


@UNTIMED
@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:0123456789.eE-\\ud8Naf', max_size=60).map(str.encode))
def test_any_bytes_are_a_value_or_malformed(content: bytes) -> None:
    with contextlib.suppress(AnswerMalformed):
        plain(load(content))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@UNTIMED
@given(_JSON)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert load(dump(value).encode("utf-8", "surrogatepass")) == value


def test_numbers_are_written_as_money_has_them_and_kept_with_every_digit() -> None:
    assert dump({"a": Decimal("248.28"), "b": Decimal(900)}) == '{"a":248.28,"b":900}'
    assert plain(load(b'{"a":0.10,"b":1e2,"Big":"x"}'), frozenset({"big"})) == {"a": "0.10", "b": "1E+2"}


@pytest.mark.parametrize(
    ("text", "whole", "parts"),
    [("1", 1000, 1000), ("4.630", 1000, 4630), ("-2.5", 1000, -2500), ("1E2", 1000, 100_000), ("12", 100, 1200),
     ("12.5", 100, 1250), ("0.0000", 1000, 0), ("null", 1000, None)],
)  # fmt: skip
def test_decimals_are_counted_in_whole_parts(text: str, whole: int, parts: int | None) -> None:
    assert Fields.of(load(f'{{"a":{text}}}'.encode()), "").parts(whole, "A") == parts


@pytest.mark.parametrize("text", ["0.0005", "1e-999999", "1e999999", "true", '"1"', "[1]"])
def test_what_does_not_come_out_in_whole_parts_is_malformed(text: str) -> None:
    with pytest.raises(AnswerMalformed, match=r"^A: "):
        Fields.of(load(f'{{"a":{text}}}'.encode()), "").parts(1000, "A")


def test_the_place_of_a_wrong_field_is_told() -> None:
    fields = Fields.of({"Rows": [{"N": 1}, 7], "S": "x"}, "Data")
    with pytest.raises(AnswerMalformed, match=r"^Data\.rows\[1\]: is not an object$"):
        fields.objects("items", "rows")
    with pytest.raises(AnswerMalformed, match=r"^Data\.s: is not a whole number$"):
        fields.integer("s")
    with pytest.raises(AnswerMalformed, match=r"^Data: is not an array$"):
        objects({}, "Data")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("any+https://kkm.kz?a=1", "https://kkm.kz"),
        ("any+https://KKM.kz:8443/", "https://kkm.kz:8443"),
        ("any+http://127.0.0.1:80", "http://127.0.0.1:80"),
        ("any+http://[::1]:80", "http://[::1]:80"),
        ("any+http://localhost", "http://localhost"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, expected: str) -> None:
    assert origin(urlsplit(url)) == expected


@pytest.mark.parametrize(
    ("url", "place"),
    [("any+https://", "host"), ("any+https://kkm.kz/path", "host"), ("any+http://kkm.kz", "scheme"),
     ("any+http://10.0.0.1", "scheme")],
)  # fmt: skip
def test_an_address_that_leads_elsewhere_or_goes_in_clear_is_refused(url: str, place: str) -> None:
    with pytest.raises(RegisterUrlError) as refused:
        origin(urlsplit(url))
    assert refused.value.place == place


@pytest.mark.parametrize(
    ("url", "expected"),
    [("any+https://kkm.kz/partner?a=1", "https://kkm.kz/partner"), ("any+https://kkm.kz:1/a/b-c.d/", "https://kkm.kz:1/a/b-c.d"),
     ("any+https://kkm.kz", "https://kkm.kz")],
)  # fmt: skip
def test_a_base_keeps_its_plain_path(url: str, expected: str) -> None:
    assert base(urlsplit(url)) == expected


@pytest.mark.parametrize("path", ["/a/../b", "/a//b", "/a b", "/%2e", "/a;b"])
def test_a_base_with_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(RegisterUrlError, match=r"^path: must be plain"):
        base(urlsplit("any+https://kkm.kz" + path))


@pytest.mark.parametrize("host", ["kkm.shop", "10.0.0.1:5000", "127.0.0.1"])
def test_a_family_that_serves_the_shops_own_network_may_go_in_clear(host: str) -> None:
    assert origin(urlsplit(f"any+http://{host}"), plain=True) == f"http://{host}"
    with pytest.raises(RegisterUrlError, match="must not be followed by a path"):
        origin(urlsplit(f"any+http://{host}/path"), plain=True)


@pytest.mark.parametrize("query", ["Password=x", "a=1&token=x", "x-api-key=x"])
def test_a_secret_in_a_url_is_refused_without_being_repeated(query: str) -> None:
    with pytest.raises(RegisterUrlError) as refused:
        refuse_secrets(query + "&value=hunter2", "use a reference")
    assert "use a reference" in refused.value.text
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("15.07.2026 10:30:00", "2026-07-15T10:30:00+05:00"),
        ("15.07.2026 10:30:00 +05:00", "2026-07-15T10:30:00+05:00"),
        ("15.07.2026 10:30:00 +06:00", "2026-07-15T10:30:00+06:00"),
        ("15.07.2026 10:30", "2026-07-15T10:30:00+05:00"),
        ("2025-08-13 17:40:42", "2025-08-13T17:40:42+05:00"),
        ("2025-09-10T06:22:21Z", "2025-09-10T06:22:21+00:00"),
        ("2026-07-15T10:30:00.123+05:00", "2026-07-15T10:30:00.123000+05:00"),
    ],
)
def test_moments_of_every_seen_form_are_read(text: str, iso: str) -> None:
    assert parse(text, KAZAKHSTAN)[0].isoformat() == iso


@pytest.mark.parametrize(
    "text", ["", "31.02.2026 10:00:00", "15.07.2026", "15/07/2026 10:00", "15.07.2026 10:00 +99:99"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text, KAZAKHSTAN)


def test_a_register_has_one_lock_in_this_process_whoever_opens_it() -> None:
    assert lock_of("any", "swk1") is lock_of("any", "SWK1")
    assert lock_of("any", "swk1") is not lock_of("other", "swk1")
