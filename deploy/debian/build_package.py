"""Builds pos-agent_VERSION_ARCH.deb with dpkg-deb alone. The same checkout and time give the same bytes.

Sources: deb(5), deb-control(5), deb-md5sums(5), Debian Policy 6 (maintainer scripts) and 10.7 (configuration files),
reproducible-builds.org, SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import building  # noqa: E402
from typer.main import get_command  # noqa: E402

from pos_agent.cli.main import app  # noqa: E402
from pos_agent.install.placing import FIRST_CONFIGURATION, unit_text  # noqa: E402
from pos_agent.install.tree import make_tree  # noqa: E402
from pos_agent.install.wheels import BadWheel, WheelName, running_python  # noqa: E402

PLACE = Path("/usr/lib/pos-agent")
LAUNCHER = Path("/usr/bin/pos-agent")
DEBIANS_PYTHON = Path("/usr/bin/python3")
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
SCRIPTS = ("postinst", "prerm", "postrm")
# What packages of wheels are linked with beside the C library, and what the agent reads at run time.
DEPENDS = ("libgcc-s1", "libstdc++6", "zlib1g", "passwd", "ca-certificates", "fonts-dejavu-core", "tzdata")
OF_CAMERA = "libdmtx0t64 | libdmtx0b"
MAINTAINER = ("pos-agent project", "maintainers@pos-agent.invalid")


def build(wheels: list[Path], output: Path, *, camera: bool, fast: bool) -> Path:
    """Write the package of `wheels`, ours among them; returns its path."""
    python = running_python()
    made_s = building.source_time_s()
    version = building.version_of(next(wheel for wheel in wheels if wheel.name.startswith("pos_agent-")))
    arch = MACHINES[building.platform().machine]
    with tempfile.TemporaryDirectory() as aside:
        root = Path(aside) / "root"
        make_tree(root / PLACE.relative_to("/"), PLACE, wheels, DEBIANS_PYTHON, python)
        place_files(root, wheels, made_s)
        control = root / "DEBIAN"
        control.mkdir()
        for name in SCRIPTS:
            text = (HERE / name).read_text(encoding="utf-8").replace("@FIRST@", FIRST_CONFIGURATION.rstrip("\n"))
            write(control / name, text, 0o755)
        write(control / "conffiles", "/etc/default/pos-agent\n")
        write(control / "md5sums", md5sums(root))
        write(control / "control", control_text(version, arch, python, wheels, installed_kib(root), camera))
        for path in [*root.rglob("*"), root]:
            if path.is_dir():
                path.chmod(0o755)
            os.utime(path, (made_s, made_s), follow_symlinks=False)
        output.mkdir(parents=True, exist_ok=True)
        target = output / f"pos-agent_{version}_{arch}.deb"
        packing = ["-Znone"] if fast else ["-Zxz", "--threads-max=1"]
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", *packing, "--build", str(root), str(target)],
            check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(made_s)}, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return target


def write(path: Path, text: str | bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)


def place_files(root: Path, wheels: list[Path], made_s: int) -> None:
    """Everything outside of /usr/lib/pos-agent."""
    launcher = root / LAUNCHER.relative_to("/")
    launcher.parent.mkdir(parents=True)
    launcher.symlink_to("../lib/pos-agent/bin/pos-agent")
    doc = root / "usr/share/doc/pos-agent"
    write(root / "usr/lib/systemd/system/pos-agent.service", unit_text(LAUNCHER))
    write(root / "usr/lib/udev/rules.d" / building.UDEV.name, building.UDEV.read_bytes())
    write(root / "usr/share/applications/pos-agent-till.desktop", (HERE / "pos-agent-till.desktop").read_bytes())
    completion = (HERE / "pos-agent.bash-completion").read_bytes()
    write(root / "usr/share/bash-completion/completions/pos-agent", completion)
    write(root / "usr/share/man/man1/pos-agent.1.gz", packed(manual_page().encode(), made_s))
    write(root / "etc/default/pos-agent", (HERE / "default").read_bytes())
    write(doc / "copyright", copyright_text(wheels))
    write(doc / "changelog.gz", packed((building.ROOT / "CHANGELOG.md").read_bytes(), made_s))
    write(doc / "agent.toml", (building.ROOT / "docs" / "agent.toml").read_bytes())
    write(doc / "README.Debian", (HERE / "README.Debian").read_bytes())


def packed(content: bytes, made_s: int) -> bytes:
    return gzip.compress(content, 9, mtime=made_s)


def manual_page() -> str:
    """The page with the commands as they are today."""
    commands = getattr(get_command(app), "commands", {})
    rows = []
    for name, command in sorted(commands.items()):
        said = (command.help or "").strip().split("\n\n")[0].replace("\n", " ").replace("\\", "\\e").replace("-", "\\-")
        rows.append(f".TP\n.B {name.replace('-', chr(92) + '-')}\n{said.lstrip('.')}")
    return (HERE / "pos-agent.1").read_text(encoding="utf-8").replace("@COMMANDS@", "\n".join(rows))


def md5sums(root: Path) -> str:
    files = [path for path in sorted((root / "usr").rglob("*")) if path.is_file() and not path.is_symlink()]
    inside = ((path, path.relative_to(root)) for path in files)
    # The format wants MD5; nothing trusts it (deb-md5sums(5)).
    return "".join(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {name}\n" for path, name in inside)  # noqa: S324


def installed_kib(root: Path) -> int:
    return sum(-(-path.lstat().st_size // 1024) or 1 for path in root.rglob("*"))


def control_text(
    version: str, arch: str, python: tuple[int, int], wheels: list[Path], size_kib: int, camera: bool
) -> str:
    major, minor = python
    glibc = max(filter(None, (WheelName.of(wheel.name).glibc for wheel in wheels)), default=(2, 28))
    depends = [
        f"python3 (>= {major}.{minor})",
        f"python3 (<< {major}.{minor + 1})",  # Its machine code is for this minor version alone.
        f"libc6 (>= {glibc[0]}.{glibc[1]})",
        *DEPENDS,
        *([OF_CAMERA] if camera else []),
    ]
    name, mail = os.environ.get("DEBFULLNAME", MAINTAINER[0]), os.environ.get("DEBEMAIL", MAINTAINER[1])
    return f"""\
