"""How the register was when last looked at, in the words of the strip."""

from __future__ import annotations

import threading
from typing import Any

from fiscal.register import Failure, FailureKind, Paper, RegisterStatus, Waiting
from pos_agent.register_watch import RegisterWatch, Seen, facts_of

NINE_OCLOCK_NS = 1_784_088_000 * 1_000_000_000  # 15.07.2026 09:00:00 in Almaty.


def test_a_look_is_kept_with_its_time(register: Any) -> None:
    watch = RegisterWatch(register, lambda: NINE_OCLOCK_NS, 60)
    assert watch.facts() is None
    watch.look()
    facts = watch.facts()
    assert facts is not None and facts["reachable"] is True and facts["shift"] == 1
    assert facts["at"] == "2026-07-15T04:00:00.000000Z"


def test_who_asks_during_a_look_gets_the_look_before_and_does_not_wait(register: Any) -> None:
    watch = RegisterWatch(register, lambda: NINE_OCLOCK_NS, 60)
    before = watch.look()
    original, met = register.status, list[object]()

    def status() -> RegisterStatus:
        register.status = original
        asker = threading.Thread(target=lambda: met.append(watch.look()))
        asker.start()
        asker.join(30)
        return original()  # type: ignore[no-any-return]

    register.status = status
    after = watch.look()
    assert met == [before] and after is not before and watch.last is after


def test_ages_and_the_clock_are_told_in_seconds() -> None:
    status = RegisterStatus(
        True, 7, True, "2026-07-14T21:00:00+05:00", True, offline_since="2026-07-15T08:59:00+05:00", unsent=3,
        paper=Paper.LOW, cover_open=False, clock_at="2026-07-15T09:02:05+05:00", waits_for=Waiting.CONTINUE,
    )  # fmt: skip
    facts = facts_of(Seen(NINE_OCLOCK_NS, status))
    assert (facts["shift_age_s"], facts["offline_age_s"], facts["clock_skew_s"]) == (43_200, 60, 125)
    assert (facts["paper"], facts["waits_for"], facts["unsent"]) == ("low", "continue", 3)


def test_what_the_register_does_not_tell_is_never_all_well() -> None:
    failure = Failure(FailureKind.UNAVAILABLE, "connect", "no link")
    facts = facts_of(Seen(NINE_OCLOCK_NS, RegisterStatus(False, failure=failure, clock_at="yesterday")))
    assert facts["failure"] == {"kind": "unavailable", "code": "connect", "text": "no link"}
    unknown = ("shift", "shift_open", "shift_age_s", "offline", "offline_age_s", "cover_open", "clock_skew_s")
    assert {facts[name] for name in unknown} == {None}
    assert (facts["paper"], facts["waits_for"]) == ("unknown", None)
