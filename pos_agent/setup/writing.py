"""Writes a configuration out of the template: every key with its remark, what was chosen filled in. Pure.

#key = default   # remark     in the template: stays so, or becomes `key = value   # remark`
@note NAME                    remarks of what was found
@scanners, @clients, ...      blocks that have no default
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

_SETTING: Final = re.compile(r"#([a-z][\w.]*) = (.*?)(\s+# .*)?")
_HEADER: Final = re.compile(r"\[([\w.]+)\]")
REMARK_COLUMN: Final = 36

Settings = Mapping[str, Any]  # As TOML gives it: tables in tables.
Notes = Mapping[str, Sequence[str]]


def template() -> str:
    return (files("pos_agent.data") / "agent_template.toml").read_text(encoding="utf-8")


def written(settings: Settings, notes: Notes, text: str | None = None) -> str:
    """The file. A setting that the template has no line for is put at the end of its section.

    Raises ValueError for a setting of no section: the settings are to be checked before.
    """
    flat = dict(_flat({name: value for name, value in settings.items() if name != "scanners"}, ""))
    for key in [key for key in flat if key.startswith("register.secrets.") or key in ("api.clients", "webhooks")]:
        del flat[key]
    lines: list[str] = []
    section = ""
    for line in (template() if text is None else text).splitlines():
        if (header := _HEADER.fullmatch(line)) is not None:
            lines += _left(flat, section)
            section = header[1]
            lines.append(line)
        elif line.startswith("@"):
            lines += _filled(line[1:], settings, notes, flat)
        else:
            lines.append(_line(line, section, flat))
    lines += _left(flat, section)
    if flat:
        raise ValueError(f"the template has no place for {', '.join(flat)}")
    return "\n".join(lines) + "\n"


def _line(line: str, section: str, flat: dict[str, Any]) -> str:
    setting = _SETTING.fullmatch(line)
    if setting is None or (key := f"{section}.{setting[1]}") not in flat:
        return line
    remark = (setting[3] or "").strip()
    chosen = f"{setting[1]} = {value_text(flat.pop(key))}"
    return f"{chosen.ljust(REMARK_COLUMN - 1)} {remark}".rstrip()


def _left(flat: dict[str, Any], section: str) -> Iterator[str]:
    """What of a section has no line in the template: settings of product groups."""
    if not section:
        return
    for key in [key for key in flat if key.startswith(f"{section}.")]:
        yield f"{key.removeprefix(f'{section}.')} = {value_text(flat.pop(key))}"


def _filled(marker: str, settings: Settings, notes: Notes, flat: dict[str, Any]) -> Iterator[str]:
    word, _, name = marker.partition(" ")
    if word == "note":
        yield from (f"# {line}".rstrip() for line in notes.get(name, ()))
    else:
        yield from BLOCKS[word](settings, flat)


def _scanners(settings: Settings, _flat: dict[str, Any]) -> Iterator[str]:
    for number, scanner in enumerate(settings.get("scanners", ())):
        yield from ("", "[[scanners]]") if number else ("[[scanners]]",)
        yield from (f"{key} = {value_text(value)}" for key, value in scanner.items())
    yield ""


def _clients(settings: Settings, _flat: dict[str, Any]) -> Iterator[str]:
    for client in settings.get("api", {}).get("clients", ()):
        yield "[[api.clients]]"
        yield from (f"{key} = {value_text(value)}" for key, value in client.items())
        yield ""


def _webhooks(settings: Settings, _flat: dict[str, Any]) -> Iterator[str]:
    for webhook in settings.get("webhooks", ()):
        yield "[[webhooks]]"
        yield from (f"{key} = {value_text(value)}" for key, value in webhook.items())
        yield ""


def _secrets(settings: Settings, _flat: dict[str, Any]) -> Iterator[str]:
    named = settings.get("register", {}).get("secrets", {})
    if named:
        yield "[register.secrets]"
        yield from (f"{key} = {value_text(value)}" for key, value in named.items())


def _example(key: str, example: str, remark: str) -> Callable[[Settings, dict[str, Any]], Iterator[str]]:
    """A secret: it has no default, so that what stands there without it is an example behind "# "."""

    def line(_settings: Settings, flat: dict[str, Any]) -> Iterator[str]:
        name = key.rpartition(".")[2]
        if key in flat:
            yield f"{name} = {value_text(flat.pop(key))}".ljust(REMARK_COLUMN - 1) + f" # {remark}"
        else:
            yield f'# {name} = "{example}"'.ljust(REMARK_COLUMN - 1) + f" # {remark}"

    return line


_TOKEN = _example("sync.token", "file:/etc/pos-agent/hq-token", "says who we are, where there is no key")
_KEY = _example("sync.key", "file:/etc/pos-agent/hq-key", "signs each request: `pos-agent sync-key` makes it")


def _proof(settings: Settings, flat: dict[str, Any]) -> Iterator[str]:
    yield from _TOKEN(settings, flat)
    yield from _KEY(settings, flat)


BLOCKS: Final[Mapping[str, Callable[[Settings, dict[str, Any]], Iterator[str]]]] = {
    "scanners": _scanners,
    "clients": _clients,
    "webhooks": _webhooks,
    "secrets": _secrets,
    "password": _example("ismpt.password", "file:/etc/pos-agent/ismpt-password", "the login's password"),
    "proof": _proof,
}


def _flat(value: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _flat(inner, f"{path}{name}.")
        else:
            yield f"{path}{name}", inner


def value_text(value: Any) -> str:
    """A value as TOML. Raises ValueError for what a configuration cannot hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_text, value))}]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {value_text(inner)}" for key, inner in value.items()) + " }"
    raise ValueError(f"{value!r} has no place in a configuration")
