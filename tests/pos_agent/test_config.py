"""The configuration: every mistake is named with its key, and no secret ever shows."""

from __future__ import annotations

import datetime as dt
import traceback
from pathlib import Path
from typing import Any

import pytest

from fiscal.register import Ability
from pos_agent.config import Config, ConfigError, from_mapping, load

TOML = """
[till]
name = "till-7"
data = "/tmp/till-7"

[register]
url = "webkassa+https://kkm.example?cashbox=SWK00000001&login=till@shop"
secrets = { password = "env:WEBKASSA_PASSWORD" }

[[scanners]]
name = "hand"
url = "serial:///dev/ttyACM0?baud=9600"

[ismpt]
recheck_after_s = [60, 120]

[[api.clients]]
name = "frontol"
token = "file:/etc/pos-agent/frontol"
"""


def read(tmp_path: Path, text: str, **environment: str) -> Config:
    path = tmp_path / "agent.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environment)


def refused(tmp_path: Path, text: str, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text, **environment)
    return str(caught.value)


def test_a_file_is_read_over_the_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, TOML)
    assert config.till.name == "till-7"
    assert config.register_.url.startswith("webkassa+https://")
    assert config.register_.secrets == {"password": "env:WEBKASSA_PASSWORD"}
    assert [scanner.name for scanner in config.scanners] == ["hand"]
    assert config.ismpt.recheck_after_s == (60, 120)
    assert config.api.clients[0].token == "file:/etc/pos-agent/frontol"
    assert config.api.port == 8765
    assert config.journal_path == Path("/tmp/till-7/journal.sqlite")  # noqa: S108 - never opened
    assert config.cache_path.parent == config.journal_path.parent


