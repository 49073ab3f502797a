"""Whether this till can sell right now: what `/-/ready` says. Asks no device."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pos_agent.agent import Agent


@dataclass(frozen=True, slots=True)
class Readiness:
    """Each part is true where nothing stands in the way of the next sale."""

    journal: bool  # It can be written.
    register: bool  # It answered when it was last looked at (`register.look_every_s` 0: nobody looks, and it counts).
    shift: bool  # The register said whether its shift is open, or the till has one open itself.
    documents: bool  # None is undecided: while one is, the register takes no other sale.

    @property
    def ready(self) -> bool:
        return self.journal and self.register and self.shift and self.documents

    def facts(self) -> dict[str, bool]:
        return {"ready": self.ready, **asdict(self)}


def readiness(agent: Agent) -> Readiness:
    """Raises JournalUnusable when the journal cannot be read."""
    watch = agent.register_watch
    seen = watch.last
    nobody_looks = seen is None and watch.every_s == 0
    return Readiness(
        journal=not agent.journal.is_broken,
        register=nobody_looks or (seen is not None and seen.status.reachable),
        shift=nobody_looks
        or agent.till.open_shift() is not None
        or (seen is not None and seen.status.shift_open is not None),
        documents=not agent.till.undecided(),
    )
