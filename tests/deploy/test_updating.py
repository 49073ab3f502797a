"""A signed bundle, and what is refused of one: told with its place, nothing changed. Small wheels, systemd played."""

from __future__ import annotations

import hashlib
import io
import json
import socket
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from small_wheel import wheel
from typer.testing import CliRunner

from pos_agent.cli.main import app
from pos_agent.clock import SystemClock
from pos_agent.config import from_mapping
from pos_agent.install.bundle import pack, pinned_key, signature_of
from pos_agent.install.first import install
from pos_agent.install.manifest import MANIFEST, SIGNATURE, BadBundle, Manifest, Platform, digests_below, numbers
from pos_agent.install.releases import CURRENT, PREVIOUS, Releases
from pos_agent.install.service import SupervisorFailed
from pos_agent.install.updating import Refused, Updater, asked
from pos_agent.install.wheels import BadWheel, WheelName, check_python, unpack
from sync.signing import Signer

PUBLISHER, STRANGER = Signer.from_seed(bytes(32)), Signer.from_seed(bytes([1] * 32))
HERE = Platform.here()
DEPLOY = Path(__file__).parents[2] / "deploy"


def folder_of(tmp_path: Path, version: str, *, schema: int = 1, fits: Platform = HERE) -> Path:
    folder = tmp_path / f"folder-{version}"
    (folder / "wheels").mkdir(parents=True)
    wheel(folder / "wheels", "pos_agent", version, __init__=f"__version__ = {version!r}\n")
    wheel(folder / "wheels", "helper", "1.0", __init__="WORD = 'the same in every version'\n")
    manifest = Manifest(version, fits, schema, "2026-11-30T12:00:00Z", digests_below(folder))
    (folder / MANIFEST).write_bytes(manifest.to_json())
    return folder


def bundle(tmp_path: Path, version: str, signer: Signer = PUBLISHER, **settings: Any) -> Path:
    folder = folder_of(tmp_path, version, **settings)
    (folder / SIGNATURE).write_bytes(signature_of((folder / MANIFEST).read_bytes(), signer))
    target = tmp_path / f"{version}.tar"
    pack(folder, target, f"pos-agent-{version}", 0)
    return target


@dataclass
class Played:
    """A supervisor whose service is in `now`; restarts that fail are named."""

    releases: Releases
    now: str = "active"
    breaks: frozenset[str] = frozenset()
    name: str = "played"
    started: list[str | None] = field(default_factory=list)

    def state(self) -> str:
        return self.now

    def restart(self) -> None:
        version = self.releases.version(CURRENT)
        self.started.append(version)
        if version in self.breaks:
            raise SupervisorFailed(f"{version} ended with code 2")

    start = stop = restart


@dataclass
class Machine:
    updater: Updater
    played: Played
    tmp_path: Path

    def bundle(self, version: str, signer: Signer = PUBLISHER, **settings: Any) -> Path:
        return bundle(self.tmp_path, version, signer, **settings)

    def update(self, archive: Path, **options: bool) -> Any:
        return self.updater.update(archive, PUBLISHER.public, **options)

    def links(self) -> tuple[str | None, str | None]:
        return self.updater.releases.version(CURRENT), self.updater.releases.version(PREVIOUS)

    def standing(self) -> dict[str, bytes | None]:
        root = self.updater.releases.root
        return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(root.rglob("*"))}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Version 1.0.0 runs."""
    releases = Releases(tmp_path / "opt")
    install(folder_of(tmp_path, "1.0.0"), releases.root, Path(sys.executable))
    played = Played(releases)
    return Machine(Updater(releases, played, lambda _version: None, lambda: 1, Path(sys.executable)), played, tmp_path)


def test_a_good_bundle_stands_beside_the_old_one_and_runs(machine: Machine) -> None:
    outcome = machine.update(machine.bundle("1.1.0"))
    assert (outcome.version, outcome.before, outcome.failed) == ("1.1.0", "1.0.0", None)
    assert machine.links() == ("1.1.0", "1.0.0")
    assert machine.played.started == ["1.1.0"]
    outcome = machine.update(machine.bundle("1.2.0"))
    assert outcome.removed == ("1.0.0",)
    assert machine.links() == ("1.2.0", "1.1.0")


def test_what_did_not_change_is_one_file_of_both_versions(machine: Machine) -> None:
    machine.update(machine.bundle("1.1.0"))
    inside = f"lib/python{HERE.python}/site-packages"
    old, new = (machine.updater.releases.release(version) / inside for version in ("1.0.0", "1.1.0"))
    assert (old / "helper/__init__.py").samefile(new / "helper/__init__.py")
    compiled = next((new / "helper/__pycache__").iterdir())
    assert compiled.samefile(old / "helper/__pycache__" / compiled.name)
    assert not (old / "pos_agent/__init__.py").samefile(new / "pos_agent/__init__.py")


def rewritten(archive: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same bundle with other files in it."""
    with tarfile.open(archive) as source:
        files = {entry.name: stream.read() for entry in source if (stream := source.extractfile(entry)) is not None}
    change(files)
    with tarfile.open(archive, "w") as target:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            target.addfile(entry, io.BytesIO(content))
    return archive


