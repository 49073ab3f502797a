"""import_export: the codes a company owns, as the registry exports them; ordered here, or a file a person fetched.

Resumable at each step: the order's number, the fetched file and the row are noted as soon as they are there. An order
that expires or fails is made again, ORDERS_MAX times in one run.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine

from marking.statuses import Status, neutral
from sync.hq.imports.csv_rows import FileRefused
from sync.hq.imports.ismpt_link import ExportGone, ExportLink, ExportTrouble
from sync.hq.imports.ledger import (
    Counts,
    Imported,
    Kind,
    Ledger,
    ProgressTold,
    State,
    digest_of,
    progress_of,
    source_of,
)
from sync.hq.imports.records import Broken, Ended, Records, standing_of
from sync.hq.imports.remarks import Remark
from sync.hq.imports.sheet import look
from sync.hq.imports.standings import land_standings
from sync.hq.imports.values import Trouble
from sync.hq.imports.webkassa_rows import text_of
from sync.hq.lake.layout import Lake
from sync.hq.witness import Standing

CHUNK_ROWS = 20_000
ORDERS_MAX = 3
POLLS_S = (2.0, 5.0, 15.0, 60.0)  # Pauses between questions; the last one repeats.
WAIT_S = 3600.0  # For one order.
NS_PER_US = 1000
UNPACKED_BYTES_MAX = 64 * 1024**3
_BLOCK = 1024 * 1024


def import_export(
    link: ExportLink,
    gtin: str,
    *,
    engine: Engine,
    lake: Lake,
    now: Callable[[], int],
    sleep: Callable[[float], None],
    folder: Path,
    statuses: Sequence[str] = (),
    progress: ProgressTold | None = None,
) -> Imported:
    """Order, wait, fetch into `folder`, read; or go on with an earlier run that did not end.

    Whatever the registry does not give stops the import with the reason in `trouble`. Raises ImportBusy, OSError.
    """
    ledger = Ledger(engine, now)
    at = ledger.begin(
        Kind.REGISTRY_EXPORT, f"export of {gtin}", digest_of(link.url, gtin, *sorted(statuses)), anew=True
    )
    path = folder / f"{source_of(at.id)}.zip"
    if "observed" not in at.position:
        try:
            at = _fetched(link, ledger, at, gtin, statuses, path, now, sleep)
        except ExportTrouble as error:
            newest = ledger.begin(Kind.REGISTRY_EXPORT, at.name, digest_of(link.url, gtin, *sorted(statuses)))
            return ledger.advance(newest, newest.position, Counts(), state=State.STOPPED, trouble=str(error))
    try:
        at = _read(ledger, lake, at, path, progress)
    except FileRefused as error:
        # What was fetched is no use: the next run orders anew.
        path.unlink(missing_ok=True)
        newest = ledger.begin(Kind.REGISTRY_EXPORT, at.name, digest_of(link.url, gtin, *sorted(statuses)))
        return ledger.advance(newest, {"again": newest.rows_read}, Counts(), state=State.STOPPED, trouble=str(error))
    path.unlink(missing_ok=True)
    return at


def import_export_file(
    path: Path, *, engine: Engine, lake: Lake, now: Callable[[], int], progress: ProgressTold | None = None
) -> Imported:
    """An export that a person fetched from the cabinet: ZIP with one JSON, or the JSON. Raises ImportBusy, OSError."""
    ledger = Ledger(engine, now)
    looked = look(path)
    at = ledger.begin(Kind.REGISTRY_EXPORT, path.name, looked.sha256)
    if at.known:
        return at
    try:
        if "observed" not in at.position:
            at = ledger.advance(at, {"observed": now() // NS_PER_US, "row": 0}, Counts())
        return _read(ledger, lake, at, path, progress)
    except FileRefused as error:
        newest = ledger.begin(Kind.REGISTRY_EXPORT, path.name, looked.sha256)
        return ledger.advance(newest, newest.position, Counts(), state=State.STOPPED, trouble=str(error))


def _fetched(
    link: ExportLink,
    ledger: Ledger,
    at: Imported,
    gtin: str,
    statuses: Sequence[str],
    path: Path,
    now: Callable[[], int],
    sleep: Callable[[float], None],
) -> Imported:
    """Raises ExportTrouble."""
    trouble = ""
    for _ in range(ORDERS_MAX):
        number = str(at.position.get("order", ""))
        if not number:
            number = link.order(gtin, statuses)
            at = ledger.advance(at, {"order": number}, Counts())
        trouble = _awaited(link, number, path, sleep)
        if not trouble:
            return ledger.advance(at, {"order": number, "observed": now() // NS_PER_US, "row": 0}, Counts())
        at = ledger.advance(at, {"given_up": number}, Counts())
    raise ExportTrouble(f"{ORDERS_MAX} orders, the last one {trouble}")


def _awaited(link: ExportLink, number: str, path: Path, sleep: Callable[[float], None]) -> str:
    """Why this order is over; "" when its file is there. Raises ExportTrouble."""
    waited_s, turn = 0.0, 0
    while waited_s < WAIT_S:
        try:
            state = link.state(number)
            if state == "SUCCESS":
                link.fetch(number, path)
                return ""
        except ExportGone:
            return "is gone"
        if state in ("EXPIRED", "ERROR"):
            return state
        pause_s = POLLS_S[min(turn, len(POLLS_S) - 1)]
        sleep(pause_s)
        waited_s, turn = waited_s + pause_s, turn + 1
    raise ExportTrouble(f"the export is not ready after {WAIT_S:g} s; it is asked after again next time")


def _read(ledger: Ledger, lake: Lake, at: Imported, path: Path, progress: ProgressTold | None) -> Imported:
    """Raises FileRefused."""
    observed, done = int(at.position["observed"]), int(at.position.get("row", 0))
    source = source_of(at.id)
    rows: list[Standing] = []
    remarks: list[Remark] = []
    read = done

    def landed(*, ended: bool) -> Imported:
        name = f"{source}-{done:012}"
        doubts = land_standings(lake, rows, name)
        refused = sum(1 for remark in remarks if not remark.taken)
        counts = Counts(read - done, len(rows), 0, refused)
        state = State.DONE if ended else State.RUNNING
        position = {**at.position, "row": read, "ended": ended}
        moved = ledger.advance(at, position, counts, [*remarks, *doubts], state=state, share=0.5)
        if progress is not None:
            progress(progress_of(moved, 1.0 if ended else 0.5))
        return moved

    with _opened(path) as stream:
        for number, value in enumerate(_values(stream), 1):
            if number <= done:
                continue
            read = number
            try:
                standing, doubt = standing_of(value, observed_at=observed, source=source, row=number, neutral=_neutral)
            except Trouble as trouble:
                detail = f"{trouble.text}: {trouble.value!r}"
                remarks.append(Remark(number, trouble.reason, detail, trouble.column, text_of(value)))
            else:
                rows.append(standing)
                if doubt:
                    remarks.append(Remark(number, doubt, standing.ki, "code", text_of(value), taken=True))
            if read - done >= CHUNK_ROWS:
                at = landed(ended=False)
                done, rows, remarks = read, [], []
        return landed(ended=True)


def _neutral(word: str) -> Status:
    return neutral(word)


def _values(stream: BinaryIO) -> Iterator[object]:
    """Raises FileRefused for an export that breaks off: what was whole has been given out before."""
    records = Records()
    unpacked = 0
    while True:
        event = records.next_event()
        if event is None:
            try:
                block = stream.read(_BLOCK)
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise FileRefused(f"the archive is damaged: {error}") from error
            unpacked += len(block)
            if unpacked > UNPACKED_BYTES_MAX:
                raise FileRefused(f"the export unfolds to more than {UNPACKED_BYTES_MAX} bytes")
            records.receive(block)
        elif isinstance(event, Ended):
            return
        elif isinstance(event, Broken):
            raise FileRefused(f"the export is damaged: {event.text}")
        else:
            yield event.value


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        head = file.read(4)
    if head != b"PK\x03\x04":
        with path.open("rb") as file:
            yield file
        return
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".json")]
            if len(names) != 1:
                raise FileRefused(f"the archive holds {len(names)} JSON files, not one")
            with archive.open(names[0]) as stream:
                yield stream  # type: ignore[misc]  # IO[bytes] reads as BinaryIO does.
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise FileRefused(f"the archive is damaged: {error}") from error
