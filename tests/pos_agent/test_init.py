"""`pos-agent init`: a machine with devices becomes a commented configuration that passes its own check."""

from __future__ import annotations

import json
import random
import re
import stat
import time
import tomllib
from pathlib import Path

import pytest
from commented_toml import in_full, leaves
from fake_sysfs import KEYBOARD_KEYS, FakeMachine
from typer.testing import CliRunner, Result

from fiscal.shtrih import model_there
from hw_sim.device.hosts import PtyHost
from hw_sim.device.machine import Machine
from hw_sim.families import family
from hw_sim.line_pty import PtyPort
from marking.settings import SETTINGS
from pos_agent.cli.main import app
from pos_agent.clock import SystemClock
from pos_agent.config import Config, load
from pos_agent.doctor.edge import Edge
from pos_agent.doctor.gather import gather
from pos_agent.install.placing import FIRST_CONFIGURATION
from pos_agent.setup.draft import merged, till_name
from pos_agent.setup.files import Installing, service_user
from pos_agent.setup.probing import ask
from pos_agent.setup.writing import template, value_text, written

DELIVERED = Path(__file__).parents[2] / "docs" / "agent.toml"
WEBKASSA = "webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001&login=till@shop.kz"


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    """A Zebra, a keyboard, a receipt printer, and a converter with something behind it."""
    made = FakeMachine(tmp_path / "machine")
    made.acm(0, "1-1", "05e0:1701", "S123", "Symbol Bar Code Scanner")
    made.input(5, 3, "046d:c31c", "Logitech USB Keyboard", KEYBOARD_KEYS)
    made.usb_printer(0, "1-4", "04b8:0e15", "J5TY012345", "TM-T20II")
    return made


def init(folder: Path, machine: FakeMachine, *arguments: object, answers: str = "") -> Result:
    words = ["init", "--config", folder / "etc/agent.toml", "--root", machine.root, "--lang", "en", "--data",
             folder / "data", *arguments]  # fmt: skip
    return CliRunner().invoke(app, [str(word) for word in words], input=answers)


def checked(folder: Path) -> int:
    return CliRunner().invoke(app, ["config", "check", "--config", str(folder / "etc/agent.toml")]).exit_code


def register_on(machine: FakeMachine, name: str, node: str) -> PtyHost:
    model = {"model": "fn"} if name == "shtrih" else {}
    played = family(name).start(time.time_ns, random.Random(1), model, "serial")
    assert isinstance(played.answers, Machine)
    host = PtyHost(played.answers)
    machine.wire(node, host.path)
    return host


@pytest.mark.parametrize(
    ("name", "url", "marks"),
    [
        ("shtrih", "shtrih+serial://usb/0403:6001/FT1?model=fn", "field"),
        ("datecs-x", "datecs-x+serial://usb/0403:6001/FT1", "text"),
        ("datecs-p", "datecs-p+serial://usb/0403:6001/FT1", "text"),
        ("atol", "atol+serial://usb/0403:6001/FT1?tax_16=1", "none"),
    ],
)
def test_a_register_on_a_converter_is_recognised_and_the_file_fits_it(
    tmp_path: Path, machine: FakeMachine, name: str, url: str, marks: str
) -> None:
    node = machine.usb_serial(0, "1-2", "0403:6001", "FT1", "FT232R")
    with register_on(machine, name, node):
        answer = init(tmp_path, machine, "--json")
    facts = json.loads(answer.stdout)
    assert (answer.exit_code, facts["register"], facts["missing"]) == (0, url, [])
    config = load(tmp_path / "etc/agent.toml", {})
    assert (config.register_.marks, config.printer.url) == (marks, "")  # These registers print themselves.
    assert [scanner.url for scanner in config.scanners] == ["serial://usb/05e0:1701?serial=S123"]
    assert checked(tmp_path) == 0


def test_a_silent_port_is_given_up_and_a_scanner_is_never_written_to(tmp_path: Path, machine: FakeMachine) -> None:
    scanner = PtyPort()
    scanner.plug()
    machine.wire(str(machine.root / "dev/ttyACM0"), scanner.path)
    answer = init(tmp_path, machine, "--register", WEBKASSA)
    assert answer.exit_code == 1  # Its secrets are not there yet.
    assert "Asking" not in answer.output
    assert scanner.read(100, 0.0) == b""
    scanner.unplug()


def test_a_line_without_a_register_is_left_after_a_short_while() -> None:
    port = PtyPort()
    port.plug()
    clock = QuickClock()
    assert ask(str(port.path), clock) is None
    assert port.read(4096, 0.0).startswith(b"\x05")  # Shtrih-M's question first: one byte.
    assert clock.monotonic() < 120
    port.unplug()


