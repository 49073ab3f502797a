"""What deploy/windows packs, looked at from Linux: it was never run on Windows."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from played_systemd import NotifySocket

from pos_agent.install.service import SupervisorFailed, WinSw

ROOT = Path(__file__).parents[2]
WINDOWS = ROOT / "deploy" / "windows"
OURS = ("marking", "scanners", "fiscal", "sync", "pos_agent", "hw_sim")
PACKING = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
# Runs the agent to its end, then says what it had loaded.
SPY = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps({name: getattr(module, "__file__", None) for name, module in
                                          list(sys.modules.items())})))
from pos_agent.cli import main
main()
"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The names of the specification after PyInstaller's part was played: it only takes lists."""
    hooks = tmp_path_factory.mktemp("pyinstaller") / "PyInstaller" / "utils"
    hooks.mkdir(parents=True)
    for folder in (hooks, hooks.parent):
        (folder / "__init__.py").touch()
    (hooks / "hooks.py").write_text("def collect_all(name): return [], [], [name]\n", encoding="utf-8")
    taken: dict[str, Any] = {}

    class Taken:
        pure = scripts = binaries = datas = ()

        def __init__(self, *arguments: Any, **named: Any) -> None:
            taken.update(named)

    space = {"SPECPATH": str(WINDOWS), **dict.fromkeys(("Analysis", "PYZ", "EXE", "COLLECT"), Taken)}
    text = (WINDOWS / "pos-agent.spec").read_text(encoding="utf-8")
    sys.path.insert(0, str(hooks.parents[1]))
    try:
        exec(compile(text, "pos-agent.spec", "exec"), space)  # noqa: S102 - our own file
    finally:
        sys.path.remove(str(hooks.parents[1]))
        for name in [name for name in sys.modules if name.split(".")[0] == "PyInstaller"]:
            del sys.modules[name]
    return {**space, "taken": taken}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Module -> file, of an agent that started, answered and ended."""
    folder = tmp_path_factory.mktemp("agent")
    config = folder / "agent.toml"
    config.write_text(
        f'[till]\ndata = "{folder}"\n[register]\nurl = "webkassa+http://127.0.0.1:9?cashbox=SWK00000001&login=a"\n'
        'secrets = { webkassa_password = "env:SECRET", webkassa_api_key = "env:SECRET" }\n'
        '[printer]\nurl = "escpos+tcp://127.0.0.1:9"\n[api]\nport = 0\n',
        encoding="utf-8",
    )
    address = f"@pos-agent-{os.getpid()}-{folder.name}"
    notify = NotifySocket(address)
    process = subprocess.Popen(
        [sys.executable, "-c", SPY, "run", "--config", str(config)],
        env={**os.environ, "SECRET": "of-a-test", "NOTIFY_SOCKET": address}, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        notify.wait("READY", process)
        process.terminate()
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        notify.close()
    return {name: file for name, file in json.loads(said.splitlines()[-1]).items() if file}


IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\S+)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]*))", re.MULTILINE
)
REMARK = re.compile(r"#[^\n]*")


def named_in(name: str, path: str) -> set[str]:
    """Every module that a source names in an import, as PyInstaller's analysis finds them."""
    package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
    found = set()
    for base, names, plain in IMPORT.findall(REMARK.sub("", Path(path).read_text(encoding="utf-8", errors="replace"))):
        listed = [one.split(" as ")[0].strip() for one in (names or plain).strip("()").split(",")]
        if not base:
            found.update(listed)
            continue
        dots = len(base) - len(base.lstrip("."))
        whole = importlib.util.resolve_name(base, package) if dots else base
        found.update((whole, *(f"{whole}.{one}" for one in listed)))
    return found


def test_what_the_agent_loads_by_name_is_named_in_the_specification(
    spec: dict[str, Any], loaded: dict[str, str]
) -> None:
    others = {name for name, path in loaded.items() if "site-packages" in path and not name.startswith("_")}
    sources = {name: path for name, path in loaded.items() if name in others or name.split(".")[0] in OURS}
    seen: set[str] = set()
    for name, path in sources.items():
        if path.endswith(".py"):
            seen |= named_in(name, path)
    unlisted = set(spec["LOADED_BY_NAME"]) - seen
    seen |= set(spec["taken"]["hiddenimports"])
    seen |= {".".join(parts[:end]) for name in seen for parts in [name.split(".")] for end in range(1, len(parts))}
    collected = tuple(f"{name}." for name in spec["COLLECTED"])
    assert {name for name in others - seen if not name.startswith(collected)} == set()
    assert unlisted, "nothing of the list is hidden: the comparison sees too much"


