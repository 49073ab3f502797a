"""Checks of scanners, register and printer. Pure."""

from __future__ import annotations

from typing import Any, Final

from pos_agent.doctor.checks_machine import CLOCK_FAIL_S, machine_ahead_s
from pos_agent.doctor.facts import Facts, ScannerFacts
from pos_agent.doctor.verdict import Check, Outcome, State, Word, failure, skipped, warning, well

SHIFT_WARN_S: Final = 23 * 3_600
SHIFT_FAIL_S: Final = 24 * 3_600  # A shift lasts at most 24 hours.
OFFLINE_WARN_S: Final = 3_600
OFFLINE_FAIL_S: Final = 48 * 3_600  # After 72 hours without the operator the register stops.
PRINTER_WELL: Final = frozenset({"ok"})


def _each(facts: Facts, bad: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    if not facts.scanners:
        return skipped()
    return bad or well(", ".join(one.name for one in facts.scanners))


def _told(scanner: ScannerFacts, **more: object) -> dict[str, Any]:
    return {"name": scanner.name, "url": scanner.url, "port": scanner.port, **more}


def _plugged(facts: Facts) -> tuple[Outcome, ...]:
    bad = [failure(**_told(one, reason="")) for one in facts.scanners if one.missing]
    return _each(facts, tuple(bad))


def _reached(facts: Facts) -> tuple[Outcome, ...]:
    bad = tuple(failure(**_told(one, reason=one.unreachable)) for one in facts.scanners if one.unreachable)
    return bad or skipped()


def _permitted(facts: Facts) -> tuple[Outcome, ...]:
    if all(one.permitted is None for one in facts.scanners):
        return skipped()
    bad = [failure(**_told(one, group=one.group or "dialout")) for one in facts.scanners if one.permitted is False]
    return _each(facts, tuple(bad))


def _free(facts: Facts) -> tuple[Outcome, ...]:
    bad = [failure(**_told(one, holder=", ".join(one.holders))) for one in facts.scanners if one.holders]
    return _each(facts, tuple(bad)) if any(one.port for one in facts.scanners) else skipped()


def _modem(facts: Facts) -> tuple[Outcome, ...]:
    if not facts.machine.modem_manager or not any("ttyACM" in one.port for one in facts.scanners):
        return skipped()
    return well() if facts.machine.scanner_rule else (warning(),)


def _online(facts: Facts) -> tuple[Outcome, ...]:
    """What the running agent says. Where the reason was told above, it is not told again."""
    if facts.agent.status is None or not facts.scanners:
        return skipped()
    explained = {one.name for one in facts.scanners if one.missing or one.permitted is False or one.holders}
    texts = facts.agent.status.get("scanner_text", {})
    bad = tuple(
        failure(name=name, state=state, text=texts.get(name, {}).get("text", ""))
        for name, state in facts.agent.status.get("scanners", {}).items()
        if state != "online" and name not in explained
    )
    return bad or well()


def _answers(facts: Facts) -> tuple[Outcome, ...]:
    register = facts.register
    if register is None:
        return skipped()
    if register.problem:
        return (failure(url=register.url, reason=register.problem),)
    if not register.looked:
        return skipped()
    if register.status.get("reachable"):
        return well(register.url.partition("?")[0])
    cause = register.status.get("failure") or {"code": "?", "text": ""}
    return (failure(url=register.url, reason=f"{cause['code']}: {cause['text']}"),)


def _status(facts: Facts) -> dict[str, Any] | None:
    register = facts.register
    if register is None or not register.looked or not register.status.get("reachable"):
        return None
    return dict(register.status)


def _able(facts: Facts) -> tuple[Outcome, ...]:
    register = facts.register
    if register is None or not register.looked:
        return skipped()
    # What the file alone showed is told with its line by the check of the configuration.
    told = "\n".join(facts.config.mistakes)
    return tuple(failure(text=text) for text in register.unmet if text.partition(": ")[2] not in told) or well()


def _paper(facts: Facts) -> tuple[Outcome, ...]:
    status = _status(facts)
    if status is None or status.get("paper") == "unknown":
        return skipped()
    paper = status.get("paper")
    if paper == "ok" and not status.get("cover_open"):
        return well()
    grade = State.WARNING if paper == "low" and not status.get("cover_open") else State.FAILURE
    return (Outcome(grade, {"paper": Word("paper.cover" if status.get("cover_open") else f"paper.{paper}")}),)


def _waits(facts: Facts) -> tuple[Outcome, ...]:
    status = _status(facts)
    if status is None:
        return skipped()
    waits = status.get("waits_for")
    return (failure(waits=Word(f"waits.{waits}")),) if waits and waits != "paper" else well()


def _shift(facts: Facts) -> tuple[Outcome, ...]:
    status = _status(facts)
    age_s = None if status is None else status.get("shift_age_s")
    if status is None or (age_s is None and facts.agent.status is None):
        return skipped()
    if age_s is None:  # The register does not tell: the till's own memory of its shift.
        age_s = ((facts.agent.status or {}).get("shift") or {}).get("age_s")
    if age_s is None or age_s < SHIFT_WARN_S:
        return well("" if age_s is None else f"{age_s // 3_600} h")
    grade = State.FAILURE if age_s >= SHIFT_FAIL_S and not facts.settings.register_.auto_z else State.WARNING
    return (Outcome(grade, {"hours": age_s // 3_600}),)


def _register_clock(facts: Facts) -> tuple[Outcome, ...]:
    status = _status(facts)
    skew_s = None if status is None else status.get("clock_skew_s")
    if skew_s is None:
        return skipped()
    ahead_s = machine_ahead_s(facts)
    if ahead_s is not None and abs(ahead_s) > CLOCK_FAIL_S:
        skew_s = round(skew_s + ahead_s)  # This machine is wrong: held against the servers' time instead.
    if abs(skew_s) <= CLOCK_FAIL_S:
        return well(f"{skew_s:+d} s")
    grade = State.FAILURE if abs(skew_s) > facts.settings.register_.clock_skew_max_s else State.WARNING
    return (Outcome(grade, {"skew": f"{skew_s:+d}"}),)


def _operator(facts: Facts) -> tuple[Outcome, ...]:
    status = _status(facts)
    if status is None or status.get("offline") is None:
        return skipped()
    age_s = status.get("offline_age_s") or 0
    if not status["offline"] or age_s < OFFLINE_WARN_S:
        return well()
    grade = State.FAILURE if age_s >= OFFLINE_FAIL_S else State.WARNING
    return (Outcome(grade, {"hours": age_s // 3_600}),)


def _printer(facts: Facts) -> tuple[Outcome, ...]:
    printer = facts.printer
    if printer is None or (printer.state is None and not printer.problem):
        return skipped()
    if printer.state is None:
        return (failure(url=printer.url, reason=printer.problem, detail=""),)
    if printer.state in PRINTER_WELL:
        return well(printer.url.partition("?")[0])
    if printer.state == "unknown":  # A one-way cable: it prints, and never says how it is.
        return well("?")
    return (failure(url=printer.url, reason=Word(f"printer.{printer.state}"), detail=printer.problem),)


DEVICES: Final = (
    Check("D-201", _plugged),
    Check("D-202", _permitted),
    Check("D-203", _free),
    Check("D-204", _modem),
    Check("D-205", _online),
    Check("D-206", _reached),
    Check("D-301", _answers),
    Check("D-302", _able),
    Check("D-303", _paper),
    Check("D-304", _waits),
    Check("D-305", _shift),
    Check("D-306", _register_clock),
    Check("D-307", _operator),
    Check("D-401", _printer),
)