class QuickClock(SystemClock):
    """Looks at the time cost a second each: patience ends at once."""

    def __init__(self) -> None:
        self._s = 0.0

    def monotonic(self) -> float:
        self._s += 0.5
        return self._s

    def sleep(self, seconds: float) -> None:
        self._s += seconds


def test_the_file_tells_what_was_found_what_else_was_there_and_every_key(tmp_path: Path, machine: FakeMachine) -> None:
    answer = init(tmp_path, machine, "--register", WEBKASSA, "--till", "kassa-2", "--no-probe")
    text = (tmp_path / "etc/agent.toml").read_text(encoding="utf-8")
    assert answer.exit_code == 1
    assert "# perhaps: USB keyboard, or a scanner in keyboard mode" in text
    assert 'url = "escpos+usb://04b8:0e15?serial=J5TY012345"' in text
    config = load(tmp_path / "etc/agent.toml", {})
    assert (config.till.name, config.till.data) == ("kassa-2", tmp_path / "data")
    assert set(config.register_.secrets) == {"webkassa_password", "webkassa_api_key"}
    token = Path(config.api.clients[0].token.removeprefix("file:"))
    assert (len(token.read_text()) > 40, stat.S_IMODE(token.stat().st_mode)) == (True, 0o600)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o750
    assert "1. Put the secret into" in answer.output and "$ sudo pos-agent doctor" in answer.output


def test_the_template_and_the_delivered_page_have_the_same_keys_defaults_and_remarks() -> None:
    delivered = DELIVERED.read_text(encoding="utf-8")
    text = written({}, {})
    setting = re.compile(r"^#([a-z][\w.]*) = (.*?)(?:\s+# (.*))?$", re.MULTILINE)
    ours = {key: (value, remark) for key, value, remark in setting.findall(text)}
    for key, value, remark in setting.findall(delivered):
        assert ours[key] == (value, remark), key
    keys = dict(leaves(in_full(text)))
    truth = dict(leaves(Config().model_dump(mode="json", by_alias=True)))
    known = {
        key
        for key in truth
        if key not in ("register.secrets", "scanners", "api.clients", "webhooks", "till.data", "policy")
    }
    secrets = {"ismpt.password", "sync.token", "sync.key"}  # Examples: a secret has no default.
    assert known - secrets - set(keys) == set()
    assert {f"policy.{one.key}" for one in SETTINGS} <= set(keys)
    assert [key for key in known - secrets if json.dumps(keys[key]) != json.dumps(truth[key])] == []
    assert [line for line in text.splitlines() if line.startswith("@")] == []


def test_a_configuration_is_never_overwritten_and_with_force_kept_under_its_date(
    tmp_path: Path, machine: FakeMachine
) -> None:
    init(tmp_path, machine, "--register", WEBKASSA, "--no-probe")
    path = tmp_path / "etc/agent.toml"
    before, token = path.read_bytes(), (path.parent / "till-program-token").read_bytes()
    refused = init(tmp_path, machine, "--register", WEBKASSA, "--no-probe", "--till", "other")
    assert (refused.exit_code, "--force" in refused.output, path.read_bytes()) == (2, True, before)
    forced = init(tmp_path, machine, "--register", WEBKASSA, "--no-probe", "--till", "other", "--force", "--json")
    kept = Path(json.loads(forced.stdout)["kept"])
    assert re.fullmatch(r"agent\.toml\.\d{8}T\d{6}", kept.name)
    assert kept.read_bytes() == before
    assert load(path, {}).till.name == "other"
    assert (path.parent / "till-program-token").read_bytes() == token  # The till program knows it already.


def test_a_dry_run_prints_a_whole_file_and_writes_nothing(tmp_path: Path, machine: FakeMachine) -> None:
    answer = init(tmp_path, machine, "--register", WEBKASSA, "--no-probe", "--dry-run")
    assert tomllib.loads(answer.stdout)["register"]["url"] == WEBKASSA
    assert "TM-T20II" in answer.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"machine"}


def test_a_dry_run_as_json_is_json(tmp_path: Path, machine: FakeMachine) -> None:
    answer = init(tmp_path, machine, "--register", WEBKASSA, "--no-probe", "--dry-run", "--json")
    facts = json.loads(answer.stdout)
    assert tomllib.loads(facts["text"])["register"]["url"] == WEBKASSA
    assert (facts["written"], facts["exit"], bool(facts["missing"])) == (False, answer.exit_code, True)
    assert {path.name for path in tmp_path.iterdir()} == {"machine"}


