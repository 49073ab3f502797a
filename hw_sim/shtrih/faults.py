"""What can go wrong with a Shtrih-M register beside the common kinds of hw_sim.device.faults.

`match` is a command code (`85`, `FF45`, `*`), or a group: `/open` 8D, `/item` 80 to 83 and FF46, `/close` 85 and FF45,
`/z` 41 and FF43, `/mark` FF61 and FF67. Codes are decimal, or hexadecimal with a letter in them: `code=D3`.
"""

from __future__ import annotations

from collections.abc import Mapping

from hw_sim.faults import Fault, Kind, Place

GROUPS: Mapping[str, str] = {
    "8D": "/open",
    **dict.fromkeys(("80", "81", "82", "83", "FF46"), "/item"),
    **dict.fromkeys(("85", "FF45"), "/close"),
    **dict.fromkeys(("41", "FF43"), "/z"),
    **dict.fromkeys(("FF61", "FF67"), "/mark"),
}

_ABOUT: Mapping[str, tuple[str, str]] = {
    # On the line.
    "nak_frame": ("*", "a good frame is answered with NAK and not obeyed (standard layer)"),
    "ack_lost": ("*", "obeyed, but the ACK of the frame never comes (standard layer)"),
    "host_ack_lost": ("*", "the host's ACK of the answer is not heard: the answer goes on waiting (standard layer)"),
    "ignore_enq": ("*", "ENQ is not answered (standard layer)"),
    "stale_answer": ("*", "the answer of an earlier command, or `bytes` (hex), is still there to be read first"),
    # In the register.
    "busy_50": ("*", "refused with 50h: the previous command is printing"),
    "unknown_error": ("*", "refused with `code` (EEh); `when`=after: done, and that code is answered all the same"),
    "foreign_receipt": ("/open", "operator `operator` (2) has a receipt open"),
    "counter_jump": ("/close", "another program makes a sale of `sum` (10000) after it; `when`=before: before it"),
    "counter_back": ("*", "from now on the counters show `by` (1) less than they should"),
    "printer_fault_after_close": ("/close", "done, then the printer fails and waits for B0; `error`: answered so"),
    "storage_stuck": ("88", "the receipt is cancelled, its document in the fiscal storage stays open until FF08"),
    # Marking.
    "ff61_delay": ("FF61", "the answer comes `seconds` later"),
    "ff61_server_timeout": ("FF61", "the server did not answer in time: code FFh in the block of the server"),
    "ff61_format": ("FF61", "the answer of the server was no good: code 20h and `cause` (2)"),
    "mark_refused": ("FF67", "refused with `code` (D4h)"),
}

BYTES_MAX = 255
SHTRIH_KINDS: Mapping[str, Kind] = {name: Kind(Place.POINT, match, about) for name, (match, about) in _ABOUT.items()}


def bytes_of(fault: Fault, name: str) -> bytes:
    """Bytes among a fault's parameters, in hex; b"" when there are none or they do not read."""
    try:
        return bytes.fromhex(str(fault.params.get(name, "")))[:BYTES_MAX]
    except ValueError:
        return b""


def number_of(fault: Fault, name: str, default: int) -> int:
    """A number of a fault's parameters: plain, or hexadecimal where it reads so (`D3`, `0xD3`)."""
    told = fault.params.get(name, default)
    if isinstance(told, str):
        try:
            return int(told, 16)
        except ValueError:
            return default
    return int(told)
