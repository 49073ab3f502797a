"""One installed agent: a folder with its packages and a launcher, in the form of a virtual environment without pip.

    FOLDER/pyvenv.cfg                  keeps the packages of the system and of users out
    FOLDER/bin/python -> /usr/bin/python3
    FOLDER/bin/pos-agent
    FOLDER/lib/python3.11/site-packages/

The packages hold machine code for one Python x.y, so the folder belongs to that one. Standard library only.
Source: docs.python.org, `venv` (pyvenv.cfg, `home`, `include-system-site-packages`) and `site`.
"""

from __future__ import annotations

import compileall
from collections.abc import Iterable
from pathlib import Path

from pos_agent.install.wheels import check_python, unpack

LAUNCHER = """#!{python} -IB
# -I: no module of the folder somebody stands in, of their home or of PYTHONPATH comes into a till.
from pos_agent.cli import main

main()
"""


def make_tree(
    folder: Path,
    place: Path,
    wheels: Iterable[Path],
    interpreter: Path,
    version: tuple[int, int],
    like: Path | None = None,
) -> Path:
    """Fill `folder`, which will stand at `place`, from `wheels`; returns its site-packages.

    `interpreter`: the system's Python of `version`, as the finished machine has it. `like`: another agent's folder on
    the same disk, to share files with. Raises BadWheel, OSError.
    """
    wheels = sorted(wheels)
    check_python(wheels, version)
    inside = Path("lib", f"python{version[0]}.{version[1]}", "site-packages")
    site = folder / inside
    site.mkdir(parents=True)
    for wheel in wheels:
        unpack(wheel, site, None if like is None else like / inside)
    commands = folder / "bin"
    commands.mkdir()
    (commands / "python").symlink_to(interpreter)
    launcher = commands / "pos-agent"
    launcher.write_text(LAUNCHER.format(python=place / "bin" / "python"), encoding="utf-8")
    launcher.chmod(0o755)
    settings = folder / "pyvenv.cfg"
    settings.write_text(
        f"home = {interpreter.parent}\ninclude-system-site-packages = false\nversion = {version[0]}.{version[1]}\n",
        encoding="utf-8",
    )
    settings.chmod(0o644)
    return site


def compile_tree(site: Path) -> None:
    """Byte code for every module: the service may not write there, and would compile everything at each start."""
    compileall.compile_dir(site, quiet=2)