def spoil_wheel(files: dict[str, bytes]) -> None:
    files["pos-agent-1.1.0/wheels/helper-1.0-py3-none-any.whl"] += b"x"


def add_file(files: dict[str, bytes]) -> None:
    files["pos-agent-1.1.0/wheels/more-1.0-py3-none-any.whl"] = b""


def drop_wheel(files: dict[str, bytes]) -> None:
    del files["pos-agent-1.1.0/wheels/helper-1.0-py3-none-any.whl"]


def drop_signature(files: dict[str, bytes]) -> None:
    del files["pos-agent-1.1.0/manifest.sig"]


def sign_wheel_anew(files: dict[str, bytes]) -> None:
    """Wheel and manifest agree, but nobody signed that."""
    spoil_wheel(files)
    manifest = json.loads(files["pos-agent-1.1.0/manifest.json"])
    name = "wheels/helper-1.0-py3-none-any.whl"
    manifest["files"][name] = hashlib.sha256(files[f"pos-agent-1.1.0/{name}"]).hexdigest()
    files["pos-agent-1.1.0/manifest.json"] = json.dumps(manifest).encode()


def lead_out(files: dict[str, bytes]) -> None:
    files["pos-agent-1.1.0/../../outside"] = b"x"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (spoil_wheel, "wheels/helper-1.0-py3-none-any.whl"),
        (add_file, "wheels/more-1.0-py3-none-any.whl"),
        (drop_wheel, "wheels/helper-1.0-py3-none-any.whl"),
        (drop_signature, SIGNATURE),
        (sign_wheel_anew, SIGNATURE),
        (lead_out, "pos-agent-1.1.0/../../outside"),
    ],
)
def test_a_bundle_that_was_touched_is_refused_with_its_place(
    machine: Machine, change: Callable[[dict[str, bytes]], None], place: str
) -> None:
    before = machine.standing()
    with pytest.raises(BadBundle) as told:
        machine.update(rewritten(machine.bundle("1.1.0"), change))
    assert told.value.place == place
    assert machine.standing() == before
    assert machine.played.started == []


def test_a_bundle_of_another_publisher_is_refused(machine: Machine) -> None:
    with pytest.raises(BadBundle, match="not signed with the key that this till trusts"):
        machine.update(machine.bundle("1.1.0", STRANGER))


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"\x1f\x8b broken"])
def test_what_is_no_bundle_is_refused(machine: Machine, content: bytes) -> None:
    path = machine.tmp_path / "some.tar"
    path.write_bytes(content)
    with pytest.raises(BadBundle, match=r"some\.tar"):
        machine.update(path)


@pytest.mark.parametrize(
    "fits", [replace(HERE, python="3.99"), replace(HERE, machine="riscv64"), replace(HERE, system="win32")]
)
def test_a_bundle_for_another_machine_is_refused(machine: Machine, fits: Platform) -> None:
    before = machine.standing()
    with pytest.raises(BadBundle, match="this machine is"):
        machine.update(machine.bundle("1.1.0", fits=fits))
    assert machine.standing() == before


def test_the_version_that_runs_is_not_installed_again(machine: Machine) -> None:
    archive = machine.bundle("1.1.0")
    machine.update(archive)
    with pytest.raises(Refused, match=r"1\.1\.0 runs already"):
        machine.update(archive)


def test_an_older_version_is_refused_unless_it_is_meant(machine: Machine) -> None:
    archive = machine.bundle("0.9.10")
    with pytest.raises(Refused, match=r"0\.9\.10 is older than 1\.0\.0"):
        machine.update(archive)
    assert machine.update(archive, allow_older=True).version == "0.9.10"


def test_a_version_that_does_not_get_well_is_taken_back_and_removed(machine: Machine) -> None:
    machine.update(machine.bundle("1.1.0"))
    machine.played.breaks = frozenset({"1.2.0"})
    outcome = machine.update(machine.bundle("1.2.0"))
    assert (outcome.version, outcome.before, outcome.failed) == ("1.1.0", "1.2.0", "1.2.0 ended with code 2")
    assert machine.links() == ("1.1.0", "1.0.0")
    assert machine.played.started == ["1.1.0", "1.2.0", "1.1.0"]
    assert outcome.removed == ("1.2.0",)
    machine.played.breaks = frozenset()
    (machine.tmp_path / "again").mkdir()
    assert machine.update(bundle(machine.tmp_path / "again", "1.2.0")).failed is None


