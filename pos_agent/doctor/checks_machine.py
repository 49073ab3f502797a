"""Checks of the configuration, its secrets, the machine and the running service. Pure."""

from __future__ import annotations

from typing import Final

from pos_agent.doctor.facts import Facts, PortState
from pos_agent.doctor.verdict import Check, Outcome, State, failure, skipped, warning, well

MODE_OTHERS: Final = 0o077  # Rights of group and others: a secret gives them none.
DISK_FAIL_BYTES: Final = 64 * 1024 * 1024  # Of the order of what one day and its reserve take.
DISK_WARN_BYTES: Final = 1024 * 1024 * 1024
CLOCK_WARN_S: Final = 60
CLOCK_FAIL_S: Final = 300
MIB: Final = 1024 * 1024


def _there(facts: Facts) -> tuple[Outcome, ...]:
    return well(facts.config.path) if facts.config.exists else (failure(),)


def _valid(facts: Facts) -> tuple[Outcome, ...]:
    if not facts.config.exists:
        return skipped()
    if facts.config.unseen:
        return skipped()
    if facts.config.mistakes:
        return (failure(mistake=facts.config.mistakes[0], count=len(facts.config.mistakes)),)
    if facts.config.warnings:
        return tuple(warning(mistake=text, count=1) for text in facts.config.warnings)
    return well()


def _secret_file(facts: Facts) -> tuple[Outcome, ...]:
    """References of the environment and of systemd can be followed by the service alone."""
    files = [secret for secret in facts.secrets if secret.path and not secret.unseen]
    if not files:
        return skipped()
    bad = tuple(
        failure(key=secret.key, path=secret.path, reason=secret.reason)
        for secret in files
        if secret.reason or secret.readable_by_agent is False
    )
    return bad or well(len(files))


def _secret_elsewhere(facts: Facts) -> tuple[Outcome, ...]:
    others = [secret for secret in facts.secrets if not secret.path]
    if not others or facts.agent.running:  # A running agent has read them.
        return skipped()
    bad = tuple(warning(key=secret.key, reference=secret.reference) for secret in others if secret.reason)
    return bad or well(len(others))


def _secret_mode(facts: Facts) -> tuple[Outcome, ...]:
    files = [secret for secret in facts.secrets if secret.mode is not None]
    if not files:
        return skipped()
    open_ones: dict[str, list[str]] = {}
    for secret in files:
        if (secret.mode or 0) & MODE_OTHERS:
            open_ones.setdefault(secret.path, []).append(secret.key)
    modes = {secret.path: f"{secret.mode:04o}" for secret in files}
    bad = (warning(key=", ".join(keys), path=path, mode=modes[path]) for path, keys in open_ones.items())
    return tuple(bad) or well(len(files))


def _seen(facts: Facts) -> tuple[Outcome, ...]:
    hidden = [facts.config.path] if facts.config.unseen else []
    hidden += [*facts.unseen, *(secret.path for secret in facts.secrets if secret.unseen)]
    return (warning(path=hidden[0], count=len(hidden)),) if hidden else well()


def _folder(facts: Facts) -> tuple[Outcome, ...]:
    folder = facts.folder
    if folder is None:
        return skipped()
    if folder.exists and folder.writable_by_agent is not False and not folder.read_only:
        return well(folder.path)
    return (failure(),)


