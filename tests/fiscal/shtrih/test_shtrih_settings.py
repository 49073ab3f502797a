"""The URL of a register, read strictly: every option, and what is wrong with one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fiscal.failures import FailureKind
from fiscal.options import RegisterUrlError
from fiscal.orders import PaymentKind
from fiscal.registry import open_register
from fiscal.shtrih import errors
from fiscal.shtrih.models import MODELS, Marks, Opening
from fiscal.shtrih.settings import OPTIONS, BasisForm, Layer, MarkForm, MarkPolicy, Settings, parse
from fiscal.shtrih.text import Kazakh


def settings(query: str, base: str = "shtrih+serial:///dev/ttyACM0") -> Settings:
    return parse(urlsplit(f"{base}?{query}"))


def test_a_model_alone_gives_the_defaults() -> None:
    found = settings("model=on-line")
    assert (found.layer, found.operator, found.admin) == (Layer.STANDARD, 30, 30)
    assert found.password_secret is None and found.marks is None and found.check is None
    assert found.tax_groups == {1600: 1, None: 0}
    assert found.payment_types == {PaymentKind.CASH: 1, PaymentKind.CARD: 2, PaymentKind.MOBILE: 3}
    assert (found.kazakh, found.mark_policy, found.basis) == (Kazakh.SUBSTITUTE, MarkPolicy.STRICT, BasisForm.NONE)
    assert (found.decimals, found.unit, found.pause_s, found.text_max) == (2, 1, 3.0, 40)
    assert (found.device.address.baud, found.device.printing_s) == (115200, 30.0)


def test_every_option_is_read() -> None:
    found = settings(
        "model=fn&layer=numbered&operator=3&admin=29&password_secret=a&admin_secret=b&tax_16=2&tax_12=3&tax_10=4"
        "&tax_5=5&tax_0=6&tax_none=1&department=2&subject=33&tax_system=2&card=4&mobile=5&marks=field&mark_check=no"
        "&mark_policy=warn&mark_form=ki&mark_list=yes&text_max=90&kazakh=kz1048&decimals=0&quantity=6"
        "&shift_open=ff0b&basis=lines&rnm=600301234567&drawer=1&pause_s=0&ack_s=1&byte_s=0.05"
        "&baud=4800&connect_s=2&utc_offset=06:00&printing_s=60&identity=34423"
    )
    given = {name.partition("=")[0] for name in OPTIONS}
    assert given == set(OPTIONS)
    assert (found.layer, found.operator, found.admin) == (Layer.NUMBERED, 3, 29)
    assert (found.password_secret, found.admin_secret) == ("a", "b")
    assert found.tax_groups == {1600: 2, 1200: 3, 1000: 4, 500: 5, 0: 6, None: 1}
    assert (found.department, found.subject, found.tax_system) == (2, 33, 2)
    assert found.payment_types[PaymentKind.CARD] == 4 and found.payment_types[PaymentKind.MOBILE] == 5
    assert (found.marks, found.check, found.mark_policy) == (Marks.FIELD, False, MarkPolicy.WARN)
    assert (found.mark_form, found.mark_list, found.text_max) == (MarkForm.KI, True, 90)
    assert (found.kazakh, found.decimals, found.unit, found.quantity_decimals) == (Kazakh.KZ1048, 0, 100, 6)
    assert (found.opening, found.basis, found.registration_number) == (Opening.FF0B, BasisForm.LINES, "600301234567")
    assert (found.drawer, found.pause_s, found.ack_s, found.byte_s) == (1, 0.0, 1.0, 0.05)
    assert found.device.address.baud == 4800 and found.device.utc_offset == dt.timedelta(hours=6)
    assert (found.device.printing_s, found.device.identity) == (60.0, "34423")


def test_a_register_on_the_network_has_the_port_drivers_use() -> None:
    found = settings("model=fn", "shtrih+tcp://192.168.1.60").device.address
    assert (found.host, found.tcp_port) == ("192.168.1.60", 7778)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "option model: is required"),
        ("model=frk", "option model: must be one of kz-fr, on-line, fn, fn-old, auto"),
        ("model=fn&layr=numbered", 'did you mean "layer"'),
        ("model=fn&operator=31", "option operator"),
        ("model=fn&admin=28", "option admin"),
        ("model=fn&password=30", "option password: a secret never stands in a URL; name it with password_secret"),
        ("model=fn&tax_16=7", "option tax_16"),
        ("model=kz-fr&tax_10=5", "option tax_10: model kz-fr has 4 groups"),
        ("model=kz-fr&card=5", "option card: model kz-fr has 4 kinds of payment"),
        ("model=kz-fr&mark_check=yes", "option mark_check: .* needs marks=field"),
        ("model=on-line&shift_open=ff0b", "option shift_open: model on-line has no fiscal storage"),
        ("model=fn&marks=maybe", "option marks: must be one of field, text, none"),
        ("model=fn&kazakh=cp866", "option kazakh: must be one of kz1048, substitute"),
        ("model=fn&decimals=1", "option decimals: must be one of 0, 2"),
        ("model=fn&rnm=01-02", "option rnm: must be digits"),
        ("model=fn&pause_s=31", "option pause_s"),
        ("model=fn&text_max=39", "option text_max"),
        ("model=fn&baud=9601", "option baud"),
    ],
)
def test_a_wrong_option_is_told(query: str, words: str) -> None:
    with pytest.raises(RegisterUrlError, match=words):
        settings(query)


@pytest.mark.parametrize("value", ["", "12a", "12 ", "99999999999", "-1", "１２"])
def test_a_secret_that_is_no_password_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(RegisterUrlError, match="secret shtrih_password: must be digits") as caught:
        open_register(
            "shtrih+tcp://h?model=fn&password_secret=shtrih_password",
            secret={"shtrih_password": value}.__getitem__,
            transport=None,
            now=lambda: 0,
            monotonic=lambda: 0.0,
            sleep=lambda _: None,
        )
    assert not value or value not in str(caught.value)


def test_every_model_can_be_opened_without_a_register_at_hand() -> None:
    for model in MODELS:
        opened = open_register(
            f"shtrih+serial:///dev/null-register?model={model}",
            secret=dict[str, str]().__getitem__,
            transport=None,
            now=lambda: 0,
            monotonic=lambda: 0.0,
            sleep=lambda _: None,
        )
        assert opened.capabilities.family == "shtrih"
        opened.close()


def test_the_page_for_store_it_tells_every_option_model_and_failure() -> None:
    page = (Path(__file__).parents[3] / "docs/registers/shtrih.md").read_text(encoding="utf-8")
    kinds = {kind for storage in (False, True) for kind, _ in errors.table(storage).values()}
    told_elsewhere = {FailureKind.REFUSED, FailureKind.INVALID}  # A plain "no", with its own words.
    wanted = {*OPTIONS, *MODELS, "auto", *(kinds - told_elsewhere)}
    assert [name for name in sorted(wanted) if f"`{name}`" not in page] == []
    addresses = [line.strip() for line in page.splitlines() if line.startswith("    shtrih+")]
    for address in addresses:
        assert parse(urlsplit(address)).model in MODELS
    assert len(addresses) == 5
