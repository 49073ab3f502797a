"""What an answer of a cloud register says about one document, and how it becomes a document of the port. Pure.

The same document comes in several dresses: the answer to its order, a row of a list, the document by its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from fiscal.documents import CashDocument, Document, FiscalDocument, SeenDocument
from fiscal.failures import Failure, FailureKind
from fiscal.https.fields import AnswerMalformed
from fiscal.orders import Prepared

# Fields that carry marking codes, in any message of these services, without regard to case.
MARK_FIELDS = frozenset({"listexcisestamp", "list_excise_stamp", "excisestamp", "excise_stamp", "mark_code"})


@dataclass(frozen=True, slots=True)
class Seen:
    """None or "" where the answer is silent."""

    id: int | None
    kind: str  # A kind of `Prepared`, the vendor's word for another, "" when it is not told.
    total_tiyn: int | None
    fiscal_sign: str = ""
    at: str = ""  # As the receipt shows it.
    number: int | None = None
    shift: int | None = None
    offline: bool | None = None
    key: str = ""
    marks: tuple[str, ...] = ()
    qr: str = ""
    identity: str = ""
    registration_number: str = ""
    taxpayer_name: str = ""
    taxpayer_xin: str = ""
    address: str = ""
    ofd_name: str = ""
    ofd_host: str = ""
    cashier: str = ""
    shift_ref: int | None = None  # The service's own number of the shift, where it has one.
    raw: Mapping[str, Any] = field(default_factory=dict)

    def filled_from(self, other: Seen) -> Seen:
        """This one, with its gaps filled from another view of the same document."""
        gaps = {f.name: getattr(other, f.name) for f in fields(self) if getattr(self, f.name) in (None, "", ())}
        return replace(self, **gaps)

    def shown(self) -> SeenDocument:
        number = "" if self.number is None else str(self.number)
        return SeenDocument(number, self.kind, self.total_tiyn, self.at, self.shift, self.fiscal_sign)


def marks_in(value: Any) -> Iterator[str]:
    """Every marking code inside a message, in its order."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if str(name).lower() in MARK_FIELDS:
                yield from (one for one in (inner if isinstance(inner, list) else [inner]) if isinstance(one, str))
            else:
                yield from marks_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from marks_in(inner)


def contradiction(seen: Seen, prepared: Prepared, identity: str) -> Failure | None:
    """Why a document that answers for our order is not ours: a person decides. None when nothing speaks against it."""
    if seen.identity and seen.identity.upper() != identity.upper():
        return Failure(FailureKind.HUMAN, "identity", f"the answer is of register {seen.identity}, ours is {identity}")
    if seen.key and seen.key != prepared.key:
        return Failure(FailureKind.HUMAN, "identity", f"the answer is for key {seen.key}")
    if seen.kind and seen.kind != prepared.kind:
        text = f"key {prepared.key} names a {seen.kind}, ours is a {prepared.kind}"
        return Failure(FailureKind.KEY_COLLISION, "key_collision", text)
    if seen.total_tiyn is not None and seen.total_tiyn != prepared.total_tiyn:
        text = f"key {prepared.key} names {seen.total_tiyn} tiyn, ours are {prepared.total_tiyn}"
        return Failure(FailureKind.KEY_COLLISION, "key_collision", text)
    return None


def document_of(seen: Seen, prepared: Prepared, identity: str) -> Document:
    """A receipt or a cash move. AnswerMalformed when what a document cannot be without is missing; number 0: not told.

    A register that does not say so works online.
    """
    if not seen.at or seen.shift is None:
        raise AnswerMalformed("shift" if seen.at else "time", "is missing")
    if prepared.kind.startswith("cash_"):
        return CashDocument(seen.at, seen.shift, None, bool(seen.offline), seen.raw)
    if not seen.fiscal_sign:
        raise AnswerMalformed("fiscal sign", "is missing")
    return FiscalDocument(
        fiscal_sign=seen.fiscal_sign,
        at=seen.at,
        number=seen.number or 0,
        shift=seen.shift,
        offline=bool(seen.offline),
        total_tiyn=prepared.total_tiyn,
        qr=seen.qr,
        identity=seen.identity or identity,
        registration_number=seen.registration_number,
        taxpayer_name=seen.taxpayer_name,
        taxpayer_xin=seen.taxpayer_xin,
        address=seen.address,
        ofd_name=seen.ofd_name,
        ofd_host=seen.ofd_host,
        cashier=seen.cashier,
        raw=seen.raw,
    )
