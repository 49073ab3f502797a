"""Words for the journal of frames: what a packet of level 3 means, for a person who reads it."""

from __future__ import annotations

from collections.abc import Mapping

from hw_sim.atol.buffer import Status, Word

_COMMANDS: Mapping[int, str] = {
    0x3F: "status",
    0x45: "short state",
    0x48: "leave mode",
    0x49: "cash in",
    0x4A: "close receipt",
    0x4D: "cash in the drawer",
    0x4F: "cash out",
    0x55: "finish print",
    0x56: "enter mode",
    0x59: "cancel receipt",
    0x5A: "Z report",
    0x67: "X report",
    0x75: "cut",
    0x80: "open drawer",
    0x91: "read register",
    0x92: "open receipt",
    0x95: "print last document",
    0x99: "pay",
    0x9A: "open shift",
    0xA4: "FN",
    0xA5: "device info",
    0xE6: "item",
    0xE8: "write tag",
    0xEA: "begin item",
    0xEB: "finish item",
}
_WORDS: Mapping[int, str] = {
    Word.ACKNOWLEDGE: "acknowledge",
    Word.ASK: "ask for",
    Word.ABORT: "abort",
    Status.PENDING: "pending",
    Status.IN_PROGRESS: "in progress",
    Status.RESULT: "result",
    Status.ERROR: "error",
    Status.STOPPED: "stopped by",
    Status.ASYNC_RESULT: "event: result of",
    Status.ASYNC_ERROR: "event: error of",
    Status.WAITING: "waiting",
    Status.OVERFLOW: "buffer full",
    Status.ALREADY_EXISTS: "exists already",
    Status.NOT_FOUND: "not found",
    Status.ILLEGAL_VALUE: "illegal value",
}
_WITH_TASK = frozenset({Word.ACKNOWLEDGE, Word.ASK, Status.STOPPED, Status.ASYNC_RESULT, Status.ASYNC_ERROR})


def command_name(data: bytes) -> str:
    """The command of an added task, as faults name it: "4A"."""
    return f"{data[5]:02X}" if len(data) > 5 else "C1"


def about(data: bytes) -> str:
    """What the data of a packet mean, in a few words."""
    if not data:
        return "empty"
    if data[0] in (Word.ADD, Word.ACKNOWLEDGE_AND_ADD):
        if len(data) < 6:
            return "add: too short"
        return f"task {data[2]:02X}: {_COMMANDS.get(data[5], 'unknown command')}"
    word = _WORDS.get(data[0], "unknown")
    if data[0] in _WITH_TASK and len(data) > 1:
        word += f" {data[1]:02X}"
    failed = data[0] in (Status.ERROR, Status.ASYNC_ERROR)
    code = data[2 + (data[0] == Status.ASYNC_ERROR) :][:1]
    return f"{word} ({code.hex().upper()}h)" if failed and code else word