Package: pos-agent
Version: {version}
Architecture: {arch}
Maintainer: {name} <{mail}>
Installed-Size: {size_kib}
Depends: {", ".join(depends)}
Recommends: bash-completion
Suggests: chromium
Section: misc
Priority: optional
Description: till agent for marked goods in Kazakhstan
 Reads identification codes from scanners, says at once whether a unit may be
 sold, puts its mark into the receipt of the cash register, and keeps and
 delivers the proof.
 .
 The Python packages it was tested with are inside, in a folder of their own.
"""


def copyright_text(wheels: list[Path]) -> str:
    """Debian's machine-readable form; the texts of the others' licences lie in their dist-info folders."""
    own = (HERE / "copyright").read_text(encoding="utf-8")
    rows = []
    for wheel in sorted(wheels):
        named = WheelName.of(wheel.name)
        if named.name != "pos-agent":
            rows.append(f" {named.name} {named.version}: {licence(wheel)}\n")
    return own.replace("@INSIDE@", "".join(rows).rstrip("\n"))


def licence(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        told = HeaderParser().parsestr(archive.read(metadata).decode("utf-8"))
    of_classifiers = [
        line.rpartition(" :: ")[2] for line in told.get_all("Classifier", []) if line.startswith("License ::")
    ]
    plain = (told.get("License") or "").strip().splitlines()
    return told.get("License-Expression") or ", ".join(of_classifiers) or (plain[0] if plain else "see its dist-info")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=building.ROOT / "dist")
    parser.add_argument("--camera", action="store_true", help="with the packages of camera scanners")
    parser.add_argument("--fast", action="store_true", help="not packed, for a trial")
    chosen = parser.parse_args()
    if shutil.which("dpkg-deb") is None:
        sys.exit("not built: there is no dpkg-deb: build it on Debian")
    try:
        with tempfile.TemporaryDirectory() as aside:
            wheels = [*building.runtime_wheels(camera=chosen.camera), building.project_wheel(Path(aside))]
            print(build(wheels, chosen.output, camera=chosen.camera, fast=chosen.fast))
    except (building.CannotBuild, BadWheel) as error:
        sys.exit(f"not built: {error}")
    except OSError as error:
        sys.exit(f"not built: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
