// A scanner that acts as a keyboard, told from a person by the pace of its keys. Pure: no DOM, no clock, no timer.
//
// Keys are read by their place (`code`), so that the layout of the host, Caps Lock and NumLock do not matter: a code is
// always sent as if on a US keyboard. A printable key is held back for HOLD_MS. If the next ones follow faster than a
// person types, all of them are one scan and nobody else sees them; else they are given back as typed.
//
//   down(key) -> "hold" | "swallow" | "pass"     what the caller does with the event
//   up(key), tick(at), due                       the caller's clock, in milliseconds
//   on.scan(text, {at, slow}), on.typed(keys), on.enter()

export const HOLD_MS = 50; // Longest gap inside a fast scan; shorter than the gaps of the quickest typist over six keys.
export const SCAN_KEYS = 6; // The shortest number printed on goods has eight digits.
export const JOIN_MS = 100; // Silence that ends a scan without a suffix; also the time in which a cut scan goes on.
export const SETTLE_MS = 250; // What a scanner still sends behind its scan: CR, LF, TAB.
export const TAP_MS = 25; // A person's Enter stays down longer than any scanner's.
export const SLOW_MS = 120; // Gap of a slow wireless scanner; with it only the shape of a code tells.
const TEXT_MAX = 4096;

const ROWS = [
  ["Backquote Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal", "`1234567890-=", "~!@#$%^&*()_+"],
  ["KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Backslash", "qwertyuiop[]\\", "QWERTYUIOP{}|"],
  ["KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote", "asdfghjkl;'", 'ASDFGHJKL:"'],
  ["KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash Space", "zxcvbnm,./ ", "ZXCVBNM<>? "],
  ["Numpad0 Numpad1 Numpad2 Numpad3 Numpad4 Numpad5 Numpad6 Numpad7 Numpad8 Numpad9", "0123456789", "0123456789"],
  ["NumpadDecimal NumpadDivide NumpadMultiply NumpadSubtract NumpadAdd", "./*-+", "./*-+"],
];
export const US = new Map(
  ROWS.flatMap(([codes, plain, shifted]) => codes.split(" ").map((code, at) => [code, [plain[at], shifted[at]]])),
);
// What Ctrl makes of a key, as a terminal has it: Ctrl+] is GS.
const CONTROLS = new Map([
  ["BracketRight", "\x1d"], ["Backslash", "\x1c"], ["KeyM", "\r"], ["KeyJ", "\n"], ["KeyI", "\t"],
]);
const MODIFIERS = /^(Shift|Control|Meta|CapsLock|NumLock|ScrollLock|Fn|Alt)/;
const TERMINATORS = new Set(["Enter", "NumpadEnter", "Tab"]);
// A bare identification code whose tail may follow: its scanner sends Enter or TAB in the place of GS (damage D5).
const HEAD = /^(\][A-Za-z][0-9])?\x1d*01[0-9]{14}21[^\x1d\r\n\t]{1,20}$/;
// What a person never types without a pause: the beginning of a marking code, an AIM identifier, the address of a receipt.
const CODE = /^((\][A-Za-z][0-9])?\x1d*(01[0-9]{14}21.{4,}|00[0-9]{18}|[0-9]{14}\S{15})|\][A-Za-z][0-9].{8,}|https?:..\S{8,})$/i;

export class Wedge {
  constructor(on) {
    this.on = on;
    this.keys = []; // Held back, or part of a scan under way.
    this.text = "";
    this.sure = false; // It is a scan.
    this.first = -Infinity;
    this.last = -Infinity;
    this.ended = -Infinity;
    this.alt = ""; // Digits of Alt+029.
    this.enter = null; // When a person's Enter may have gone down.
    this.head = null; // {text, until}
    this.slow = { text: "", last: -Infinity };
  }

  get due() {
    if (this.keys.length) return this.last + (this.sure ? JOIN_MS : HOLD_MS);
    return this.head ? this.head.until : null;
  }

