"""An export of IS MPT as a person fetches it from the cabinet: a ZIP with one JSON of full records.

Source: description of the IS MPT API, role "user", xTrace 1.0 of 31.10.2025 (MarkSolutions), full look-up and exports.
"""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path
from typing import Any

from sync.hq.demo.numbering import RAW, Registry
from sync.hq.witness import UnitStatus

_ZIP_TIME = (2026, 1, 1, 0, 0, 0)  # Fixed: the same seed gives the same file.


def write_export(registry: Registry, path: Path, at: int) -> Path:
    """What the registry has at a moment, in UTC seconds."""
    records = [_record(registry, ki, at) for ki in sorted(registry.units) if not registry.units[ki].unknown]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("export.json", _ZIP_TIME), json.dumps({"results": records}))
    return path


def _record(registry: Registry, ki: str, at: int) -> dict[str, Any]:
    one, stand = registry.units[ki], registry.stand(ki, at)
    gone = stand.status in (UnitStatus.WITHDRAWN, UnitStatus.WRITTEN_OFF)
    return {
        "codeData": {"code": ki, "status": RAW[stand.status]},
        "productData": {"gtin": one.good.gtin, "expirationDate": _moment(one.expires_at)},
        "turnoverData": {"withdrawalDate": _moment(stand.since) if gone else None},
    }


def _moment(at: int) -> str | None:
    return None if not at else dt.datetime.fromtimestamp(at, dt.UTC).isoformat().replace("+00:00", "Z")
