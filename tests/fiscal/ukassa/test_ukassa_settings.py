"""The URL of a uKassa till: defaults, every option, and what is refused before the first sale."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from cloud_played import Played

from fiscal.options import RegisterUrlError
from fiscal.register import Ability, NotCapable, Recovery
from fiscal.registry import open_register
from fiscal.ukassa.settings import OPTIONS, Settings, parse

HOST = "ukassa+https://ukassa.kz"
URL = f"{HOST}?hashline=UK00000001&email=till@example.kz&kassa=3868&section=5"


def opened(url: str = URL, given: str = "integration") -> Any:
    register = open_register(
        url,
        secret={"ukassa_password": given}.__getitem__,
        transport=Played(),
        now=time.time_ns,
        monotonic=time.monotonic,
        sleep=time.sleep,
    )
    register.close()
    return register


def test_the_least_that_must_be_said_leaves_every_default() -> None:
    assert parse(urlsplit(URL)) == Settings("https://ukassa.kz", "UK00000001", "till@example.kz", 3868, 5)


GIVEN = {
    "hashline": "UK2000", "email": "a", "kassa": "1", "section": "2", "password_secret": "p", "login": "form",
    "receipt": "v1", "key_header": "IDEMPOTENCE-KEY", "need_mark_code": "no", "vat": "12", "shift_h": "12",
    "dedup": "no", "late_s": "60", "gs": "strip", "mark_form": "ki", "mark_on_return": "no", "utc_offset": "06:00",
    "connect_s": "1", "write_s": "2", "read_s": "3", "tls_seclevel": "1", "env_proxy": "yes",
}  # fmt: skip
NEEDED = {"hashline": "UK00000001", "email": "till@example.kz", "kassa": "3868", "section": "5"}


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_changes_one_setting(name: str) -> None:
    given = {**NEEDED, name: GIVEN[name]}
    changed = parse(urlsplit(f"{HOST}?" + "&".join(f"{key}={value}" for key, value in given.items())))
    assert changed != parse(urlsplit(URL))


def test_the_older_body_needs_no_department() -> None:
    assert parse(urlsplit(f"{HOST}?hashline=UK2000&email=a&kassa=1&receipt=v1")).section is None


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (f"{HOST}?email=a&kassa=1&section=2", "option hashline"),
        (f"{HOST}?hashline=UK2000&kassa=1&section=2", "option email"),
        (f"{HOST}?hashline=UK2000&email=a&section=2", "option kassa"),
        (f"{HOST}?hashline=UK2000&email=a&kassa=1", "option section"),
        (f"{URL}&kasa=1", "option kasa"),
        (f"{URL}&password=integration", "option password"),
        (f"{URL}&vat=0", "option vat"),
        (f"{URL}&key_header=X-KEY", "option key_header"),
        (URL.replace("https", "http"), "scheme"),
        (URL.replace("ukassa.kz?", "ukassa.kz/api?"), "host"),
    ],
)
def test_what_is_wrong_is_named(url: str, place: str) -> None:
    with pytest.raises(RegisterUrlError) as wrong:
        opened(url)
    assert wrong.value.place == place
    assert "integration" not in str(wrong.value)


def test_an_unusable_secret_is_named() -> None:
    with pytest.raises(RegisterUrlError, match="secret ukassa_password"):
        opened(given="")


def test_it_says_what_it_can_do_and_how_it_finds_a_lost_answer() -> None:
    told = opened().capabilities
    assert (told.family, told.recovery) == ("ukassa", (Recovery.REPEAT, Recovery.COUNTERS))
    assert told.returns_need_basis is False
    wanted = {Ability.MARKS, Ability.MARK_LIST, Ability.RETURNS, Ability.X_REPORT}
    assert told.lacking(wanted) == ()
    assert opened(f"{URL}&dedup=no").capabilities.recovery == (Recovery.COUNTERS,)
    assert opened(f"{URL}&receipt=v1").capabilities.lacking({Ability.MARKS}) == (Ability.MARKS,)


def test_no_answer_tells_a_key_so_none_is_looked_for() -> None:
    register = opened()
    assert register.capabilities.lacking({Ability.FIND_BY_KEY}) == (Ability.FIND_BY_KEY,)
    with pytest.raises(NotCapable):
        register.find("till7-000000123-sale")
    for call in (register.finish_printing, register.open_drawer, lambda: register.reprint(None)):
        with pytest.raises(NotCapable):
            call()
