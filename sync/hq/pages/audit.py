"""The audit trail: every change and every export.

Written in the transaction of the change itself; where another room changes its own tables (documents, alarms), which
keep the name of the person too, right after it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import Connection, insert

from sync.hq.pages.tables import audit

ACTS = (
    "signed-in",
    "sign-in-refused",
    "signed-out",
    "owner",
    "note",
    "resolved",
    "reopened",
    "exported",
    "alarm-cleared",
    "document-prepared",
    "document-approved",
    "document-cancelled",
    "document-decided",
    "account-created",
    "account-changed",
    "password-changed",
)


def write(
    db: Connection,
    now_ns: int,
    who: str,
    address: str,
    what: str,
    thing: str,
    detail: Mapping[str, object] | None = None,
) -> None:
    """`what` is one of ACTS; another is a mistake of ours."""
    if what not in ACTS:
        raise ValueError(f"{what!r} is not an act of the audit trail")
    text = json.dumps(detail or {}, ensure_ascii=False, sort_keys=True)
    db.execute(insert(audit).values(at_ns=now_ns, who=who, address=address, what=what, object=thing, detail=text))
