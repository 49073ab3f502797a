"""The URL of a register in software, its token, and the table of result codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from fiscal.failures import FailureKind
from fiscal.ofd.results import RESULTS, Reaction, failure, row_for
from fiscal.ofd.settings import OPTIONS, QR_BASES, Settings, parse
from fiscal.options import RegisterUrlError, split

GOOD = "ofd+tcp://xml.oofd.kz?id=203001&serial=00012345&rnm=010100000001&store=/var/lib/pos-agent/ofd.sqlite"


def settings(more: str = "") -> Settings:
    return parse(split(GOOD + more))


def test_a_short_url_has_the_protocols_own_defaults() -> None:
    made = settings()
    assert (made.address.host, made.address.tcp_port, made.device) == ("xml.oofd.kz", 7777, 203001)
    assert made.store == Path("/var/lib/pos-agent/ofd.sqlite")
    assert (made.total_s, made.again_s, made.offline_h, made.percent_scale) == (10.0, 60.0, 72, 1000)


def test_every_option_is_read() -> None:
    more = (
        "&token_secret=t&xin=000000000000&title=A&address=B&address_kk=C&okved=47111&ofd_name=D&ofd_host=E&qr=wofd"
        "&operator=3&section=2&domain=services&taxation=101&percent=100&gs=strip&mark_form=ki&mark_on_return=no&gtin=14"
        "&geo=43,-76&geo_source=GPS&utc_offset=06:00&connect_s=1&answer_s=2&total_s=30&again_s=90&offline_h=24&shift_h=12"
    )
    made = settings(more)
    assert made.qr_base == QR_BASES["wofd"] and made.geo == (43, -76) and made.taxation == 101
    given = {pair.partition("=")[0] for pair in (GOOD + more).partition("?")[2].split("&")}
    assert given == set(OPTIONS)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ofd+tcp://?id=1", "host: is missing"),
        ("ofd+tcp://h/path?id=1", "host: must not be followed"),
        ("ofd+tcp://h?serial=1", "option id: is required"),
        (GOOD + "&token=5", "a secret never stands in a URL"),
        (GOOD.replace("store=/var", "store=var"), "option store: must be a whole path"),
        (GOOD.replace("rnm=010100000001", "rnm=12"), "option rnm: must be 12 digits"),
        (GOOD.replace("serial=00012345", "serial=a%20b"), "option serial"),
        (GOOD + "&geo=north", "option geo"),
        (GOOD + "&geo=99999999999,1", "option geo"),
        (GOOD + "&qr=nowhere", "option qr"),
        (GOOD + "&taxation=7", "option taxation"),
        (GOOD + "&offline_h=73", "option offline_h"),
        (GOOD + "&sections=1", 'did you mean "section"'),
    ],
)
def test_a_wrong_url_says_what_is_wrong(url: str, words: str) -> None:
    with pytest.raises(RegisterUrlError, match=words):
        parse(split(url))


def test_every_result_code_of_the_protocol_has_a_row_and_any_other_is_a_case_for_a_person() -> None:
    assert set(RESULTS) == {*range(19), 254, 255}
    assert row_for(99).reaction is Reaction.NUMBERS and row_for(99).kind is FailureKind.HUMAN
    assert failure(13, "сумма").text == "сумма"
    assert failure(14, "").text == "not enough cash in the drawer" and failure(14, "").code == "ofd:14"
