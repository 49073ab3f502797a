"""What a Shtrih-M register shows when it is asked. Changes nothing. Every call may raise Silence."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from fiscal.device.family import Silence
from fiscal.device.looks import Look, OpenDocument
from fiscal.documents import Waiting
from fiscal.failures import Failure, FailureKind
from fiscal.shtrih import answers, counters, states
from fiscal.shtrih.answers import FullState, OfdQueue, ShiftNumbers, State, Storage, StoredDocument
from fiscal.shtrih.commands import table_field
from fiscal.shtrih.models import Model
from fiscal.shtrih.settings import Settings
from fiscal.shtrih.talk import Talk

STEADY_MAX = 3  # Readings until two states in a row agree.
STORAGE_TABLE = 18
SHIFT_OPENING = 2  # Type of a document in FF0A.
RECEIPT_FORMING = 4  # Current document of FF01.
OPENINGS_BACK = 4  # Documents before the shift's receipts that may be its opening.
BLOCKS_MAX = 400  # Of one document read by FF3B.
RECEIPT_TAG, SHIFT_TAG = 1042, 1038  # Number in the shift, number of the shift.


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same while one register is on the line."""

    serial: str
    storage: str  # Number of the fiscal storage; "" where there is none.
    registration: str
    sensors: states.Sensors

    @property
    def name(self) -> str:
        return f"{self.serial}/{self.storage}" if self.storage else self.serial


@dataclass(frozen=True, slots=True)
class Owner:
    """What a register with a storage knows of the shop: fields of table 18. Empty where it does not tell."""

    registration: str = ""
    taxpayer: str = ""
    taxpayer_xin: str = ""
    address: str = ""
    ofd_name: str = ""
    ofd_host: str = ""


OWNER_FIELDS = {
    "registration": 3, "taxpayer": 7, "taxpayer_xin": 2, "address": 9, "ofd_name": 10, "ofd_host": 11,
}  # fmt: skip