  down(key) {
    const { code, at } = key;
    if (this.due !== null && at > this.due) this.tick(at);
    if (key.altKey && /^Numpad[0-9]$/.test(code)) {
      this.alt += code[6];
      return "swallow";
    }
    if (MODIFIERS.test(code) || MODIFIERS.test(key.key)) return this.sure && code.startsWith("Alt") ? "swallow" : "pass";
    const control = key.ctrlKey && !key.altKey ? CONTROLS.get(code) : undefined;
    if (TERMINATORS.has(code) || control === "\r" || control === "\n" || control === "\t") return this.#end(key, control);
    this.enter = null;
    if (control) return this.#push(key, control);
    if (key.ctrlKey || key.metaKey || key.altKey) return this.#other();
    const known = US.get(code);
    const char = known ? known[key.shiftKey ? 1 : 0] : code === "" && key.key.length === 1 ? key.key : null;
    if (char === null) return this.#other();
    if (key.repeat) {
      this.#flush();
      this.on.typed([{ char, key: key.key, code }]);
      return "swallow";
    }
    return this.#push(key, char);
  }

  up(key) {
    if (this.alt && key.code.startsWith("Alt")) {
      const char = String.fromCharCode(Number(this.alt) % 256);
      this.alt = "";
      if (char === "\r" || char === "\n" || char === "\t") this.#end({ ...key, code: "Enter" }, char);
      else this.#push({ ...key, key: char }, char);
      return "swallow";
    }
    if (key.code === "Enter" || key.code === "NumpadEnter") {
      const pressed = this.enter;
      this.enter = null;
      if (pressed !== null && key.at - pressed >= TAP_MS) this.on.enter();
      return "swallow";
    }
    return "pass";
  }

  tick(at) {
    if (this.keys.length && at >= this.last + (this.sure ? JOIN_MS : HOLD_MS)) {
      if (this.sure) this.#finish(at, "");
      else this.#flush();
    }
    if (this.head && !this.keys.length && at >= this.head.until) {
      const { text, at: ended } = this.head;
      this.head = null;
      this.on.scan(text, { at: ended });
    }
  }

  // Let go of everything: the window has lost the keyboard.
  leave(at) {
    if (this.sure) this.#finish(at, "");
    else this.#flush();
    this.tick(Infinity);
    this.alt = "";
    this.enter = null;
  }

  #push(key, char) {
    if (this.text.length >= TEXT_MAX) return "swallow";
    if (!this.keys.length && this.head) {
      // The rest of a scan whose GS came as Enter; the agent reads it as such.
      this.text = `${this.head.text}\r`;
      this.head = null;
      this.sure = true;
    }
    if (!this.keys.length) this.first = key.at;
    this.keys.push({ char, key: key.key, code: key.code });
    this.text += char;
    this.last = key.at;
    if (this.keys.length >= SCAN_KEYS) this.sure = true;
    return "hold";
  }

  #end(key, control) {
    const tab = key.code === "Tab" || control === "\t";
    if (this.sure) {
      this.#finish(key.at, tab ? "\t" : "\r");
      return "swallow";
    }
    this.#flush();
    if (key.at - this.slow.last <= SLOW_MS && CODE.test(this.slow.text)) {
      const { text } = this.slow;
      this.slow = { text: "", last: -Infinity };
      this.ended = key.at;
      this.on.scan(text, { at: key.at, slow: true });
      return "swallow";
    }
    if (key.at - this.ended < SETTLE_MS || key.repeat) return "swallow";
    if (tab) return control ? "swallow" : "pass";
    // Counts when it is let go, and only alone: a key just before it makes it a suffix.
    if (!control && key.at - this.last > HOLD_MS) this.enter = key.at;
    return "swallow";
  }

  #other() {
    if (this.sure) return "swallow";
    this.#flush();
    this.ended = -Infinity; // A person has taken over: no suffix of a scan follows a key of another kind.
    return "pass";
  }

  #finish(at, terminator) {
    const { text } = this;
    this.#clear();
    this.ended = at;
    if (terminator && HEAD.test(text)) this.head = { text, at, until: at + JOIN_MS };
    else this.on.scan(text, { at });
  }

  #flush() {
    if (!this.keys.length || this.sure) return;
    const keys = this.keys;
    const starts = this.first - this.slow.last > SLOW_MS;
    this.slow = { text: starts ? this.text : this.slow.text + this.text, last: this.last };
    this.#clear();
    this.on.typed(keys, starts);
  }

  #clear() {
    this.keys = [];
    this.text = "";
    this.sure = false;
  }
}
