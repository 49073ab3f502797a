"""A document of the FN as tags: number (2 bytes), length (2 bytes), value, least significant byte first.

The tags are those of the format of fiscal data 1.05; A4 46 of the command layer hands them out in blocks (github
Zzzzipper/projects AtolCommandLayer.cpp reads them as tag, length, data).
"""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.atol.fn import Filed, Form
from hw_sim.atol.kkm import Kkm
from hw_sim.exchange import NS
from hw_sim.ledger import tiyn

_TYPES = {1: 1, 2: 2, 4: 3, 5: 4}  # Receipt type of 92h -> tag 1054.
_PAYMENTS = {1: 1031, 2: 1081, 3: 1215, 4: 1216, 5: 1217}


def document(kkm: Kkm, filed: Filed) -> bytes:
    """Every tag this document has here; what else is the register's own and the FN's is left out."""
    unix_s = filed.at_ns // NS // 60 * 60 + kkm.profile.utc_offset_h * 3600  # Local wall clock, whole minutes.
    tags = [
        tag(1041, kkm.fn.serial.encode("cp866")),
        *([tag(1037, _registration(kkm).encode("cp866"))] if kkm.profile.registration_in_documents else []),
        tag(1012, unix_s.to_bytes(4, "little")),
        tag(1040, filed.number.to_bytes(4, "little")),
        tag(1077, b"\0\0" + int(filed.sign).to_bytes(4, "big")),
        tag(1038, filed.shift.to_bytes(4, "little")),
    ]
    if filed.form is Form.CLOSE_SHIFT:
        tags.append(tag(1118, filed.receipt.to_bytes(4, "little")))
    if filed.document is not None:
        tags += [
            tag(1042, filed.receipt.to_bytes(4, "little")),
            tag(1054, bytes((_TYPES[filed.type],))),
            tag(1020, number(filed.total_tiyn)),
            *(tag(_PAYMENTS.get(kind, 1217), number(tiyn(amount))) for kind, amount in filed.document.payments),
            *(tag(1059, _item(dict(row))) for row in filed.document.positions),
        ]
    return b"".join(tags)


def _registration(kkm: Kkm) -> str:
    """Tag 1037 is a string of 20 characters, filled up with blanks."""
    return kkm.memory.identity.registration_number.ljust(20)


def _item(row: dict[str, object]) -> bytes:
    return b"".join(
        (
            tag(1030, str(row["name"]).encode("cp866", "replace")),
            tag(1079, number(int(str(row["price_tiyn"])))),
            tag(1023, b"\3" + number(int(str(row["quantity_milli"])))),
            tag(1043, number(int(str(row["sum_tiyn"])))),
        )
    )


def tag(number_: int, value: bytes) -> bytes:
    """One tag with its value."""
    return number_.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value


def number(value: int) -> bytes:
    """A number of as many bytes as it needs, at least one."""
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "little")


def read(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every whole tag of these bytes."""
    while len(data) >= 4:
        size = int.from_bytes(data[2:4], "little")
        if len(data) < 4 + size:
            return
        yield int.from_bytes(data[:2], "little"), data[4 : 4 + size]
        data = data[4 + size :]
