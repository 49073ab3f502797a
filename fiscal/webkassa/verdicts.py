"""A found or answered document -> outcome of the port: compared with the order before it counts as done. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fiscal.https.fields import AnswerMalformed
from fiscal.register import Done, Failure, FailureKind, Prepared, Unknown
from fiscal.webkassa.documents import FoundCash, FoundReceipt, Seen, contradiction, fiscal_document
from fiscal.webkassa.settings import Settings


def answered(
    seen: Seen, prepared: Prepared, settings: Settings, raw: Mapping[str, Any], recovered: bool
) -> Done | Unknown:
    """A receipt in the answer to our own request. Its sum is compared where it tells one."""
    if (against := contradiction(seen, prepared, settings)) is not None:
        return Unknown(against)
    try:
        return Done(fiscal_document(seen, prepared, settings, raw), recovered=recovered)
    except AnswerMalformed as malformed:
        return Unknown(Failure(FailureKind.NO_ANSWER, "answer", malformed.text, malformed.place))


def found_receipt(found: FoundReceipt, prepared: Prepared, settings: Settings) -> Done | Unknown:
    """A receipt found by its key. It must tell its sum, and the sum must be ours."""
    if found.seen.total_tiyn is None and contradiction(found.seen, prepared, settings) is None:
        text = f"receipt {found.seen.fiscal_sign} has our key, but no answer tells its sum"
        return Unknown(Failure(FailureKind.NO_ANSWER, "no_total", text, "Total"))
    return answered(found.seen, prepared, settings, found.raw, recovered=True)


def found_cash(found: FoundCash, prepared: Prepared) -> Done | Unknown:
    if found.sum_tiyn != prepared.total_tiyn:
        text = f"key {prepared.key} names {found.sum_tiyn} tiyn, ours are {prepared.total_tiyn}"
        return Unknown(Failure(FailureKind.KEY_COLLISION, "key_collision", text, "Sum"))
    return Done(found.document, recovered=True)