def test_answers_of_a_file_go_over_what_was_found(tmp_path: Path, machine: FakeMachine) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text(
        f'[till]\nname = "kassa-9"\n[register]\nurl = "{WEBKASSA}"\n[[scanners]]\nname = "only"\nurl = "camera:0"\n'
        '[printer]\nurl = ""\n[sync]\nurl = "https://hq.shop.kz"\n[ismpt]\nurl = "https://prod.markirovka.kz"\n'
        'login = "shop"\n[policy]\noffline.sale_policy = "allow"\n[policy.group.beer]\nlegacy_until = 2027-01-31\n',
        encoding="utf-8",
    )
    answer = init(tmp_path, machine, "--answers", answers, "--no-probe", "--json")
    facts = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert [Path(one.removeprefix("file:")).name for one in facts["missing"]] == [
        "webkassa-password", "webkassa-api-key", "ismpt-password", "hq-key",
    ]  # fmt: skip
    config = load(tmp_path / "etc/agent.toml", {})
    assert [scanner.name for scanner in config.scanners] == ["only"]
    assert (config.printer.url, config.policy["offline"]["sale_policy"]) == ("", "allow")
    assert str(config.policy["group"]["beer"]["legacy_until"]) == "2027-01-31"
    assert checked(tmp_path) == 0


def test_answers_may_name_webhooks(tmp_path: Path, machine: FakeMachine) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text(
        '[[webhooks]]\nname = "erp"\nurl = "https://erp.shop.kz/pos"\nsecret = "file:/etc/pos-agent/erp"\n'
        'events = ["unit.refused"]\n[[webhooks]]\nname = "own"\nurl = "http://127.0.0.1:1"\nsecret = "env:OWN"\n'
        "[page]\ngreen_s = 5.0\n",
        encoding="utf-8",
    )
    answer = init(tmp_path, machine, "--register", WEBKASSA, "--answers", answers, "--no-probe", "--json")
    assert answer.exit_code == 1, answer.exception
    config = load(tmp_path / "etc/agent.toml", {})
    assert [(one.name, len(one.events)) for one in config.webhooks] == [("erp", 1), ("own", 6)]
    assert (config.api.clients[0].name, config.page.green_s) == ("till-program", 5.0)
    assert checked(tmp_path) == 0


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ('[til]\nname = "x"\n', "did you mean till?"),
        ('[register]\nurl = "shtrih+serial:///dev/x?modell=fn"\n', "modell"),
        ('[till]\nname = "a name with blanks"\n', "till.name"),
        ("[till\n", "answers.toml"),
        (f'[register]\nurl = "{WEBKASSA}"\n[policy]\nsale.no = 1\n', "unknown setting"),
        (f'register = "{WEBKASSA}"\n', "answers.toml: register: "),
        ('till = "kassa-2"\n', "answers.toml: till: "),
        ('scanners = "camera:0"\n', "answers.toml: scanners: "),
        ('[[scanners]]\nname = "counter"\n', "answers.toml: scanners.0.url: "),
    ],
)
def test_answers_that_cannot_be_are_told_and_nothing_is_written(
    tmp_path: Path, machine: FakeMachine, answers: str, words: str
) -> None:
    (tmp_path / "answers.toml").write_text(answers)
    answer = init(tmp_path, machine, "--answers", tmp_path / "answers.toml", "--no-probe")
    assert (answer.exit_code, words in answer.output) == (2, True), answer.output
    assert not (tmp_path / "etc").exists() and not (tmp_path / "data").exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])  # As Debian leaves it, and Windows.
def test_what_an_installation_left_is_replaced_without_being_forced(
    tmp_path: Path, machine: FakeMachine, encoding: str
) -> None:
    path = tmp_path / "etc/agent.toml"
    path.parent.mkdir()
    path.write_text(FIRST_CONFIGURATION, encoding=encoding)
    answer = init(tmp_path, machine, "--register", WEBKASSA, "--no-probe", "--json")
    assert load(path, {}).register_.url == WEBKASSA
    assert Path(json.loads(answer.stdout)["kept"]).read_text(encoding=encoding) == FIRST_CONFIGURATION


@pytest.mark.parametrize(
    "text",
    [
        f'[register]\nurl = "{WEBKASSA}"\n', '[till]\ndata = "/srv/journal"\n', "[[scanners]]\n", "[till\n",
        "till = 5\n", FIRST_CONFIGURATION.replace("till-1", "kassa-7"),
        '[register]\nurl = ""\nwait_s = 9\n',
    ],
)  # fmt: skip
def test_whatever_somebody_wrote_is_kept(tmp_path: Path, machine: FakeMachine, text: str) -> None:
    path = tmp_path / "etc/agent.toml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    answer = init(tmp_path, machine, "--register", WEBKASSA, "--no-probe")
    assert (answer.exit_code, path.read_text(encoding="utf-8")) == (2, text)


