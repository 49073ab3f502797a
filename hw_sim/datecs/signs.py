"""Status bytes: every sign the device can give, and the bit it stands on in each protocol.

Bit 7 of every byte is always 1. Two bits are sums of others: 0.5 of the signs in `ERRORS`, 4.5 of those in
`MEMORY_ERRORS`. Sources as in hw_sim.datecs.framing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hw_sim.datecs.framing import LAYOUTS
from hw_sim.datecs.profiles import Protocol

# Sign: bit in P, bit in X; None: the protocol does not show it.
BITS: Mapping[str, tuple[str | None, str | None]] = {
    "cover_open": ("0.6", "0.6"),
    "printer_fault": ("0.4", "0.4"),
    "no_display": ("0.3", None),
    "clock_unset": ("0.2", "0.2"),
    "unknown_command": ("0.1", "0.1"),
    "syntax": ("0.0", "0.0"),
    "tax_terminal_silent": ("1.6", None),
    "rotated_open": ("1.5", None),
    "storno_open": ("1.4", None),
    "battery_low": ("1.3", None),
    "ram_reset": ("1.2", None),
    "not_allowed": ("1.1", "1.1"),
    "overflow": ("1.0", "1.0"),
    "journal_ending": ("2.6", None),
    "service_open": ("2.5", "2.5"),
    "journal_low": ("2.4", "2.4"),
    "fiscal_open": ("2.3", "2.3"),
    "journal_full": ("2.2", "2.2"),
    "paper_low": ("2.1", "2.1"),
    "no_paper": ("2.0", "2.0"),
    **{f"switch_{number}": (f"3.{number - 1}", None) for number in range(1, 8)},
    "head_hot": ("4.6", None),
    "memory_absent": (None, "4.6"),
    "memory_full": ("4.4", "4.4"),
    "memory_low": ("4.3", "4.3"),
    "ids_set": ("4.2", "4.2"),
    "tax_number_set": ("4.1", "4.1"),
    "memory_error": ("4.0", "4.0"),
    "memory_unread": ("5.5", None),
    "vat_set": ("5.4", "5.4"),
    "fiscal_mode": ("5.3", "5.3"),
    "last_store_failed": ("5.2", None),
    "memory_formatted": ("5.1", "5.1"),
    "memory_read_only": ("5.0", None),
}
ERRORS: Mapping[Protocol, frozenset[str]] = {
    Protocol.P: frozenset(
        ("printer_fault", "unknown_command", "syntax", "battery_low", "ram_reset", "not_allowed", "no_paper")
    ),
    Protocol.X: frozenset(("printer_fault", "unknown_command", "syntax", "not_allowed", "overflow", "no_paper")),
}
MEMORY_ERRORS = frozenset(("memory_full", "memory_error", "last_store_failed", "memory_read_only"))
ERROR, MEMORY_ERROR = "0.5", "4.5"

# A device that is registered and well.
REGISTERED = frozenset(("ids_set", "tax_number_set", "vat_set", "fiscal_mode", "memory_formatted"))
# Signs a hand or a fault may set; the rest follow from what the device is doing.
SETTABLE = frozenset(BITS) - {"unknown_command", "syntax", "not_allowed", "overflow", "storno_open", "service_open"} - {
    "fiscal_open", "cover_open", "no_paper", "paper_low",
}  # fmt: skip


def bits_of(protocol: Protocol, signs: Iterable[str]) -> frozenset[str]:
    """The bits, as "2.3", that these signs set."""
    column = 0 if protocol is Protocol.P else 1
    given = frozenset(signs)
    bits = {bit for sign in given if (bit := BITS[sign][column]) is not None}
    if given & ERRORS[protocol]:
        bits.add(ERROR)
    if any(BITS[sign][column] for sign in given & MEMORY_ERRORS):
        bits.add(MEMORY_ERROR)
    return frozenset(bits)


def status_bytes(protocol: Protocol, bits: Iterable[str]) -> bytes:
    """The status field with these bits set. ValueError on a bit that is none."""
    status = bytearray(b"\x80" * LAYOUTS[protocol].status_bytes)
    for text in bits:
        place, _, bit = text.partition(".")
        if not (place.isdigit() and bit.isdigit() and int(place) < len(status) and int(bit) < 8):
            raise ValueError(f"no status bit {text!r}")
        status[int(place)] |= 1 << int(bit)
    return bytes(status)
