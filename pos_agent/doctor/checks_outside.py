"""Checks of servers, goods, and of what waits in the journal. Pure."""

from __future__ import annotations

from typing import Final

from marking.groups import standard
from marking.policy import PolicyError, policy_from
from pos_agent.clock import NS_PER_S
from pos_agent.doctor.facts import EndpointFacts, Facts
from pos_agent.doctor.verdict import Check, Outcome, State, Word, failure, skipped, warning, well

CERTIFICATE_WARN_S: Final = 14 * 86_400
UNSENT_WARN_S: Final = 3_600
UNSENT_FAIL_S: Final = 86_400
HOUR_S: Final = 3_600
DAY_S: Final = 86_400


def _named(endpoint: EndpointFacts, **more: object) -> dict[str, object]:
    return {"server": Word(f"server.{endpoint.name}"), "host": endpoint.host, "port": endpoint.port, **more}


def _resolved(facts: Facts) -> tuple[Outcome, ...]:
    if not facts.endpoints:
        return skipped()
    bad = tuple(failure(**_named(one, reason=one.unresolved)) for one in facts.endpoints if one.unresolved)
    return bad or well(", ".join(one.host for one in facts.endpoints))


def _reachable(facts: Facts) -> tuple[Outcome, ...]:
    tried = [one for one in facts.endpoints if not one.unresolved]
    if not tried:
        return skipped()
    bad = tuple(failure(**_named(one, reason=one.unreachable)) for one in tried if one.unreachable)
    return bad or well(len(tried))


def _certificate(facts: Facts) -> tuple[Outcome, ...]:
    dated = [(one, one.expires_ns) for one in facts.endpoints if one.expires_ns is not None]
    if not dated:
        return skipped()
    left = [(one, (expires_ns - facts.now_ns) // NS_PER_S) for one, expires_ns in dated]
    bad = tuple(warning(**_named(one, days=left_s // DAY_S)) for one, left_s in left if left_s < CERTIFICATE_WARN_S)
    return bad or well(min(left_s for _, left_s in left) // DAY_S)


def _login(facts: Facts) -> tuple[Outcome, ...]:
    asked = [one for one in facts.endpoints if one.logged_in is not None]
    if not asked:
        return skipped()
    bad = tuple(failure(**_named(one, reason=one.refused)) for one in asked if not one.logged_in)
    return bad or well(len(asked))


def _cache(facts: Facts) -> tuple[Outcome, ...]:
    cache = facts.cache
    if not cache.exists:
        return skipped()
    return (failure(problem=cache.problem),) if cache.problem else well()


def _goods(facts: Facts) -> tuple[Outcome, ...]:
    if facts.cache.problem or facts.unseen:
        return skipped()
    return well(facts.cache.products) if facts.cache.products else (failure(),)


def _codes(facts: Facts) -> tuple[Outcome, ...]:
    """Statuses the till learnt by itself count as well: the newest word of the registry is what ages."""
    cache = facts.cache
    if cache.problem or not cache.products:
        return skipped()
    limit, asked_after = _ages(facts)
    if cache.codes_newest_ns is None:
        return skipped()
    age_h = max(0, facts.now_ns - cache.codes_newest_ns) // (HOUR_S * NS_PER_S)
    if age_h >= limit:
        return (failure(hours=age_h, limit=limit),)
    if age_h >= asked_after and not facts.settings.ismpt.url:
        return (warning(hours=age_h, limit=limit),)
    return well(f"{age_h} h")


def _ages(facts: Facts) -> tuple[float, float]:
    """Hours a cached status is trusted without a link, and after which the registry would be asked again."""
    try:
        values = policy_from(facts.settings.policy, standard()).values
    except PolicyError:  # D-102 tells of it; until it is mended the defaults are as good as any.
        values = policy_from({}, standard()).values
    return values["offline.max_age_h"], values["cache.max_age_h"]


def _known(facts: Facts) -> tuple[Outcome, ...]:
    """Without a list each code is asked about; with nobody to ask nothing is known of any."""
    cache = facts.cache
    if cache.problem or not cache.products or facts.settings.ismpt.url:
        return skipped()
    return well(cache.codes) if cache.codes else (warning(),)


def _unsent(facts: Facts) -> tuple[Outcome, ...]:
    journal = facts.journal
    if not facts.settings.sync.url or not journal.exists or journal.problem:
        return skipped()
    if journal.unsent_oldest_ns is None:
        return well(0)
    age_s = max(0, facts.now_ns - journal.unsent_oldest_ns) // NS_PER_S
    if age_s < UNSENT_WARN_S:
        return well(journal.unsent)
    grade = State.FAILURE if age_s >= UNSENT_FAIL_S else State.WARNING
    return (Outcome(grade, {"rows": journal.unsent, "hours": age_s // HOUR_S}),)


def _set_aside(facts: Facts) -> tuple[Outcome, ...]:
    journal = facts.journal
    if not journal.exists or journal.problem:
        return skipped()
    if not journal.set_aside:
        return well()
    number, reason = journal.set_aside[0]
    return (warning(rows=len(journal.set_aside), number=number, reason=reason),)


def _undecided(facts: Facts) -> tuple[Outcome, ...]:
    journal = facts.journal
    if not journal.exists or journal.problem:
        return skipped()
    if not journal.undecided:
        return well()
    grade = warning if facts.agent.running else failure
    return (grade(documents=len(journal.undecided), key=journal.undecided[0]),)


OUTSIDE: Final = (
    Check("D-501", _resolved),
    Check("D-502", _reachable),
    Check("D-503", _certificate),
    Check("D-504", _login),
    Check("D-601", _goods),
    Check("D-602", _codes),
    Check("D-603", _cache),
    Check("D-604", _unsent),
    Check("D-605", _set_aside),
    Check("D-606", _undecided),
    Check("D-607", _known),
)
