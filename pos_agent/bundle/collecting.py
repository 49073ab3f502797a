"""Collects the parts of a support bundle, each a name and JSON-ready data or text. They are not cleaned yet."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pos_agent import __version__
from pos_agent.clock import iso_utc
from pos_agent.config import Config, ConfigError
from pos_agent.config_sources import secret_references, shown
from pos_agent.doctor.checks import CHECKS
from pos_agent.doctor.edge import UNIT, Edge
from pos_agent.doctor.facts import Facts
from pos_agent.doctor.gather import gather
from pos_agent.doctor.report import data as doctor_data
from pos_agent.doctor.verdict import judged
from pos_agent.journal.database import UNREADABLE, JournalUnusable, reading
from pos_agent.journal.verify import NEWEST, rows_of
from pos_agent.log_file import newest
from pos_agent.speech import Language, Words
from scanners import devices
from sync.secret_reference import SecretMissing

LOG_LINES: Final = 2_000
LAST_ROWS: Final = 50
KINDS: Final = "SELECT kind, count(*), min(at_ns), max(at_ns) FROM journal GROUP BY kind ORDER BY kind"
PACKAGES: Final = (
    "cryptography", "fastapi", "httpx", "pydantic", "pysqlite3", "pyserial", "python-escpos", "sqlalchemy", "typer",
    "uvicorn",
)  # fmt: skip
VARIABLES: Final = ("LANG", "LC_ALL", "TZ", "PATH", "INVOCATION_ID", "POS_AGENT_CONFIG")  # Shown with their values.
# Of a row's body: what says what happened, and nothing that could hold a code, a name or a document.
BODY_KEYS: Final = (
    "sale", "operation", "key", "kind", "state", "reason", "decision", "evidence", "age_s", "device", "source", "gtin",
    "template", "repairs", "destination", "through", "number", "shift", "undecided", "data_bytes", "printed", "version",
)  # fmt: skip
NAME_KEYS: Final = frozenset({"cashier", "by", "approved_by", "decided_by"})
VALUE_LENGTH_MIN: Final = 8  # Of a variable that is named like a secret: a shorter one may be an ordinary word.

Part = tuple[str, Any]


def collect(path: Path, edge: Edge, *, names: bool) -> Iterator[Part]:
    """The parts, one after the other. One that cannot be had says why instead."""
    facts = gather(path, edge)
    config = facts.config.config
    yield "versions.json", _versions(edge, facts)
    yield "doctor.json", doctor_data(judged(CHECKS, facts), facts, Words(Language.EN))
    yield "config.json", _config(path, edge)
    yield "status.json", facts.agent.status or {"silent": facts.agent.silence or "the agent is not running"}
    yield "journal.json", _journal(config, names=names) if config is not None else {}
    yield "log.jsonl", _log(config)
    yield "service.txt", edge.run(["journalctl", "--unit", UNIT, "--lines", str(LOG_LINES), "--no-pager"]) or ""
    yield "devices.json", _devices(edge)
    yield "environment.json", _environment(edge.environment)


def known_secrets(path: Path, edge: Edge) -> list[str]:
    """Values of every secret that can be read from here, and of variables that are named like one."""
    found = [value for name, value in edge.environment.items() if _may_be_secret(name, value)]
    try:
        config, _ = shown(path, edge.environment, edge.secret)
    except (ConfigError, OSError, ValueError):
        return found
    for _, reference in secret_references(config):
        try:
            found.append(edge.secret(reference))
        except SecretMissing:
            continue
    return found


def known_names(path: Path, edge: Edge) -> list[str]:
    """Names of persons that stand in the configuration and in the last rows of the journal."""
    try:
        config, _ = shown(path, edge.environment, edge.secret)
    except (ConfigError, OSError, ValueError):
        return []
    usual = type(config.till).model_fields["cashier"].default
    found = {config.till.cashier} - {usual}
    for _, body in _rows(config.journal_path):
        found |= set(_named(body))
    return sorted(found)


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in NAME_KEYS and isinstance(inner, str) and inner:
                yield inner
            else:
                yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)


def _may_be_secret(name: str, value: str) -> bool:
    return _is_secret_name(name) and len(value) >= VALUE_LENGTH_MIN


def _is_secret_name(name: str) -> bool:
    return any(word in name.upper() for word in ("PASSWORD", "TOKEN", "SECRET", "KEY", "PASSWD", "CREDENTIAL"))


def _versions(edge: Edge, facts: Facts) -> dict[str, Any]:
    return {
        "agent": __version__,
        "at": iso_utc(edge.clock.now_ns()),
        "python": sys.version,
        "system": platform.platform(),
        "machine": platform.machine(),
        "sqlite": ".".join(map(str, facts.machine.sqlite)),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES if _is_installed(name)},
        "user": None if facts.user is None else {"name": facts.user.name, "groups": sorted(facts.user.groups)},
        "unit": dict(facts.machine.unit),
    }


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _config(path: Path, edge: Edge) -> dict[str, Any]:
    try:
        _, rows = shown(path, edge.environment, edge.secret)
    except (ConfigError, OSError, ValueError) as error:
        return {"file": str(path), "mistakes": str(error).splitlines()}
    return {"file": str(path), "values": [row.facts(path) for row in rows]}


def _journal(config: Config, *, names: bool) -> dict[str, Any]:
    path = config.journal_path
    try:
        with reading(path) as db:
            kinds = {kind: {"rows": count, "first": iso_utc(first), "last": iso_utc(last)}
                     for kind, count, first, last in db.execute(KINDS)}  # fmt: skip
    except (JournalUnusable, OSError, *UNREADABLE) as error:
        return {"problem": str(error)}
    files = {one.name: one.stat().st_size for one in sorted(path.parent.glob("*.sqlite*"))}
    return {"kinds": kinds, "bytes": files, "last": [_row(row, body, names=names) for row, body in _rows(path)]}


def _rows(path: Path) -> list[tuple[Any, dict[str, Any]]]:
    try:
        with reading(path) as db:
            newest_row = db.execute(NEWEST).fetchone()[0] or 0
            return [(row, json.loads(row.body)) for row in rows_of(db, max(0, newest_row - LAST_ROWS))]
    except (JournalUnusable, ValueError, OSError, *UNREADABLE):
        return []


def _row(row: Any, body: Mapping[str, Any], *, names: bool) -> dict[str, Any]:
    kept = {key: body[key] for key in BODY_KEYS if key in body and not isinstance(body[key], dict)}
    failure = body.get("failure")
    if isinstance(failure, dict):
        kept["failure"] = {key: failure.get(key) for key in ("kind", "code", "text")}
    if names:
        kept |= {key: body[key] for key in sorted(NAME_KEYS) if isinstance(body.get(key), str)}
    return {"number": row.number, "at": iso_utc(row.at_ns), "kind": row.kind, "hash": row.hash.hex(), **kept}


def _log(config: Config | None) -> str:
    if config is None:
        return ""
    try:
        return "".join(newest(config.till.data, LOG_LINES))
    except OSError as error:
        return f"{error.filename}: {error.strerror}\n"


def _devices(edge: Edge) -> dict[str, Any]:
    from pos_agent.cli.devices_list import description

    found = devices.inventory(edge.root)
    return {
        "devices": [description(device) for device in found.devices],
        "complete": found.complete,
        "modem_manager": found.modem_manager,
    }


def _environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Names of all variables; values of a few that change how the agent behaves."""
    ours = {name: value for name, value in environment.items() if name in VARIABLES or name.startswith("POS_AGENT__")}
    return {"values": {name: "<hidden>" if _is_secret_name(name) else value for name, value in sorted(ours.items())},
            "names": sorted(environment)}  # fmt: skip