def test_no_file_is_all_defaults_on_loopback() -> None:
    config = load(None, {})
    assert config == from_mapping({}, environment={})
    assert (config.till.name, config.api.host) == ("till-1", "127.0.0.1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tlil]", "tlil: there is no such key; did you mean till?"),
        ("[till]\nnmae = 'x'", "till.nmae: there is no such key; did you mean name?"),
        ("[[scanners]]\nname='a'\nurl='serial:x'\nbuad=1", "scanners.0.buad: there is no such key"),
        ("[[scanners]]\nname='a'\nurl='b:c'\nnames='x'", "scanners.0.names: there is no such key; did you mean name?"),
        ("[[api.clients]]\nname='a'\ntokn='env:X'\ntoken='env:X'", "did you mean token?"),
        ("[register_]\nurl = 'x'", "did you mean register?"),
        ("[api]\nprot = 1", "api.prot: there is no such key; did you mean port?"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_the_nearest(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_every_mistake_has_its_own_line(tmp_path: Path) -> None:
    lines = refused(tmp_path, "[till]\nname = 'till no 1'\nutc_offset = '5'\n[api]\nport = 70000").splitlines()
    assert len(lines) == 3
    assert lines[0].endswith("till.name: 1 to 16 of A-Z a-z 0-9 _ -")
    assert lines[1].endswith("till.utc_offset: an offset such as +05:00")
    assert "api.port" in lines[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [("[till", "agent.toml"), ("a = 1\na = 2", "agent.toml"), ("till = 5", "till"), ("scanners = 'x'", "scanners")],
)
def test_what_is_no_toml_or_no_table_is_an_error_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_a_file_that_is_not_there_or_not_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: No such file"):
        load(tmp_path / "nowhere.toml", {})
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"binary\.toml"):
        load(tmp_path / "binary.toml", {})


SECRET = "hunter2-very-secret"


@pytest.mark.parametrize(
    "text",
    [
        f"[register.secrets]\npassword = '{SECRET}'",
        f"[ismpt]\npassword = '{SECRET}'",
        f"[sync]\ntoken = '{SECRET}'",
        f"[[api.clients]]\nname = 'x'\ntoken = '{SECRET}'",
        f"[register]\nurl = 'webkassa+https://till:{SECRET}@kkm.example'",
        f"[register]\nurl = 'webkassa+https://kkm.example?password={SECRET}'",
        f"[sync]\nurl = 'https://hq.example/?Token={SECRET}'",
        f"[ismpt]\nurl = 'https://x:{SECRET}@prod.example'",
        f"[register.secrets]\npassword = ['{SECRET}']",
    ],
)
def test_a_secret_in_the_file_is_refused_and_shown_nowhere(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        TOML,
        POS_AGENT__TILL__NAME="till-9",
        POS_AGENT__REGISTER__URL="webkassa+https://other.example",
        POS_AGENT__REGISTER__SECRETS__API_KEY="env:KEY",
        POS_AGENT__API__PORT="9000",
        POS_AGENT__RECEIPT__GROUP_MARKS="true",
        POS_AGENT__SYNC__EVERY_S="2.5",
        POS_AGENT__ISMPT__RECHECK_AFTER_S="[1, 2, 3]",
        POS_AGENT__SCANNERS='[{"name": "other", "url": "serial:///dev/x"}]',
        REGISTER="someone else's variable",
        REGISTER__URL="as well",
        TILL="and this",
    )
    assert config.till.name == "till-9"
    assert str(config.till.data) == str(Path("/tmp/till-7"))  # noqa: S108 - what the variable does not name stays
    assert config.register_.url == "webkassa+https://other.example"
    assert config.register_.secrets == {"password": "env:WEBKASSA_PASSWORD", "api_key": "env:KEY"}
    assert (config.api.port, config.receipt.group_marks, config.sync.every_s) == (9000, True, 2.5)
    assert config.ismpt.recheck_after_s == (1, 2, 3)
    assert [scanner.name for scanner in config.scanners] == ["other"]


def test_the_environment_alone_can_configure_a_till() -> None:
    config = load(None, {"pos_agent__till__name": "till-3", "POS_AGENT__POLICY__RETURN": '{"resell_policy": "ask"}'})
    assert config.till.name == "till-3"  # Windows does not tell cases apart.
    assert config.policy == {"return": {"resell_policy": "ask"}}


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("POS_AGENT__TILL__NMAE", "POS_AGENT__TILL__NMAE: there is no such key; did you mean POS_AGENT__TILL__NAME?"),
        ("POS_AGENT__REGISTR__URL", "there is no such key; did you mean POS_AGENT__REGISTER?"),
        ("POS_AGENT__NONSENSE", "POS_AGENT__NONSENSE: there is no such key"),
        ("POS_AGENT__TILL__NAME__MORE", "POS_AGENT__TILL__NAME__MORE"),
        ("POS_AGENT__", "there is no such key"),
        ("POS_AGENT__API__PORT", "environment: POS_AGENT__API__PORT: Input should be a valid integer"),
    ],
)
def test_an_unknown_or_wrong_variable_is_an_error_too(tmp_path: Path, variable: str, said: str) -> None:
    text = refused(tmp_path, TOML, **{variable: "x y"})
    assert text.startswith("environment: ") and said in text


def test_a_secret_in_a_variable_is_refused_and_shown_nowhere() -> None:
    with pytest.raises(ConfigError, match="POS_AGENT__SYNC__TOKEN") as caught:
        load(None, {"POS_AGENT__SYNC__TOKEN": SECRET})
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_variables_of_single_commands_are_no_keys() -> None:
    environment = {"POS_AGENT_CONFIG": "/etc/agent.toml", "POS_AGENT__CACHE_PATH": "/tmp/cache.sqlite"}  # noqa: S108
    assert load(None, environment) == load(None, {})


