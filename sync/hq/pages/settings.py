"""What the pages are told at start. Durations end in `_s`."""

from __future__ import annotations

from dataclasses import dataclass, field

from sync.hq.fleet.standing import Thresholds

LANGUAGES = ("ru", "kk", "en")


@dataclass(frozen=True, slots=True)
class PagesSettings:
    """The pages stand at the root of their host; `hosts` and `origins` are the only names they answer to."""

    chain: str  # Name of the chain, shown on every page.
    hosts: frozenset[str]  # As browsers send them, with the port where it is not the usual one.
    secure: bool  # Served over TLS: cookies are Secure, and browsers are told to stay with TLS.
    language: str = "ru"  # Before a person signs in and chooses.
    session_s: int = 12 * 3600
    idle_s: int = 3600
    scrypt_cost: int = 15  # Binary logarithm of N; 15 with r = 8, p = 3 is one of OWASP's equal choices.
    failures_max: int = 5  # Of one name, or ten times as many of one address, within `failures_s`.
    failures_s: int = 900
    four_eyes: bool = False  # Who prepared a document may not approve it.
    refresh_s: int = 30  # The fleet page looks again this often.
    # Red after ten minutes of silence; amber after three heartbeats missed, as everywhere.
    thresholds: Thresholds = field(default_factory=lambda: Thresholds(silent_s=600.0))

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(f"language {self.language!r}: one of {', '.join(LANGUAGES)}")

    @property
    def origins(self) -> frozenset[str]:
        scheme = "https" if self.secure else "http"
        return frozenset(f"{scheme}://{host}" for host in self.hosts)
