"""What a keyboard scanner and a cashier do to a page: real key events of the browser, by place of the key.

A scanner's host has some layout: the browser reports the place (`code`) and what that layout makes of it (`key`).
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from playwright.sync_api import CDPSession, Page

from marking.keymaps import LAYOUTS, US_ROWS

GS = "\x1d"
PLACES = [
    place
    for row in (
        "Backquote Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal",
        "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Backslash",
        "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote",
        "KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash",
    )
    for place in row.split()
]
CODES = {char: (place, 8 * shift) for shift, row in enumerate(US_ROWS) for char, place in zip(row, PLACES, strict=True)}
VIRTUAL = {"Enter": 13, "Tab": 9, "Escape": 27, "Control": 17, "Alt": 18, "Shift": 16}
CTRL, ALT = 2, 1


# All keys of one scan in one go, with the times they would have: a busy machine must not tear a scan apart.
DISPATCH = """events => {
  const from = performance.now();
  for (const { kind, after, ...init } of events) {
    const event = new KeyboardEvent(kind, { ...init, bubbles: true, cancelable: true });
    Object.defineProperty(event, "timeStamp", { value: from + after });
    (document.activeElement ?? document.body).dispatchEvent(event);
  }
}"""
SETTLE_MS = 300  # What the page takes for the suffix of a scan.


@dataclass
class Keys:
    """The keyboard of one page."""

    page: Page
    session: CDPSession = field(init=False)
    _pending: list[dict[str, object]] = field(default_factory=list)
    _after_ms: float = 0.0
    _scanned_at: float = 0.0

    def __post_init__(self) -> None:
        self.session = self.page.context.new_cdp_session(self.page)

    def scan(
        self,
        text: str,
        *,
        layout: str = "us",
        caps: bool = False,
        gs: str = "ctrl",
        end: str = "Enter",
        gap_ms: float = 2,
        trusted: bool = False,
    ) -> None:
        """`gs`: ctrl, alt, or drop; \\r in the text is an Enter within it.

        `trusted`: events of the browser itself, which also type and press buttons.
        """
        self._after_ms = 0.0
        for char in text:
            if char == GS:
                self._separator(gs, trusted)
            elif char == "\r":
                self._tap("Enter", "\r", 0, trusted)
            else:
                place, shift = CODES[char]
                self._tap(place, self._typed(char, layout, caps), shift, trusted)
            self._after_ms += gap_ms
        if end:
            self._tap(end, "\r" if end == "Enter" else "", 0, trusted)
        if self._pending and trusted:
            self._send(self._pending)
        elif self._pending:
            self.page.evaluate(DISPATCH, self._pending)
        self._pending = []
        self._scanned_at = time.monotonic() + self._after_ms / 1000

    def _typed(self, char: str, layout: str, caps: bool) -> str:
        typed = char if layout == "us" else LAYOUTS[layout].type(char)
        return typed.swapcase() if caps and typed.isalpha() else typed

    def _separator(self, how: str, trusted: bool) -> None:
        if how == "ctrl":
            self._event("rawKeyDown", "ControlLeft", "Control", "", CTRL, trusted)
            self._tap("BracketRight", "", CTRL, trusted, key="]")
            self._event("keyUp", "ControlLeft", "Control", "", 0, trusted)
        elif how == "alt":
            self._event("rawKeyDown", "AltLeft", "Alt", "", ALT, trusted)
            for digit in "029":
                self._tap(f"Numpad{digit}", "", ALT, trusted, key=digit)
            self._event("keyUp", "AltLeft", "Alt", "", 0, trusted)

    def _tap(self, code: str, text: str, modifiers: int, trusted: bool, *, key: str = "") -> None:
        name = key or (text if text and text.isprintable() else code)
        self._event("keyDown" if text else "rawKeyDown", code, name, text, modifiers, trusted)
        self._event("keyUp", code, name, "", modifiers, trusted)

    def _event(self, kind: str, code: str, key: str, text: str, modifiers: int, trusted: bool) -> None:
        if not trusted:
            held = {"shiftKey": bool(modifiers & 8), "ctrlKey": bool(modifiers & CTRL), "altKey": bool(modifiers & ALT)}
            name = "keyup" if kind == "keyUp" else "keydown"
            self._pending.append({"kind": name, "code": code, "key": key, "after": self._after_ms, **held})
            return
        event: dict[str, object] = {"type": kind, "code": code, "key": key, "modifiers": modifiers}
        if text:
            event |= {"text": text, "unmodifiedText": text}
        if key in VIRTUAL:
            event["windowsVirtualKeyCode"] = VIRTUAL[key]
        self._pending.append(event)

    def _send(self, events: list[dict[str, object]]) -> None:
        """All at once: one after the other would wait for the browser each time, at the pace of the machine."""
        inner = self.session._impl_obj  # Playwright's own, since its public call waits for each.

        async def every() -> None:
            await asyncio.gather(*(inner.send("Input.dispatchKeyEvent", event, None) for event in events))

        self.session._sync(every())

    def enter(self, times: int = 1) -> None:
        """A person's: not on the heels of a scan, and down for a while; more than one before anything is answered."""
        left_ms = SETTLE_MS - (time.monotonic() - self._scanned_at) * 1000
        if left_ms > 0:
            self.page.wait_for_timeout(left_ms)
        if times == 1:
            self.page.keyboard.press("Enter", delay=40)
            return
        press = [{"kind": kind, "code": "Enter", "key": "Enter"} for kind in ("keydown", "keyup")]
        self.page.evaluate(DISPATCH, [one | {"after": 40.0 * at} for at, one in enumerate(press * times)])

    def write(self, text: str, pause_ms: int = 130) -> None:
        """A person's typing."""
        for char in text:
            self.page.keyboard.press(char if char != " " else "Space", delay=40)
            self.page.wait_for_timeout(pause_ms - 40)
