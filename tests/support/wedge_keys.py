"""What a keyboard scanner and a cashier do to a page: real key events of the browser, by place of the key.

A scanner's host has some layout: the browser reports the place (`code`) and what that layout makes of it (`key`).
"""

from __future__ import annotations

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


@dataclass
class Keys:
    """The keyboard of one page."""

    page: Page
    session: CDPSession = field(init=False)

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
        gap_ms: int = 0,
    ) -> None:
        """As fast as events can be sent, or with a pause after each key. `gs`: ctrl, alt, or drop."""
        for char in text:
            if char == GS:
                self._separator(gs)
            else:
                place, shift = CODES[char]
                self.press(place, self._typed(char, layout, caps), shift)
            if gap_ms:
                self.page.wait_for_timeout(gap_ms)
        if end:
            self.press(end, "\r" if end == "Enter" else "")

    def _typed(self, char: str, layout: str, caps: bool) -> str:
        typed = char if layout == "us" else LAYOUTS[layout].type(char)
        return typed.swapcase() if caps and typed.isalpha() else typed

    def _separator(self, how: str) -> None:
        if how == "ctrl":
            self._event("rawKeyDown", "ControlLeft", "Control", "", CTRL)
            self.press("BracketRight", "", CTRL, key="]")
            self._event("keyUp", "ControlLeft", "Control", "", 0)
        elif how == "alt":
            self._event("rawKeyDown", "AltLeft", "Alt", "", ALT)
            for digit in "029":
                self.press(f"Numpad{digit}", "", ALT, key=digit)
            self._event("keyUp", "AltLeft", "Alt", "", 0)

    def press(self, code: str, text: str = "", modifiers: int = 0, *, key: str = "", held_ms: int = 0) -> None:
        name = key or (text if text and text.isprintable() else code)
        self._event("keyDown" if text else "rawKeyDown", code, name, text, modifiers)
        if held_ms:
            self.page.wait_for_timeout(held_ms)
        self._event("keyUp", code, name, "", modifiers)

    def _event(self, kind: str, code: str, key: str, text: str, modifiers: int) -> None:
        event: dict[str, object] = {"type": kind, "code": code, "key": key, "modifiers": modifiers}
        if text:
            event |= {"text": text, "unmodifiedText": text}
        if key in VIRTUAL:
            event["windowsVirtualKeyCode"] = VIRTUAL[key]
        self.session.send("Input.dispatchKeyEvent", event)

    def enter(self) -> None:
        """A person's: down for a while."""
        self.press("Enter", "\r", held_ms=60)

    def write(self, text: str, pause_ms: int = 130) -> None:
        """A person's typing."""
        for char in text:
            self.page.keyboard.press(char if char != " " else "Space", delay=40)
            self.page.wait_for_timeout(pause_ms - 40)
