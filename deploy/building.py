"""What debian/build, wheelhouse and bundle share: the wheels of a till.

Nothing is fetched: script/bootstrap has kept the pinned wheels in .venv/wheelhouse, and each is compared here with the
hashes of requirements/ once more, so that what a till gets is what the lock names. Ours is built of the checkout.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pos_agent.install.manifest import Platform, numbers  # noqa: E402
from pos_agent.install.wheels import WheelName  # noqa: E402

WHEELHOUSE = ROOT / ".venv" / "wheelhouse"
PACKAGES = ("marking", "scanners", "fiscal", "sync", "pos_agent", "hw_sim")
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE")
UDEV = ROOT / "deploy" / "udev" / "60-pos-agent-scanners.rules"
REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?P<marker> ;)?", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class CannotBuild(Exception):
    """Something is missing; the text says what makes it."""


def lock(camera: bool) -> Path:
    return ROOT / "requirements" / ("agent-camera.txt" if camera else "agent.txt")


def pinned(requirements: Path) -> dict[str, tuple[str, frozenset[str], bool]]:
    """Name -> version, hashes, and whether only some machines need it."""
    found = {}
    for block in re.split(r"\n(?=[a-z0-9])", requirements.read_text(encoding="utf-8")):
        if (head := REQUIREMENT.search(block)) is not None:
            found[head["name"]] = (head["version"], frozenset(HASH.findall(block)), head["marker"] is not None)
    return found


def runtime_wheels(*, camera: bool, wheelhouse: Path = WHEELHOUSE) -> list[Path]:
    """The wheels a till needs beside ours, each as the lock has it. Raises CannotBuild naming the first that is not."""
    wanted, found = pinned(lock(camera)), {}
    for wheel in sorted(wheelhouse.glob("*.whl")):
        name = WheelName.of(wheel.name).name
        if name not in wanted:
            continue
        version, hashes, _ = wanted[name]
        if WheelName.of(wheel.name).version != version or digest(wheel) not in hashes:
            raise CannotBuild(f"{wheel}: not the one of {lock(camera).name}: run script/bootstrap again")
        found[name] = wheel
    missing = [name for name, (_, _, partly) in wanted.items() if not partly and name not in found]
    if missing:
        raise CannotBuild(f"{wheelhouse}: no wheel of {', '.join(missing)}: run script/bootstrap")
    return sorted(found.values())


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_time_s() -> int:
    """SOURCE_DATE_EPOCH, or when the checkout was last committed: the time in everything that is built."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given.isdigit():
        return int(given)
    said = subprocess.run(
        ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return int(said) if said.isdigit() else int((ROOT / "pyproject.toml").stat().st_mtime)


def project_wheel(target: Path, root: Path = ROOT) -> Path:
    """Build our own wheel into `target`, from a copy: what an earlier build left in the checkout does not get in."""
    source = target / "source"
    for name in PACKAGES:
        shutil.copytree(root / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in BUILT_FROM:
        shutil.copy(root / name, source / name)
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])",
         str(target)],
        cwd=source, env={**os.environ, "SOURCE_DATE_EPOCH": str(source_time_s())}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    shutil.rmtree(source)
    built = sorted(target.glob("pos_agent-*.whl"))
    if done.returncode != 0 or len(built) != 1:
        raise CannotBuild(f"setuptools could not build our wheel: {done.stderr[-2_000:]}")
    return built[0]


def version_of(wheel: Path) -> str:
    version = WheelName.of(wheel.name).version
    numbers(version)
    return version


def platform() -> Platform:
    return Platform.here()