def _disk(facts: Facts) -> tuple[Outcome, ...]:
    folder = facts.folder
    if folder is None or folder.free_bytes is None:
        return skipped()
    if folder.free_bytes >= DISK_WARN_BYTES:
        return well(f"{folder.free_bytes // MIB:,} MiB".replace(",", " "))
    state = State.FAILURE if folder.free_bytes < DISK_FAIL_BYTES else State.WARNING
    return (Outcome(state, {"free_mib": folder.free_bytes // MIB}),)


def _local_disk(facts: Facts) -> tuple[Outcome, ...]:
    folder = facts.folder
    if folder is None:
        return skipped()
    return (failure(kind=folder.network),) if folder.network else well()


def _sqlite(facts: Facts) -> tuple[Outcome, ...]:
    version = ".".join(map(str, facts.machine.sqlite))
    return well(version) if facts.machine.sqlite_is_sound else (failure(version=version),)


def _journal(facts: Facts) -> tuple[Outcome, ...]:
    journal = facts.journal
    if not journal.exists:
        return skipped()
    if journal.problem:
        return (failure(problem=journal.problem),)
    return well(f"{journal.rows} / {journal.checked_rows}")


def _whose(facts: Facts) -> tuple[Outcome, ...]:
    journal, name = facts.journal, facts.settings.till.name
    if not journal.exists or not journal.till:
        return skipped()
    return well(name) if journal.till == name else (failure(theirs=journal.till, ours=name),)


def _one_agent(facts: Facts) -> tuple[Outcome, ...]:
    """An agent that holds the journal must answer at the port of this configuration."""
    agent = facts.agent
    if not agent.running:
        return skipped()
    if agent.port is PortState.OURS:
        return well("" if agent.pid is None else f"PID {agent.pid}")
    return (failure(pid=agent.pid or "?", port=facts.settings.api.port),)


def _port(facts: Facts) -> tuple[Outcome, ...]:
    address = f"{facts.settings.api.host}:{facts.settings.api.port}"
    if facts.agent.port is PortState.OTHER:
        return (failure(address=address, holder=facts.agent.port_holder or "?"),)
    return well(address)


def _clients(facts: Facts) -> tuple[Outcome, ...]:
    clients = facts.settings.api.clients
    return well(", ".join(client.name for client in clients)) if clients else (warning(),)


def _asked(facts: Facts) -> tuple[Outcome, ...]:
    agent = facts.agent
    if agent.port is not PortState.OURS:
        return skipped()
    return (warning(reason=agent.silence),) if agent.silence else well()


def _unit_enabled(facts: Facts) -> tuple[Outcome, ...]:
    if not facts.machine.systemd:
        return skipped()
    state = facts.machine.unit.get("UnitFileState", "")
    if not facts.machine.unit:
        return (warning(state="-"),)
    return well(state) if state.startswith(("enabled", "static")) else (warning(state=state),)


def _unit_runs(facts: Facts) -> tuple[Outcome, ...]:
    if not facts.machine.systemd or not facts.machine.unit:
        return skipped()
    state = facts.machine.unit.get("ActiveState", "")
    return well(state) if state in ("active", "reloading") else (failure(state=state),)


def _of_this_version(facts: Facts) -> tuple[Outcome, ...]:
    return tuple(warning(path=path) for path in facts.machine.other_version) or well()


def _ntp(facts: Facts) -> tuple[Outcome, ...]:
    known = facts.machine.ntp_synchronised
    if known is None:
        return skipped()
    return well() if known else (warning(),)


def machine_ahead_s(facts: Facts) -> float | None:
    """By how much this machine's clock is ahead of the servers'; None: none told. The middle one, if several did."""
    told = sorted(-one.ahead_s for one in facts.endpoints if one.ahead_s is not None)
    return told[len(told) // 2] if told else None


def _clock(facts: Facts) -> tuple[Outcome, ...]:
    ahead_s = machine_ahead_s(facts)
    if ahead_s is None:
        return skipped()
    if abs(ahead_s) <= CLOCK_WARN_S:
        return well(f"{ahead_s:+.0f} s")
    state = State.FAILURE if abs(ahead_s) > CLOCK_FAIL_S else State.WARNING
    return (Outcome(state, {"ahead": f"{ahead_s:+.0f}"}),)


def _zone(facts: Facts) -> tuple[Outcome, ...]:
    offset_s = facts.machine.utc_offset_s
    wanted = facts.settings.till.zone.utcoffset(None)
    if offset_s is None or wanted is None:
        return skipped()
    if offset_s == wanted.total_seconds():
        return well(facts.settings.till.utc_offset)
    sign, minutes = "-" if offset_s < 0 else "+", abs(offset_s) // 60
    return (warning(machine=f"{sign}{minutes // 60:02}:{minutes % 60:02}", till=facts.settings.till.utc_offset),)


MACHINE: Final = (
    Check("D-101", _there, needs_config=False),
    Check("D-102", _valid, needs_config=False),
    Check("D-103", _secret_file),
    Check("D-104", _secret_mode),
    Check("D-105", _secret_elsewhere),
    Check("D-106", _folder),
    Check("D-107", _disk),
    Check("D-108", _local_disk),
    Check("D-109", _sqlite, needs_config=False),
    Check("D-110", _journal),
    Check("D-111", _whose),
    Check("D-112", _one_agent),
    Check("D-113", _port),
    Check("D-114", _clients),
    Check("D-115", _asked),
    Check("D-116", _unit_enabled),
    Check("D-117", _unit_runs),
    Check("D-118", _ntp),
    Check("D-119", _clock),
    Check("D-120", _zone),
    Check("D-121", _seen, needs_config=False),
    Check("D-122", _of_this_version, needs_config=False),
)