def test_a_version_that_nobody_waited_for_is_taken_back(machine: Machine) -> None:
    answers = iter([KeyboardInterrupt(), None])

    def health(_version: str) -> str | None:
        answer = next(answers)
        if answer is not None:
            raise answer
        return None

    outcome = replace(machine.updater, health=health).update(machine.bundle("1.1.0"), PUBLISHER.public)
    assert (outcome.version, outcome.failed) == ("1.0.0", "interrupted before it was known to be well")
    assert machine.links()[0] == "1.0.0"
    assert machine.played.started[-1] == "1.0.0"


def test_a_version_that_runs_but_is_not_well_is_taken_back_too(machine: Machine) -> None:
    ill = replace(
        machine.updater, health=lambda version: "its journal cannot be written" if version == "1.1.0" else None
    )
    outcome = ill.update(machine.bundle("1.1.0"), PUBLISHER.public)
    assert (outcome.version, outcome.failed) == ("1.0.0", "its journal cannot be written")


@pytest.mark.parametrize(
    "said",
    [b"SSH-2.0-OpenSSH_9.2p1\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", b"HTTP/1.1 200 OK\r\n\r\n\xff"],
)
def test_a_port_on_which_no_agent_answers_is_no_health(machine: Machine, said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with server.accept()[0] as line:
                line.recv(4096)
                line.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        config = from_mapping({"api": {"port": server.getsockname()[1]}}, environment={})
        looking = asked(config, SystemClock(), wait_s=0.0)
        ill = replace(machine.updater, health=lambda version: looking(version) if version == "1.1.0" else None)
        outcome = ill.update(machine.bundle("1.1.0"), PUBLISHER.public)
        thread.join()
    assert outcome.failed is not None and "does not answer as an agent does" in outcome.failed
    assert machine.links() == ("1.0.0", None)


def test_a_stopped_service_stays_stopped_and_that_is_a_warning(machine: Machine) -> None:
    machine.played.now = "inactive"
    outcome = machine.update(machine.bundle("1.1.0"))
    assert machine.played.started == []
    assert outcome.warnings == ("the service is stopped and was left so: start it, then look at it",)
    machine.played.now = "failed"
    machine.update(machine.bundle("1.2.0"))
    assert machine.played.started == ["1.2.0"]


def test_rollback_goes_to_the_version_before_and_again_back(machine: Machine) -> None:
    with pytest.raises(Refused, match="no version to go back to"):
        machine.updater.rollback()
    machine.update(machine.bundle("1.1.0"))
    assert machine.updater.rollback().version == "1.0.0"
    assert machine.links() == ("1.0.0", "1.1.0")
    assert machine.updater.rollback().version == "1.1.0"


def test_no_version_is_gone_back_to_that_cannot_read_the_journal(machine: Machine) -> None:
    machine.update(machine.bundle("2.0.0", schema=2))
    migrated = replace(machine.updater, journal_schema=lambda: 2)
    with pytest.raises(Refused, match=r"1\.0\.0 reads journals up to form 1, this till's has form 2"):
        migrated.rollback()
    with pytest.raises(Refused, match="reads journals up to form 1"):
        migrated.update(machine.bundle("2.1.0", schema=1), PUBLISHER.public)
    assert machine.links() == ("2.0.0", "1.0.0")


def test_a_version_that_migrated_and_then_failed_is_kept_and_that_is_told(machine: Machine) -> None:
    """Going back by itself would leave a till whose agent cannot read its journal."""
    forms = iter([1, 2])
    failing = replace(machine.updater, journal_schema=lambda: next(forms), health=lambda _version: "it hangs")
    outcome = failing.update(machine.bundle("2.0.0", schema=2), PUBLISHER.public)
    assert (outcome.version, outcome.failed) == ("2.0.0", "it hangs")
    assert "this till's has form 2" in outcome.warnings[0]


def test_a_switch_that_breaks_off_leaves_a_version_that_runs(machine: Machine) -> None:
    """The two links are made one after the other: at each point `current` names a whole version."""
    releases = machine.updater.releases
    releases.add(folder_of(machine.tmp_path, "1.1.0"), Manifest.from_json(
        (machine.tmp_path / "folder-1.1.0" / MANIFEST).read_bytes()), Path(sys.executable))  # fmt: skip
    (releases.root / ".current.new").symlink_to("releases/9.9.9")  # Left by a power cut.
    releases._link(PREVIOUS, "1.0.0")
    assert machine.links() == ("1.0.0", "1.0.0")
    releases.switch("1.1.0")
    assert machine.links() == ("1.1.0", "1.0.0")


def test_an_update_that_broke_off_before_its_switch_goes_on_with_what_it_made(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = machine.bundle("1.1.0")
    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr(Releases, "switch", _power_cut)
        machine.update(archive)
    assert machine.links() == ("1.0.0", None)
    made = machine.standing()
    machine.update(archive)
    assert machine.links() == ("1.1.0", "1.0.0")
    assert {path: made[path] for path in made if "1.1.0" in path}.items() <= machine.standing().items()


def test_a_version_of_the_same_name_and_other_files_is_refused(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr(Releases, "switch", _power_cut)
        machine.update(machine.bundle("1.1.0"))
    other = folder_of(tmp_path / "other", "1.1.0")
    wheel(other / "wheels", "more", "1.0", __init__="")
    manifest = Manifest("1.1.0", HERE, 1, "2026-11-30T12:00:00Z", digests_below(other))
    (other / MANIFEST).write_bytes(manifest.to_json())
    (other / SIGNATURE).write_bytes(signature_of((other / MANIFEST).read_bytes(), PUBLISHER))
    pack(other, tmp_path / "other.tar", "pos-agent-1.1.0", 0)
    with pytest.raises(BadBundle, match="of other files"):
        machine.update(tmp_path / "other.tar")
    assert machine.links() == ("1.0.0", None)


def _power_cut(_releases: Releases, _version: str) -> None:
    raise KeyboardInterrupt


def test_what_an_update_that_broke_off_left_is_removed_by_the_next(machine: Machine) -> None:
    left = machine.updater.releases.root / "releases" / ".part-abc"
    left.mkdir()
    assert machine.update(machine.bundle("1.1.0")).removed == ()
    assert not left.exists()


def test_the_pinned_key_is_one_line_and_a_lack_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "update.pub"
    with pytest.raises(BadBundle, match="deploy/bundle --public"):
        pinned_key(path)
    path.write_text("something else", encoding="utf-8")
    with pytest.raises(BadBundle, match="no public key"):
        pinned_key(path)
    path.write_text(f"{PUBLISHER.public_text()}\n", encoding="utf-8")
    assert pinned_key(path) == PUBLISHER.public


def test_versions_are_compared_as_numbers() -> None:
    assert numbers("0.10.0") > numbers("0.9.9")
    with pytest.raises(BadBundle):
        numbers("1.0rc1")


def test_a_wheel_is_unpacked_only_as_its_record_says(tmp_path: Path) -> None:
    path = wheel(tmp_path, "helper", "1.0", __init__="WORD = 1\n")
    unpack(path, tmp_path / "site")
    assert (tmp_path / "site/helper/__init__.py").read_text(encoding="utf-8") == "WORD = 1\n"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("helper/unrecorded.py", "")
    with pytest.raises(BadWheel, match=r"helper/unrecorded\.py is not what its RECORD says"):
        unpack(path, tmp_path / "other")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BadWheel, match="damaged"):
        unpack(path, tmp_path / "third")


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("a-1-cp311-cp311-manylinux_2_17_x86_64.whl", True),
        ("a-1-cp312-cp312-manylinux_2_17_x86_64.whl", False),
        ("a-1-cp39-abi3-manylinux_2_34_x86_64.whl", True),
        ("a-1-cp312-abi3-manylinux_2_34_x86_64.whl", False),
        ("a-1-py2.py3-none-any.whl", True),
    ],
)
def test_a_wheel_for_another_python_is_refused(name: str, fits: bool) -> None:
    if fits:
        check_python([Path(name)], (3, 11))
    else:
        with pytest.raises(BadWheel, match=r"not for Python 3\.11"):
            check_python([Path(name)], (3, 11))


def test_the_oldest_c_library_of_a_wheel_is_read_from_its_name() -> None:
    named = WheelName.of("a_b-1.0-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64.whl")
    assert (named.name, named.version, named.glibc) == ("a-b", "1.0", (2, 17))


def test_an_agent_that_is_no_release_says_how_it_is_updated(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["update", str(tmp_path / "some.tar"), "--json"])
    assert said.exit_code == 2
    assert "update the checkout with git" in json.loads(said.stdout)["problem"]


def test_the_publishers_command_makes_a_key_once_and_tells_its_public_half(tmp_path: Path) -> None:
    key = tmp_path / "release.pem"

    def told(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([DEPLOY / "bundle", *options], capture_output=True, text=True, check=False)

    made = told("--new-key", str(key))
    assert made.returncode == 0, made.stderr
    assert key.stat().st_mode & 0o777 == 0o600
    assert told("--public", str(key)).stdout == made.stdout
    assert Signer.from_pem(key.read_text(encoding="utf-8")).public_text() == made.stdout.strip()
    again = told("--new-key", str(key))
    assert (again.returncode, again.stdout) == (1, "")
    assert "File exists" in again.stderr