def test_a_person_is_asked_for_a_cloud_register_and_its_secrets(tmp_path: Path, machine: FakeMachine) -> None:
    typed = "kassa-3\n1\nSWK00000009\ntill@shop.kz\nhttps://hq.shop.kz\nswordfish\n\n"
    answer = init(tmp_path, machine, "--ask", "--no-probe", answers=typed)
    config = load(tmp_path / "etc/agent.toml", {})
    assert answer.exit_code == 1
    assert config.till.name == "kassa-3"
    assert config.register_.url == "webkassa+https://kkm.webkassa.kz?cashbox=SWK00000009&login=till@shop.kz"
    password = tmp_path / "etc/webkassa-password"
    assert (password.read_text(), stat.S_IMODE(password.stat().st_mode)) == ("swordfish", 0o600)
    assert "swordfish" not in answer.output + (tmp_path / "etc/agent.toml").read_text()
    assert "sync-key" in answer.output
    assert max(len(line) for line in answer.stdout.splitlines() if str(tmp_path) not in line) <= 80


def test_nothing_found_and_nothing_answered_is_a_file_that_says_what_is_missing(tmp_path: Path) -> None:
    empty = FakeMachine(tmp_path / "machine")
    answer = init(tmp_path, empty, "--json")
    assert (answer.exit_code, json.loads(answer.stdout)["missing"]) == (1, ["register"])
    assert checked(tmp_path) == 1
    assert "# none found: docs/registers.md" in (tmp_path / "etc/agent.toml").read_text()


def test_only_root_gives_files_to_the_service_and_only_where_it_has_a_user(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(
        "root:x:0:0::/root:/bin/sh\npos-agent:x:990:985::/var/lib/pos-agent:/bin/false\n"
    )
    assert service_user("pos-agent", tmp_path, lambda: 1000) is None
    assert service_user("pos-agent", tmp_path, lambda: 0) == (990, 985)
    assert service_user("nobody-here", tmp_path, lambda: 0) is None


def test_a_secret_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    installing = Installing("now", owner=None)
    installing.secret(tmp_path / "a", "first")
    with pytest.raises(FileExistsError):
        installing.secret(tmp_path / "a", "second")
    installing.token(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "first"


def test_names_merging_and_values_are_as_toml_wants_them() -> None:
    assert [till_name(name) for name in ("KASSA-02.shop.kz", "касса", "a" * 40)] == ["kassa-02", "till-1", "a" * 16]
    assert merged({"a": {"b": 1, "c": [1]}}, {"a": {"c": [2]}, "d": 3}) == {"a": {"b": 1, "c": [2]}, "d": 3}
    values = {"s": 'қ"\\\n\x7f', "b": True, "n": 1.5, "l": [1, "x"], "t": {"k": "v"}}
    text = "".join(f"{name} = {value_text(value)}\n" for name, value in values.items())
    assert tomllib.loads(text) == values
    with pytest.raises(ValueError, match="no place"):
        value_text(object())
    with pytest.raises(ValueError, match="no place for nothing"):
        written({"nothing": 1}, {}, template())


def test_a_register_in_software_is_marked_as_one_for_tests_and_its_fiscal_memory_left_alone(
    tmp_path: Path, machine: FakeMachine
) -> None:
    """To open its store is to make it, to hold it, and to take a token over."""
    store = tmp_path / "ofd.sqlite"
    url = f"ofd+tcp://127.0.0.1:7777?id=203001&serial=00012345&rnm=010100000001&store={store}"
    answer = init(tmp_path, machine, "--register", url, "--no-probe", "--json")
    config = load(tmp_path / "etc/agent.toml", {})
    assert (answer.exit_code, config.register_.test_only) == (1, True)
    assert set(config.register_.secrets) == {"ofd_token"}
    assert config.printer.url != ""
    assert checked(tmp_path) == 0
    looked = gather(tmp_path / "etc/agent.toml", Edge(root=machine.root, environment={}))
    assert looked.register is not None and not looked.register.looked
    assert not store.exists()


def test_the_probe_of_shtrih_names_the_model(tmp_path: Path, machine: FakeMachine) -> None:
    from urllib.parse import urlsplit

    from fiscal.device.links import open_link

    node = machine.usb_serial(0, "1-2", "0403:6001")
    clock = SystemClock()
    with register_on(machine, "shtrih", node):
        model = model_there(
            urlsplit(f"shtrih+serial://{node}?model=auto"), secret=lambda _name: "30", link=open_link,
            monotonic=clock.monotonic, sleep=clock.sleep,
        )  # fmt: skip
    assert model.name == "fn"