def test_the_real_environment_is_looked_at_unless_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POS_AGENT__TILL__NAME", "till-5")
    assert load(None).till.name == "till-5"
    assert from_mapping({}).till.name == "till-5"
    assert from_mapping({}, environment={}).till.name == "till-1"


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ({"till": {"name": "a" * 17}}, "till.name"),
        ({"till": {"utc_offset": "+99:99"}}, "till.utc_offset"),
        ({"sync": {"every_s": float("inf")}}, "sync.every_s"),
        ({"sync": {"every_s": float("nan")}}, "sync.every_s"),
        ({"sync": {"every_s": 0}}, "sync.every_s"),
        ({"ismpt": {"recheck_after_s": [-1]}}, "ismpt.recheck_after_s"),
        ({"ismpt": {"recheck_days_max": 0}}, "ismpt.recheck_days_max"),
        ({"api": {"port": -1}}, "api.port"),
    ],
)
def test_a_value_no_till_can_work_with_is_refused(section: dict[str, Any], value: str) -> None:
    with pytest.raises(ConfigError, match=value):
        from_mapping(section, environment={})


@pytest.mark.parametrize(("text", "hours"), [("+05:00", 5), ("-03:30", -3.5), ("+00:00", 0)])
def test_the_offset_is_the_zone_of_the_shop(text: str, hours: float) -> None:
    config = from_mapping({"till": {"utc_offset": text}}, environment={})
    assert config.till.zone.utcoffset(None) == dt.timedelta(hours=hours)


def test_a_configuration_does_not_change_while_the_till_runs() -> None:
    with pytest.raises(ValueError, match="frozen"):
        from_mapping({}, environment={}).till.name = "other"


@pytest.mark.parametrize(
    ("section", "key", "value", "said"),
    [
        ("register", "doubt_wait_s", -1, "greater than or equal to 0"),
        ("register", "doubt_wait_s", "soon", "a valid number"),
        ("register", "doubt_wait_s", True, "a number, not true or false"),
        ("register", "look_every_s", -0.5, "greater than or equal to 0"),
        ("register", "clock_skew_max_s", 0, "greater than 0"),
        ("register", "auto_z", "maybe", "a valid boolean"),
        ("register", "test_only", 2, "a valid boolean"),
        ("register", "marks", "filed", "'field', 'text' or 'none'"),
        ("register", "needs", "drawer", 'a list, such as ["..."]'),
        ("register", "needs", ["drawr"], "'drawer'"),
        ("receipt", "mark_on_paper", "qr", "'full', 'ki', 'symbol' or 'none'"),
        ("receipt", "tenge", "", "a word of 1 to 8 letters without blanks, such as тг or KZT"),
        ("receipt", "tenge", "т г", "a word of 1 to 8 letters without blanks"),
        ("receipt", "tenge", "тенгетенге", "a word of 1 to 8 letters without blanks"),
        ("api", "port", True, "a number, not true or false"),
    ],
)
def test_a_wrong_value_is_told_with_its_key_and_what_to_write(section: str, key: str, value: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_mapping({section: {key: value}}, environment={})
    assert f"{section}.{key}" in str(caught.value) and said in str(caught.value)


def test_the_keys_of_doubts_and_looks_are_read() -> None:
    given = {"doubt_wait_s": 0, "look_every_s": 2.5, "auto_z": False, "clock_skew_max_s": 60, "marks": "none",
             "needs": ["drawer", "find-by-key"], "test_only": True}  # fmt: skip
    register = from_mapping({"register": given}, environment={}).register_
    assert (register.doubt_wait_s, register.look_every_s, register.clock_skew_max_s) == (0, 2.5, 60)
    assert (register.auto_z, register.marks, register.test_only) == (False, "none", True)
    assert register.needs == (Ability.DRAWER, Ability.FIND_BY_KEY)
    over = {f"POS_AGENT__REGISTER__{name.upper()}": text for name, text in
            (("doubt_wait_s", "7"), ("auto_z", "true"), ("needs", '["returns"]'))}  # fmt: skip
    again = from_mapping({"register": given}, environment=over).register_
    assert (again.doubt_wait_s, again.auto_z, again.needs) == (7, True, (Ability.RETURNS,))
