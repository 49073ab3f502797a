from __future__ import annotations

import pytest

from fiscal.options import RegisterUrlError
from fiscal.register import Ability
from fiscal.registry import OpenRegister, open_register

SECRETS = {
    "webkassa_password": "top-secret",
    "webkassa_api_key": "k" * 20,
    "till2": "other",
    "bad": "a\nb",
    "kk": "кілт",
}
GOOD = "webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001&login=till7"


def opened(url: str) -> OpenRegister:
    return open_register(
        url, secret=SECRETS.__getitem__, transport=None, now=lambda: 0, monotonic=lambda: 0.0, sleep=lambda _: None
    )


def test_a_good_url_opens_the_driver_of_its_family() -> None:
    register = opened(GOOD + "&gs=keep&mark_on_return=no&round=0&read_s=5&write_s=20.5&connect_s=1&utc_offset=+05:00")
    assert register.capabilities.family == "webkassa"
    assert Ability.MARK_LIST in register.capabilities.can
    register.close()


def test_what_a_cashbox_lacks_is_told_when_it_is_configured() -> None:
    register = opened(GOOD + "&mark_list=no&password_secret=till2&tls_seclevel=1")
    assert register.capabilities.lacking([Ability.MARKS, Ability.MARK_LIST]) == (Ability.MARK_LIST,)
    register.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("webkasa+https://h.kz?cashbox=SWK00000001&login=a", 'scheme.*did you mean "webkassa\\+https"'),
        ("fprint+serial:///dev/ttyACM0", "scheme.*known"),
        (GOOD + "&cashbx=1", 'option cashbx.*did you mean "cashbox"'),
        (GOOD + "&mark_on_retrun=yes", 'did you mean "mark_on_return"'),
        (GOOD + "&login=b", "option login: is given twice"),
        (GOOD + "&gs=maybe", "option gs: must be one of keep, strip"),
        (GOOD + "&round=1", "option round: must be one of 0, 2, 3"),
        (GOOD + "&read_s=nan", "option read_s"),
        (GOOD + "&read_s=0", "option read_s"),
        (GOOD + "&read_s=1000", "option read_s"),
        (GOOD + "&utc_offset=five", "option utc_offset"),
        (GOOD + "&section=", "option section: is empty"),
        (GOOD + "&password_secret=bad", "secret bad"),
        (GOOD + "&api_key_secret=kk", "secret kk: must be ASCII"),
        (GOOD + "#x", "url"),
        ("webkassa+https://kkm.webkassa.kz?login=a", "option cashbox: is required"),
        ("webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001", "option login: is required"),
        ("webkassa+https://kkm.webkassa.kz?cashbox=S/../K&login=a", "option cashbox"),
        ("webkassa+https://?cashbox=SWK00000001&login=a", "host: is missing"),
        ("webkassa+https://kkm.webkassa.kz/api?cashbox=SWK00000001&login=a", "host: must not be followed by a path"),
        ("webkassa+https://kkm.webkassa.kz:abc?cashbox=SWK00000001&login=a", "url"),
        ("webkassa+https://u:p@kkm.webkassa.kz?cashbox=SWK00000001&login=a", "host: no user or password"),
        ("webkassa+http://kkm.webkassa.kz?cashbox=SWK00000001&login=a", "loopback only"),
        ("x" * 3000, "url: longer"),
    ],
)
def test_a_wrong_url_is_told_with_its_place(url: str, words: str) -> None:
    with pytest.raises(RegisterUrlError, match=words):
        opened(url)


@pytest.mark.parametrize("name", ["password", "token", "api_key", "X-API-Key"])
def test_a_secret_in_a_url_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(RegisterUrlError) as refused:
        opened(GOOD + f"&{name}=hunter2")
    assert "never stands in a URL" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_an_opened_register_does_not_show_its_secrets() -> None:
    register = opened(GOOD)
    assert "top-secret" not in repr(vars(register))
    register.close()
