"""What doctor tells: a line for each check in the technician's language, or the same as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pos_agent.clock import iso_utc
from pos_agent.doctor.facts import Facts
from pos_agent.doctor.verdict import Line, State, Word, worst
from pos_agent.speech import Words

NAMES: Mapping[State, str] = {
    State.OK: "ok",
    State.WARNING: "warning",
    State.FAILURE: "failure",
    State.SKIPPED: "skipped",
}


def values_of(line: Line, facts: Facts, words: Words) -> dict[str, Any]:
    """What fills the words of a finding: its own values and those of the till."""
    config = facts.config.config
    till = {
        "config": facts.config.path,
        "data": "" if config is None else str(config.till.data),
        "user": "pos-agent" if facts.user is None else facts.user.name,
    }
    own = {name: words(value) if isinstance(value, Word) else value for name, value in line.outcome.values.items()}
    return {**till, **own}


def title(line: Line, words: Words) -> str:
    return words(f"{line.check.id}.title")


def told(line: Line, facts: Facts, words: Words) -> tuple[str, str, str]:
    """(what was found, what to do, the command to copy) of a finding that is not well."""
    values = values_of(line, facts, words)
    bad, fix = (words(f"{line.check.id}.{part}", **values) for part in ("bad", "fix"))
    return bad, fix, line.check.command.format_map(values)


def data(lines: tuple[Line, ...], facts: Facts, words: Words) -> dict[str, Any]:
    """The whole answer as JSON-ready values."""
    return {
        "exit": worst(lines),
        "at": iso_utc(facts.now_ns),
        "config": facts.config.path,
        "till": None if facts.config.config is None else facts.config.config.till.name,
        "agent_runs": facts.agent.running,
        "checks": list(_rows(lines, facts, words)),
    }


def _rows(lines: tuple[Line, ...], facts: Facts, words: Words) -> Iterator[dict[str, Any]]:
    for line in lines:
        row: dict[str, Any] = {"id": line.check.id, "state": NAMES[line.outcome.state], "title": title(line, words)}
        if line.outcome.state in (State.WARNING, State.FAILURE):
            bad, fix, command = told(line, facts, words)
            values = {name: str(value) for name, value in line.outcome.values.items()}
            row |= {"found": bad, "fix": fix, "command": command or None, "values": values}
        elif line.outcome.detail:
            row["detail"] = line.outcome.detail
        yield row