class Reader:
    def __init__(self, talk: Talk, settings: Settings, model: Model) -> None:
        self._talk = talk
        self._settings = settings
        self._model = model
        self._money = counters.MONEY | counters.payment_registers(settings.payment_types.values())
        self._openings: dict[tuple[str, int], str | None] = {}  # (storage, shift) -> when it was opened.
        self.last_flags = states.MONEY_TWO_DECIMALS

    def identity(self) -> Identity:
        """Who is on the line. Silence(CONFIGURATION) when it is not the register the set-up names."""
        full = self._full()
        long = self._talk.read_or_none("0F", answers.long_numbers) if self._model.long_numbers else None
        number = long.serial if long is not None and long.serial is not None else full.serial
        serial = "" if number is None else f"{number:08}"
        wanted = self._settings.device.identity
        if wanted is not None and serial.lstrip("0") != wanted.lstrip("0"):
            failure = Failure(FailureKind.CONFIGURATION, "identity", f"register {serial} answers, not {wanted}")
            raise Silence(failure, sent=False)
        bits = self._talk.told("F7", answers.parameter_bits, b"\x01") if self._model.parameters else None
        sensors = states.Sensors() if bits is None else states.Sensors.of_parameters(bits)
        registration = "" if long is None or long.registration is None else str(long.registration)
        storage = self._talk.read("FF01", answers.storage).number if self._model.storage else ""
        return Identity(serial, storage, registration, sensors)

    def look(self, identity: Identity) -> Look:
        """State and counters; the state alone while it prints, waits to be told to go on, or for a person."""
        for _ in range(STEADY_MAX):
            full = self._full()
            if states.waiting(full.state) in (Waiting.PRINTING, Waiting.CONTINUE, Waiting.PERSON):
                return self._shown(identity, full, _state_counters(full), None)
            storage = self._talk.read("FF01", answers.storage) if self._model.storage else None
            found = self._counters(full, storage)
            # What was read in between belongs together only if nobody made a document meanwhile.
            if _moving(self._full()) == _moving(full):
                return self._shown(identity, full, found, storage)
        failure = Failure(FailureKind.UNAVAILABLE, "unsteady", "its counters move while they are read")
        raise Silence(failure, sent=False)

    def state(self) -> State:
        """The short state: enough to wait by."""
        return self._talk.read("10", answers.short_state)

    def full(self) -> FullState:
        return self._full()

    def totals(self) -> dict[str, int]:
        """The counters alone, whatever the register is doing."""
        full = self._full()
        storage = self._talk.read("FF01", answers.storage) if self._model.storage else None
        return self._counters(full, storage)

    def stored(self, fd: int) -> StoredDocument | None:
        """A document of the fiscal storage; None when it is not there."""
        return self._talk.read_or_none("FF0A", answers.stored_document, fd.to_bytes(4, "little"))

    def holds(self, fd: int) -> bool:
        """Whether the storage has a document of this number."""
        return self._told(fd) is not None

    def shift_numbers(self) -> ShiftNumbers:
        return self._talk.read("FF40", answers.shift_numbers)

    def last_fd(self) -> int:
        return self._talk.read("FF01", answers.storage).last_fd

    def counted(self, *names: str) -> dict[str, int]:
        """Some of the operational registers."""
        return {name: self._operational(name) for name in names}

    def drawer(self) -> int:
        """Cash in tiyn."""
        return self._register(counters.MONEY["drawer"])

    def numbers_of(self, fd: int) -> tuple[int | None, int | None]:
        """Receipt number and shift of a document, from its own record (FF3A, FF3B)."""
        found: dict[int, int] = {}
        if self._talk.told("FF3A", bytes, fd.to_bytes(4, "little")) is not None:
            for _ in range(BLOCKS_MAX):
                block = self._talk.told("FF3B", bytes)
                if not block:
                    break
                for tag, value in records(block):
                    if tag in (RECEIPT_TAG, SHIFT_TAG):
                        found[tag] = int.from_bytes(value, "little")
                if len(found) == 2:
                    break
        return found.get(RECEIPT_TAG), found.get(SHIFT_TAG)

    def owner(self) -> Owner:
        return Owner(**{name: self._table_text(field) for name, field in OWNER_FIELDS.items()})

    def clock_text(self, moment: dt.datetime | None) -> str | None:
        """The register's clock names no zone: the set-up does."""
        return None if moment is None else moment.replace(tzinfo=self._zone()).isoformat()

    def _zone(self) -> dt.timezone:
        return dt.timezone(self._settings.device.utc_offset)

    def _table_text(self, field: int) -> str:
        text = self._talk.told("1F", bytes, table_field(STORAGE_TABLE, 1, field))
        return "" if text is None else text.split(b"\0")[0].decode("cp1251", "replace").strip()

    def _full(self) -> FullState:
        full = self._talk.read("11", answers.full_state)
        self.last_flags = full.state.flags
        return full

    def _counters(self, full: FullState, storage: Storage | None) -> dict[str, int]:
        found = _state_counters(full) | self.counted(*counters.OPERATIONAL)
        found |= {name: self._register(register) for name, register in self._money.items()}
        if storage is not None:
            shift = self.shift_numbers()
            found |= {"fd": storage.last_fd, "storage_shift": shift.shift, "receipt": shift.receipt}
        if self._talk.wire.num is not None:
            found["num"] = self._talk.wire.num
        return found

    def _operational(self, name: str) -> int:
        return self._talk.read("1B", _two_bytes, bytes((counters.OPERATIONAL[name],)))

    def _register(self, register: int) -> int:
        return self._talk.read("1A", _six_bytes, bytes((register,))) * self._settings.unit

    def _told(self, fd: int) -> StoredDocument | None:
        return self._talk.told("FF0A", answers.stored_document, fd.to_bytes(4, "little"))

    def _shown(self, identity: Identity, full: FullState, found: dict[str, int], storage: Storage | None) -> Look:
        state, open_ = full.state, states.shift_open(full)
        waiting = states.waiting(state)
        shift = found.get("storage_shift", full.last_shift + (1 if open_ else 0))
        queue = self._queue() if storage is not None else None
        return Look(
            identity=identity.name if storage is None else replace(identity, storage=storage.number).name,
            shift=shift,
            shift_open=open_,
            counters=found,
            waiting=waiting,
            document=_document(state, storage),
            shift_expired=states.shift_expired(full),
            memory_lost=states.mode(state) == states.ZEROED,
            paper=states.paper(state, identity.sensors),
            cover_open=states.cover_open(state, identity.sensors),
            clock_at=self.clock_text(full.clock),
            shift_opened_at=self._opened_at(storage, found) if open_ else None,
            offline_since=self.clock_text(queue.first_at) if queue is not None and queue.waiting else None,
            unsent=None if queue is None else queue.waiting,
            document_count=_count(found),
            person=states.PERSON_MODES.get(states.mode(state), ""),
            firmware=full.firmware,
        )

    def _queue(self) -> OfdQueue | None:
        queue = self._talk.told("FF39", answers.ofd_queue)
        if queue is not None:
            return queue
        count = self._talk.told("FF3F", answers.unconfirmed)
        return None if count is None else OfdQueue(count, 0, None)

    def _opened_at(self, storage: Storage | None, found: dict[str, int]) -> str | None:
        """When the open shift was opened: its opening stands just before its receipts."""
        if storage is None:
            return None
        key = (storage.number, found["storage_shift"])
        if key not in self._openings:
            first = storage.last_fd - found["receipt"]
            candidates = (self._told(fd) for fd in range(first, max(first - OPENINGS_BACK, 0), -1))
            opening = next((one for one in candidates if one is not None and one.type == SHIFT_OPENING), None)
            self._openings = {key: self.clock_text(opening.at) if opening is not None else None}
        return self._openings[key]


def _two_bytes(body: bytes) -> int:
    return answers.register_value(body, 2)


def _six_bytes(body: bytes) -> int:
    return answers.register_value(body, 6)


def _state_counters(full: FullState) -> dict[str, int]:
    return {"document": full.document, "shift_closed": full.last_shift}


def _count(found: dict[str, int]) -> int | None:
    """Receipts of the shift."""
    if "receipt" in found:
        return found["receipt"]
    return found["sales"] + found["sale_returns"] if "sales" in found else None


def _moving(full: FullState) -> tuple[int, ...]:
    return full.state.mode, full.state.submode, full.document, full.last_shift


def _document(state: State, storage: Storage | None) -> OpenDocument | None:
    """By the mode, or by the storage alone when it is left with a document that the register has forgotten."""
    found = states.document(state)
    if found is None and storage is not None and storage.document == RECEIPT_FORMING:
        return OpenDocument("")
    return found


def records(block: bytes) -> list[tuple[int, bytes]]:
    """(tag, value) of the records in a block, tag and length of two bytes each. One that is cut short is left out."""
    found, at = [], 0
    while at + 4 <= len(block):
        tag, size = int.from_bytes(block[at : at + 2], "little"), int.from_bytes(block[at + 2 : at + 4], "little")
        value = block[at + 4 : at + 4 + size]
        if len(value) < size:
            break
        found.append((tag, value))
        at += 4 + size
    return found
