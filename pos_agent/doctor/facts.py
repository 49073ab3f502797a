"""What doctor knows of a till when it judges. Values only; pos_agent/doctor/gather.py fills them in.

None is "not known" or "does not apply", never "well".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pos_agent.config import Config


@dataclass(frozen=True, slots=True)
class User:
    """As whom the agent runs: permissions are judged for this user, whoever asks."""

    name: str
    uid: int
    groups: frozenset[int]

    @property
    def is_root(self) -> bool:
        return self.uid == 0


@dataclass(frozen=True, slots=True)
class ConfigFacts:
    path: str  # Where it lies, or should.
    exists: bool
    mistakes: tuple[str, ...] = ()  # One line each, with its place.
    warnings: tuple[str, ...] = ()
    config: Config | None = None
    unseen: bool = False  # It is there, and who asks may not read it.


@dataclass(frozen=True, slots=True)
class SecretFacts:
    key: str  # "sync.token"
    reference: str
    reason: str = ""  # Why it cannot be read from here; empty: it can.
    path: str = ""  # Of a file.
    mode: int | None = None  # Permission bits of the file.
    readable_by_agent: bool | None = None
    unseen: bool = False  # The agent may read it or not: who asks may not even look.


@dataclass(frozen=True, slots=True)
class MachineFacts:
    utc_offset_s: int | None = None
    ntp_synchronised: bool | None = None
    sqlite: tuple[int, ...] = ()
    sqlite_is_sound: bool = True
    systemd: bool = False
    unit: Mapping[str, str] = field(default_factory=dict)  # Properties of the systemd unit; empty: there is none.
    modem_manager: bool = False
    scanner_rule: bool = False  # The udev rule of deploy/udev is installed.
    other_version: tuple[str, ...] = ()  # Files of `service install` that this version would write otherwise.


@dataclass(frozen=True, slots=True)
class FolderFacts:
    path: str
    exists: bool
    writable_by_agent: bool | None = None
    read_only: bool = False  # Mounted so.
    free_bytes: int | None = None
    network: str = ""  # Kind of a network file system it lies on: "nfs4", "cifs".


@dataclass(frozen=True, slots=True)
class JournalFacts:
    exists: bool = False
    problem: str = ""  # Why it cannot be read, or what is wrong with its end.
    till: str = ""  # Whose it is.
    rows: int = 0
    checked_rows: int = 0
    unsent: int = 0
    unsent_oldest_ns: int | None = None
    set_aside: tuple[tuple[int, str], ...] = ()
    undecided: tuple[str, ...] = ()  # Keys of documents.


@dataclass(frozen=True, slots=True)
class CacheFacts:
    exists: bool = False
    problem: str = ""
    products: int = 0
    codes: int = 0
    codes_newest_ns: int | None = None


class PortState(StrEnum):
    FREE = "free"
    OURS = "ours"
    OTHER = "other"  # Another program, or an agent that is not this till's.


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """The running agent, as far as it can be told from outside and over its API."""

    running: bool = False  # Somebody holds the journal.
    pid: int | None = None
    port: PortState = PortState.FREE
    port_holder: str = ""  # Program that listens where the API should.
    status: Mapping[str, Any] | None = None  # Answer of /v1/status.
    silence: str = ""  # Why a running agent could not be asked.


@dataclass(frozen=True, slots=True)
class ScannerFacts:
    name: str
    url: str
    port: str = ""  # Node it has today.
    missing: bool = False
    group: str = ""  # Group that would let the agent's user open it.
    permitted: bool | None = None
    holders: tuple[str, ...] = ()  # Programs that have it open, the agent itself left out.
    unreachable: str = ""  # Of a scanner in the network: why.


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    url: str
    looked: bool = False  # Somebody asked it, and `status` says what came of it.
    status: Mapping[str, Any] = field(default_factory=dict)  # As pos_agent/register_watch.py gives it.
    problem: str = ""  # Why it could not be asked at all.
    unmet: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PrinterFacts:
    url: str
    state: str | None = None  # Of fiscal/escpos/outcome.py; None: nothing is known.
    problem: str = ""


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """One server that the agent needs."""

    name: str  # "ismpt", "hq", "register": what it is for.
    host: str
    port: int
    tls: bool
    unresolved: str = ""  # Why the name has no address.
    unreachable: str = ""  # Why there is no connection, or no trusted one.
    expires_ns: int | None = None  # End of its certificate.
    ahead_s: float | None = None  # By how much its clock is ahead of this machine's.
    refused: str = ""  # Why it does not take our login.
    logged_in: bool | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    now_ns: int  # UTC, of this machine.
    config: ConfigFacts
    user: User | None = None
    machine: MachineFacts = MachineFacts()
    secrets: tuple[SecretFacts, ...] = ()
    folder: FolderFacts | None = None
    journal: JournalFacts = JournalFacts()
    cache: CacheFacts = CacheFacts()
    agent: AgentFacts = AgentFacts()
    scanners: tuple[ScannerFacts, ...] = ()
    register: RegisterFacts | None = None
    printer: PrinterFacts | None = None
    endpoints: tuple[EndpointFacts, ...] = ()
    unseen: tuple[str, ...] = ()  # Places that who asks may not look into: nothing is said of what lies there.

    @property
    def settings(self) -> Config:
        """The configuration; only checks that need none run without."""
        assert self.config.config is not None  # noqa: S101 - doctor asks first
        return self.config.config
