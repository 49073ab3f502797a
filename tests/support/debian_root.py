"""A small Debian of its own in a folder, made of what is installed on this machine: no network, no mount, no mirror.

Files of the essential packages and of what the tested package depends on are copied, as their lists name them, with a
dpkg database that holds their entries. Pages, translations and byte code stay out: nothing of them is needed.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

STATUS = Path("/var/lib/dpkg/status")
LISTS = Path("/var/lib/dpkg/info")
LEFT_OUT = re.compile(r"^/usr/share/(doc|man|locale|info|lintian|bash-completion)/|/__pycache__(/|$)")
# The database of packages, and what dpkg and useradd keep of their own work.
VOLATILE = re.compile(
    r"^(var/lib/dpkg/|var/log/|etc/(passwd|group|shadow|gshadow)-$|etc/\.pwd\.lock$|etc/ld\.so\.cache$|"
    r"etc/sub[ug]id-?$|run/|dev/|var/cache/ldconfig)"
)
LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")  # Into /usr, on a Debian of today.


def stanzas() -> dict[str, str]:
    """Name -> entry in the database, of what is installed."""
    found = {}
    for stanza in STATUS.read_text(encoding="utf-8").strip().split("\n\n"):
        if "\nStatus: install ok installed\n" in stanza:
            found.setdefault(field(stanza, "Package"), stanza)
    return found


def field(stanza: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", stanza, re.MULTILINE)
    return found[1] if found else ""


def closure(wanted: list[str], known: dict[str, str]) -> list[str]:
    """The essential packages, those wanted, and whatever they depend on."""
    provided = {
        name.strip().partition(" ")[0]: package
        for package, stanza in known.items()
        for name in field(stanza, "Provides").split(",")
        if name.strip()
    }
    chosen: set[str] = set()
    # `file`, for one, calls itself essential on machines of some clouds; the field alone counts.
    waiting = [*wanted, *(name for name, stanza in known.items() if field(stanza, "Essential") == "yes")]
    while waiting:
        name = waiting.pop()
        name = name if name in known else provided.get(name, name)
        if name in chosen:
            continue
        assert name in known, f"{name} is not installed here: script/bootstrap --tests installs it"
        chosen.add(name)
        depends = ",".join(field(known[name], kind) for kind in ("Pre-Depends", "Depends"))
        for group in filter(str.strip, depends.split(",")):
            names = [one.strip().partition(" ")[0].partition(":")[0] for one in group.split("|")]
            waiting.append(next((one for one in names if one in known or one in provided), names[0]))
    return sorted(chosen)


class DebianRoot:
    """`path`: its top. Everything in it is run by `chroot`."""

    def __init__(self, path: Path, wanted: list[str]) -> None:
        self.path = path
        known = stanzas()
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        own_python = field(known.get("python3", ""), "Version").startswith(f"{version}.")
        names = closure(wanted if own_python else [name for name in wanted if name != "python3"], known)
        self._copy(names)
        entries = [known[name] for name in names]
        if not own_python:
            entries.append(self._take_this_python(version))
        self._database(names, entries)
        self._rest()

    def _copy(self, names: list[str]) -> None:
        self.path.mkdir()
        for link in LINKS:
            if Path("/", link).is_symlink():
                (self.path / "usr" / link).mkdir(parents=True, exist_ok=True)
                (self.path / link).symlink_to(f"usr/{link}")
        listed: set[str] = set()
        for name in names:
            for line in self._list(name).read_text(encoding="utf-8").splitlines():
                if LEFT_OUT.search(line) is None and line not in ("/.", ""):
                    head, tail = os.path.split(line)
                    place = f"{os.path.realpath(head).rstrip('/')}/{tail}"
                    if os.path.lexists(place) and place[1:] not in LINKS:
                        listed.add(place[1:])
                    compiled = Path(cache_from_source(place)) if place.endswith(".py") else None
                    if compiled is not None and compiled.exists():  # As py3compile has made it on any Debian.
                        listed.update((str(compiled)[1:], str(compiled.parent)[1:]))
        self._tar(sorted(listed))

    def _tar(self, listed: list[str], *options: str) -> None:
        names = "\0".join(listed).encode()
        packing = subprocess.Popen(
            ["tar", "--create", *options, "--no-recursion", "--null", "--directory=/", "--files-from=-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        taking = subprocess.Popen(
            ["tar", "--extract", "--preserve-permissions", f"--directory={self.path}"], stdin=packing.stdout
        )
        assert packing.stdin is not None and packing.stdout is not None
        packing.stdout.close()
        packing.stdin.write(names)
        packing.stdin.close()
        assert (packing.wait(), taking.wait()) == (0, 0)

    def _take_this_python(self, version: str) -> str:
        """Where Debian's own Python is another than the checkout's: this one in its place, as wheels fit one alone."""
        prefix = Path(sys.base_prefix)
        left_out = re.compile(r"/(site-packages|test|tests|idlelib|tkinter|__pycache__)(/|$)|\.a$")
        files = [path for path in prefix.rglob("*") if left_out.search(str(path)) is None]
        binaries = [str(path) for path in files if path.suffix == ".so" or path.name == f"python{version}"]
        said = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False).stdout
        libraries = set(re.findall(r"=> (/\S+)", said))
        places = {*map(str, files), *libraries, *map(os.path.realpath, libraries)}
        parents = {str(parent) for place in places for parent in Path(place).parents}
        self._tar(sorted(place[1:] for place in places | parents if place != "/" and place[1:] not in LINKS))
        interpreter = prefix / "bin" / f"python{version}"
        (self.path / "usr/bin/python3").symlink_to(interpreter)
        return (
            f"Package: python3\nStatus: install ok installed\nPriority: optional\nSection: python\nMaintainer: local\n"
            f"Architecture: all\nVersion: {version}.99-local\nDescription: the interpreter of the checkout"
        )

    @staticmethod
    def _list(name: str) -> Path:
        found = sorted(LISTS.glob(f"{name}.list")) or sorted(LISTS.glob(f"{name}:*.list"))
        return found[0]

    def _database(self, names: list[str], entries: list[str]) -> None:
        base = self.path / "var/lib/dpkg"
        for folder in ("info", "updates", "triggers", "alternatives", "parts"):
            (base / folder).mkdir(parents=True, exist_ok=True)
        (base / "status").write_text("\n\n".join(entries) + "\n\n", encoding="utf-8")
        (base / "available").touch()
        for name in names:
            source = self._list(name)
            shutil.copy(source, base / "info" / source.name)

    def _rest(self) -> None:
        """What no package's list names, as scripts of packages have made it."""
        for folder in ("dev", "proc", "sys", "tmp", "run", "root", "home", "etc", "var/log", "var/tmp", "var/cache"):
            (self.path / folder).mkdir(parents=True, exist_ok=True)
        (self.path / "tmp").chmod(0o1777)
        null = self.path / "dev/null"
        try:
            os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        except PermissionError:  # A machine that may not make devices: a file takes what is thrown away as well.
            null.touch()
        null.chmod(0o666)
        for name in ("passwd", "group"):
            shutil.copy(f"/usr/share/base-passwd/{name}.master", self.path / "etc" / name)
        certificates = self.path / "etc/ssl/certs/ca-certificates.crt"
        certificates.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", certificates)
        (self.path / "etc/nsswitch.conf").write_text(
            "passwd: files\ngroup: files\nhosts: files dns\n", encoding="utf-8"
        )
        (self.path / "etc/hosts").write_text("127.0.0.1 localhost\n", encoding="utf-8")
        subprocess.run(["ldconfig", "-r", str(self.path)], check=True, capture_output=True)

    def command(self, *command: str, user: str | None = None) -> list[str]:
        """The command as it is run inside, perhaps as another user with all of their groups."""
        switch = [] if user is None else ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        return ["chroot", str(self.path), *switch, *command]

    def run(self, *command: str, user: str | None = None) -> str:
        """Output of a command inside, both streams; it must succeed."""
        done = subprocess.run(
            self.command(*command, user=user), env=INSIDE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: exit {done.returncode}: {done.stdout}"
        return done.stdout

    def listing(self) -> dict[str, str]:
        """Every path inside but the volatile ones -> mode and, of a file, its size."""
        found = {}
        for folder, folders, files in os.walk(self.path):
            for name in [*folders, *files]:
                place = f"{folder}/{name}"
                relative = os.path.relpath(place, self.path)
                if VOLATILE.search(relative) is None:
                    seen = os.lstat(place)
                    size = seen.st_size if stat.S_ISREG(seen.st_mode) else ""
                    found[relative] = f"{stat.filemode(seen.st_mode)} {size}"
        return found


INSIDE = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "DEBIAN_FRONTEND": "noninteractive",
    "LC_ALL": "C.UTF-8",
    "HOME": "/root",
}
