"""The URL of a reKassa till: defaults, every option, and what is refused before the first sale."""

from __future__ import annotations

import random
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from cloud_played import Played

from fiscal.options import RegisterUrlError
from fiscal.register import Ability, Recovery
from fiscal.registry import open_register
from fiscal.rekassa.settings import OPTIONS, Settings, parse

URL = "rekassa+https://app.rekassa.kz/partner?number=RK00000001"
SECRETS = {"rekassa_password": "integration", "rekassa_api_key": "key", "rekassa_pin": "1234"}


def opened(url: str = URL, **secrets: str) -> Any:
    register = open_register(
        url,
        secret={**SECRETS, **secrets}.__getitem__,
        transport=Played(),
        now=time.time_ns,
        monotonic=time.monotonic,
        sleep=time.sleep,
        rng=random.Random(1),
    )
    register.close()
    return register


def test_the_least_that_must_be_said_leaves_every_default() -> None:
    assert parse(urlsplit(URL)) == Settings("https://app.rekassa.kz/partner", "RK00000001")


GIVEN = {
    "number": "RK00000001", "till": "1042", "password_secret": "p", "api_key_secret": "a", "pin_secret": "i",
    "login": "bare", "token_m": "10", "keys": "none", "marks": "exciseStamp", "gtin": "barcode", "taxation": "100",
    "percent": "100", "section": "2", "domain": "services", "geo": "43.238949,76.889709", "dedup": "no",
    "late_s": "60", "gs": "strip", "mark_form": "ki", "mark_on_return": "no", "utc_offset": "06:00",
    "connect_s": "1", "write_s": "2", "read_s": "3", "tls_seclevel": "1", "env_proxy": "yes",
}  # fmt: skip


def test_every_option_is_known_and_changes_one_setting() -> None:
    assert set(GIVEN) == set(OPTIONS)
    default = parse(urlsplit(URL))
    for name, value in GIVEN.items():
        if name == "number":
            continue
        changed = parse(urlsplit(f"{URL}&{name}={value}"))
        assert changed != default, name


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("rekassa+https://app.rekassa.kz?", "option number"),
        ("rekassa+https://app.rekassa.kz?number=a b", "option number"),
        (f"{URL}&numbr=1", "option numbr"),
        (f"{URL}&pin=1234", "option pin"),
        (f"{URL}&apikey=1234", "option apikey"),
        (f"{URL}&till=0", "option till"),
        (f"{URL}&marks=mark", "option marks"),
        (f"{URL}&geo=43", "option geo"),
        (f"{URL}&geo=91,0", "option geo"),
        (f"{URL}&late_s=0", "option late_s"),
        ("rekassa+http://app.rekassa.kz?number=RK00000001", "scheme"),
        ("rekassa+https://app.rekassa.kz/a/../b?number=RK00000001", "path"),
        ("rekassa+https://?number=RK00000001", "host"),
    ],
)
def test_what_is_wrong_is_named(url: str, place: str) -> None:
    with pytest.raises(RegisterUrlError) as wrong:
        opened(url)
    assert wrong.value.place == place


@pytest.mark.parametrize(
    ("name", "value"), [("rekassa_password", ""), ("rekassa_api_key", "hunter2\n"), ("rekassa_pin", "пин")]
)
def test_an_unusable_secret_is_named_and_never_shown(name: str, value: str) -> None:
    with pytest.raises(RegisterUrlError) as wrong:
        opened(**{name: value})
    assert wrong.value.place == f"secret {name}"
    assert "hunter2" not in str(wrong.value)
    assert "пин" not in str(wrong.value)


def test_it_says_what_it_can_do_and_how_it_finds_a_lost_answer() -> None:
    told = opened().capabilities
    assert (told.family, told.recovery) == ("rekassa", (Recovery.KEY, Recovery.REPEAT))
    assert told.returns_need_basis
    wanted = {Ability.MARKS, Ability.MARK_LIST, Ability.RETURNS, Ability.X_REPORT, Ability.FIND_BY_KEY}
    assert told.lacking(wanted) == ()
    assert told.lacking({Ability.SHIFT_OPEN, Ability.PRINTS}) == (Ability.SHIFT_OPEN, Ability.PRINTS)
    assert opened(f"{URL}&dedup=no").capabilities.recovery == (Recovery.KEY,)
    bare = opened(f"{URL}&keys=none").capabilities
    assert bare.recovery == (Recovery.REPEAT, Recovery.COUNTERS)
    assert bare.lacking({Ability.FIND_BY_KEY}) == (Ability.FIND_BY_KEY,)


@pytest.mark.parametrize(
    "url", ["rekassa+http://127.0.0.1:8080?number=RK1000", "rekassa+http://localhost?number=RK1000"]
)
def test_a_simulator_on_this_machine_needs_no_tls(url: str) -> None:
    assert opened(url).capabilities.family == "rekassa"