def test_every_module_of_ours_is_packed_and_none_of_headquarters_engines_is_needed(
    spec: dict[str, Any], loaded: dict[str, str]
) -> None:
    ours = {name for name in loaded if name.split(".")[0] in OURS}
    assert len(ours) > 100
    assert ours <= set(spec["taken"]["hiddenimports"])
    assert set(spec["LEFT_OUT"]).isdisjoint(name.split(".")[0] for name in loaded)


def test_the_files_it_packs_are_those_of_the_package_and_all_there_are(spec: dict[str, Any]) -> None:
    assert spec["DATA"] == PACKING["package-data"]["*"]
    packed = {str(Path(file).relative_to(ROOT)) for file, _ in spec["taken"]["datas"]}
    there = {
        str(path.relative_to(ROOT))
        for package in OURS
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc", ".po") and "__pycache__" not in path.parts
    }
    assert there - packed == set()
    assert all(str(Path(file).parent.relative_to(ROOT)) == place for file, place in spec["taken"]["datas"])


def test_the_service_is_described_as_winsw_reads_it() -> None:
    service = ElementTree.parse(WINDOWS / "pos-agent-service.xml").getroot()  # noqa: S314 - our own file
    told = {child.tag: (child.text or "").strip() for child in service}
    assert (service.tag, told["id"], told["executable"], told["arguments"]) == (
        "service",
        "pos-agent",
        r"%BASE%\pos-agent.exe",
        "run",
    )
    known = {"id", "name", "description", "executable", "arguments", "workingdirectory", "env", "serviceaccount",
             "startmode", "delayedAutoStart", "stoptimeout", "onfailure", "resetfailure", "logpath", "log"}  # fmt: skip
    assert set(told) <= known
    failure = service.find("onfailure")
    assert failure is not None and failure.attrib == {"action": "restart", "delay": "5 sec"}


def test_winsw_is_called_by_its_own_words_and_what_it_says_is_understood(tmp_path: Path) -> None:
    program = tmp_path / "pos-agent-service.exe"
    program.write_text(
        '#!/bin/sh\necho "$1" >>"$0.calls"\n'
        'case "$1" in status) cat "$0.state" ;; uninstall) echo "no rights" >&2; exit 5 ;; esac\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    winsw, state = WinSw(program), tmp_path / "pos-agent-service.exe.state"
    for said, wanted in (
        ("Started", "active"),
        ("Active (running)", "active"),
        ("Stopped", "inactive"),
        ("", "unknown"),
    ):
        state.write_text(f"{said}\n", encoding="utf-8")
        assert winsw.state() == wanted
    winsw.install()
    winsw.start()
    winsw.restart()
    winsw.stop()
    with pytest.raises(SupervisorFailed, match="no rights"):
        winsw.uninstall()
    calls = (tmp_path / "pos-agent-service.exe.calls").read_text(encoding="utf-8").split()
    assert calls == ["status"] * 4 + ["install", "start", "restart", "stop", "uninstall"]


def test_the_script_names_files_that_exist_and_shuts_the_data_folder() -> None:
    script = (WINDOWS / "build.ps1").read_text(encoding="utf-8")
    named = set(re.findall(r'Join-Path \$root "([^"]+)"', script))
    sources = {name.replace("\\", "/") for name in named if not name.startswith(("build", "dist"))}
    assert sources and all((ROOT / name).exists() for name in sources)
    beside = set(re.findall(r'Join-Path \$PSScriptRoot "([^".]+\.[^"]+)"', script))
    assert {name for name in beside if not (WINDOWS / name.replace("\\", "/")).exists()} == set()
    assert "/inheritance:r" in script
    assert "netsh" not in script and "FirewallRule" not in script


def test_the_page_says_that_it_was_never_run() -> None:
    assert "never run on Windows" in (WINDOWS / "README.md").read_text(encoding="utf-8")
