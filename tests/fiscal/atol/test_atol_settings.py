"""The URLs of both links, read strictly: every option, and what is wrong with one."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

import pytest
from atol_host import Clock
from atol_shop import SECRETS, line_driver, web_driver

from fiscal.atol.packets import CrcOver
from fiscal.atol.settings import OPTIONS, Format, MarkForm, Marks, MarkSettings, Settings, parse
from fiscal.atol.web import settings as web
from fiscal.options import RegisterUrlError
from fiscal.orders import PaymentKind
from fiscal.register import Ability
from fiscal.registry import open_register


def of_line(query: str, base: str = "atol+serial:///dev/ttyACM0") -> Settings:
    return parse(urlsplit(f"{base}?{query}"))


def of_web(query: str = "", base: str = "atol-json+http://127.0.0.1:16732") -> web.Settings:
    return web.parse(urlsplit(f"{base}?{query}"))


def test_one_rate_alone_gives_the_defaults_of_a_line() -> None:
    found = of_line("tax_16=1")
    assert (found.format, found.crc, found.registers, found.drawer) == (Format.FFD105, CrcOver.STUFFED, True, False)
    assert found.tax_codes == {None: 0, 1600: 1}
    assert found.payment_types == {PaymentKind.CASH: 1, PaymentKind.CARD: 2, PaymentKind.MOBILE: 2}
    assert found.marks == MarkSettings() and found.marks.marks is Marks.NONE
    assert (found.section, found.subject, found.name_max, found.answer_s, found.poll_s) == (0, 1, 128, 5.0, 1.0)
    assert found.password_secret is found.operator_secret is found.admin_secret is None
    assert (found.device.address.baud, found.device.utc_offset) == (115200, dt.timedelta(hours=5))


def test_every_option_of_a_line_is_read() -> None:
    query = (
        "baud=57600&connect_s=2&utc_offset=06:00&printing_s=60&identity=106125&format=ffd105&password_secret=a"
        "&operator_secret=b&admin_secret=c&tax_16=7&tax_12=2&tax_10=3&tax_5=4&tax_0=5&tax_none=6&section=2&subject=33"
        "&card=3&mobile=4&marks=tag&mark_tag=1163&mark_form=ki&mark_prefix=0005&tag_flags=1&name_max=200&crc=raw"
        "&registers=no&drawer=yes&rnm=600301234567&answer_s=2&poll_s=0.5"
    )
    assert {pair.partition("=")[0] for pair in query.split("&")} == set(OPTIONS)
    found = of_line(query)
    assert (found.device.address.baud, found.device.address.connect_s) == (57600, 2.0)
    assert (found.device.utc_offset, found.device.printing_s) == (dt.timedelta(hours=6), 60.0)
    assert found.device.identity == "106125" and found.format is Format.FFD105
    assert (found.password_secret, found.operator_secret, found.admin_secret) == ("a", "b", "c")
    assert found.tax_codes == {1600: 7, 1200: 2, 1000: 3, 500: 4, 0: 5, None: 6}
    assert (found.section, found.subject, found.name_max) == (2, 33, 200)
    assert found.payment_types == {PaymentKind.CASH: 1, PaymentKind.CARD: 3, PaymentKind.MOBILE: 4}
    assert found.marks == MarkSettings(Marks.TAG, 1163, MarkForm.KI, b"\x00\x05", 1)
    assert (found.crc, found.registers, found.drawer) == (CrcOver.RAW, False, True)
    assert (found.registration_number, found.answer_s, found.poll_s) == ("600301234567", 2.0, 0.5)


def test_a_register_on_the_network_has_a_port_of_its_own() -> None:
    found = of_line("tax_none=0", "atol+tcp://192.168.1.60").device.address
    assert (found.host, found.tcp_port) == ("192.168.1.60", 5555)
    assert of_line("tax_none=0", "atol+tcp://192.168.1.60:7000").device.address.tcp_port == 7000


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "option tax_16: is required"),
        ("tax_16=1&taxs_12=2", 'did you mean "tax_12"'),
        ("tax_16=256", "option tax_16"),
        ("tax_16=1&password=30", "option password: a secret never stands in a URL; name it with password_secret"),
        ("tax_16=1&format=ffd12", "option format: must be one of ffd10, ffd105"),
        ("tax_16=1&format=ffd10&marks=tag", "option marks: an item of format ffd10 takes no tags"),
        ("tax_16=1&format=ffd10&name_max=65", "option name_max"),
        ("tax_16=1&marks=imc", "option marks: must be one of none, tag"),
        ("tax_16=1&mark_tag=1164", "option mark_tag: must be one of 1162, 1163"),
        ("tax_16=1&mark_form=half", "option mark_form"),
        ("tax_16=1&mark_prefix=44", "option mark_prefix: must be four hexadecimal digits"),
        ("tax_16=1&card=1", "option card"),
        ("tax_16=1&mobile=11", "option mobile"),
        ("tax_16=1&crc=none", "option crc: must be one of stuffed, raw"),
        ("tax_16=1&registers=maybe", "option registers"),
        ("tax_16=1&rnm=abc", "option rnm: must be digits"),
        ("tax_16=1&answer_s=0", "option answer_s"),
        ("tax_16=1&tax_16=2", "option tax_16: is given twice"),
    ],
)
def test_a_wrong_option_of_a_line_is_named(query: str, words: str) -> None:
    with pytest.raises(RegisterUrlError) as caught:
        of_line(query)
    assert words in str(caught.value)


def test_names_are_shorter_in_the_old_format() -> None:
    assert of_line("tax_16=1&format=ffd10").name_max == 64


@pytest.mark.parametrize("name", ["password_secret", "operator_secret", "admin_secret"])
def test_a_password_of_a_line_is_digits_as_they_are_typed(name: str) -> None:
    with pytest.raises(RegisterUrlError, match=r"must be at most [48] digits, as they are typed at the register"):
        line_driver(None, Clock(), f"tax_16=1&{name}=wordy")


def test_an_address_alone_gives_the_defaults_of_the_web_server() -> None:
    found = of_web(base="atol-json+http://127.0.0.1")
    assert found.origin == "http://127.0.0.1:16732"
    assert found.tax_types == {None: "none", 0: "vat0", 1600: "vat16"}
    assert (found.goods, found.marked_goods, found.department) == ("commodity", "commodityWithMarking", None)
    assert found.payment_types[PaymentKind.CARD] == found.payment_types[PaymentKind.MOBILE] == "electronically"
    assert (found.marks, found.mark_form) == (web.Marks.IMC, web.MarkForm.FULL)
    assert (found.mark_check, found.mark_policy) == (web.MarkCheck.NONE, web.MarkPolicy.STRICT)
    assert (found.imc_type, found.taxation, found.device, found.user) == ("auto", None, None, None)
    assert (found.answer_s, found.connect_s, found.poll_s, found.work_s, found.printing_s) == (5, 3, 0.3, 120, 30)


def test_every_option_of_the_web_server_is_read() -> None:
    query = (
        "lan=yes&device=2&user=till&password_secret=server&identity=106125&utc_offset=06:00&tax_16=vat16x&tax_12=vat12"
        "&tax_10=vat10&tax_5=vat5&tax_0=9&tax_none=6&taxation=osn&object=1&marked_object=33&department=4&card=other"
        "&mobile=prepaid&marks=imc&mark_form=ki&mark_check=host&mark_policy=warn&imc_type=imcShort&rnm=600301234567"
        "&answer_s=2&connect_s=1&poll_s=0.1&work_s=60&printing_s=20"
    )
    assert {pair.partition("=")[0] for pair in query.split("&")} == set(web.OPTIONS)
    found = of_web(query, "atol-json+http://192.168.1.60:5000")
    assert found.origin == "http://192.168.1.60:5000"
    assert (found.device, found.user, found.password_secret, found.identity) == ("2", "till", "server", "106125")
    assert found.utc_offset == dt.timedelta(hours=6)
    assert found.tax_types == {
        1600: "vat16x", 1200: "vat12", 1000: "vat10", 500: "vat5", 0: "9", None: "6"
    }  # fmt: skip
    assert (found.taxation, found.goods, found.marked_goods, found.department) == ("osn", "1", "33", 4)
    assert found.payment_types[PaymentKind.CARD] == "other" and found.payment_types[PaymentKind.MOBILE] == "prepaid"
    assert (found.mark_form, found.mark_check) == (web.MarkForm.KI, web.MarkCheck.HOST)
    assert (found.mark_policy, found.imc_type) == (web.MarkPolicy.WARN, "imcShort")
    assert found.registration_number == "600301234567"
    assert (found.answer_s, found.connect_s, found.poll_s, found.work_s, found.printing_s) == (2, 1, 0.1, 60, 20)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("markcheck=host", 'did you mean "mark_check"'),
        ("user=till", "option password_secret: user and password_secret go together"),
        ("password_secret=server", "option user: user and password_secret go together"),
        ("password=geheim", "option password: a secret never stands in a URL"),
        ("mark_check=host&marks=none", "option mark_check: checks codes that are sent: it needs marks=imc"),
        ("mark_check=yes", "option mark_check: must be one of none, host, receipt"),
        ("imc_type=gs1m", "option imc_type: must be one of auto"),
        ("taxation=simple", "option taxation: must be one of osn"),
        ("tax_16=16 %25", "option tax_16: must be one word of the driver"),
        ("card=cash", "option card: must be one of electronically"),
        ("department=100", "option department"),
        ("rnm=12a", "option rnm: must be digits"),
        ("work_s=0", "option work_s"),
    ],
)
def test_a_wrong_option_of_the_web_server_is_named(query: str, words: str) -> None:
    with pytest.raises(RegisterUrlError) as caught:
        of_web(query)
    assert words in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_loopback_needs_no_word_about_the_network(host: str) -> None:
    assert of_web(base=f"atol-json+http://{host}").origin == f"http://{host}:16732"


def test_a_server_on_another_machine_is_reached_without_tls_only_when_told() -> None:
    with pytest.raises(RegisterUrlError, match="option lan: must be yes"):
        of_web(base="atol-json+http://192.168.1.60")
    assert of_web("lan=yes", "atol-json+http://192.168.1.60").origin == "http://192.168.1.60:16732"
    assert of_web(base="atol-json+https://atol.shop:443").origin == "https://atol.shop:443"


@pytest.mark.parametrize("scheme", ["atol+serial", "atol+tcp", "atol-json+http", "atol-json+https"])
def test_every_scheme_opens_a_driver_and_none_touches_its_line_before_it_is_asked(scheme: str) -> None:
    rest = ":///dev/ttyACM0?tax_16=1" if scheme.endswith("serial") else "://127.0.0.1?" + (
        "tax_16=1" if scheme == "atol+tcp" else ""
    )  # fmt: skip

    def never(*_: object) -> object:
        raise AssertionError("the line was touched")

    class Line:
        open = write = read = never

        def close(self) -> None:
            """It was never opened."""

    driver = open_register(
        scheme + rest, secret=SECRETS.__getitem__, transport=None, now=lambda: 0, monotonic=lambda: 0.0,
        sleep=lambda _: None, link=lambda _address: Line(),
    )  # fmt: skip
    assert driver.capabilities.family == ("atol-json" if scheme.startswith("atol-json") else "atol")
    driver.close()


def test_abilities_follow_the_set_up() -> None:
    assert not line_driver(None, Clock()).capabilities.can & {Ability.MARKS, Ability.DRAWER, Ability.MARK_CHECK}
    assert {Ability.MARKS, Ability.MARK_LIST} <= line_driver(None, Clock(), "tax_16=1&marks=tag").capabilities.can
    assert Ability.DRAWER in line_driver(None, Clock(), "tax_16=1&drawer=yes").capabilities.can
    plain, none, checked = (web_driver(None, Clock(), query) for query in ("", "marks=none", "mark_check=receipt"))
    assert Ability.MARKS in plain.capabilities.can and Ability.MARK_CHECK not in plain.capabilities.can
    assert Ability.MARKS not in none.capabilities.can
    assert Ability.MARK_CHECK in checked.capabilities.can
