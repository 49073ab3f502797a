// Every key of the page goes through here: scans to `scan`, what a person types into the field in hand, the rest to the
// layer on top. Nothing on the page listens to keys by itself, so no scan can press a button.

import { HOLD_MS, Wedge } from "./wedge.js";

const FIELD = "input:not([type=checkbox]):not([type=radio]), textarea";
const FUNCTION = /^F([1-9]|1[0-2])$/;
const ONCE = /^(F([1-9]|1[0-2])|Delete)$/; // Held down, they do what they do once.
const LATE_MS = 15;
const LATE_MAX = 3;
const LEFT_TO_THE_BROWSER = new Set(["F5", "F11", "F12"]);

// `handlers`: scan(text, meta), typed(key) outside of fields, enter(), escape(), key(name) -> true when it was used.
export function listen(handlers) {
  let timer = 0;
  let before = null; // The field as it was before a run of keys, which may prove a slow scan.
  const wedge = new Wedge({
    scan: (text, meta) => {
      if (meta.slow && before) restore(before);
      before = null;
      handlers.scan(text, meta);
    },
    typed: (keys, starts) => {
      const field = inHand();
      if (starts) before = field && { field, value: field.value, caret: field.selectionStart };
      for (const key of keys) type(inHand(), key, handlers);
    },
    enter: () => {
      const active = document.activeElement;
      if (active?.matches("button, a, summary")) active.click();
      else handlers.enter();
    },
  });
  const settle = () => {
    clearTimeout(timer);
    if (wedge.due !== null) wake(wedge.due - performance.now() + 1, 0);
  };
  // A page that was busy finds its timer due before the keys that came meanwhile, whose own times tell their pace.
  const wake = (in_ms, tries) => {
    const planned = performance.now() + Math.max(0, in_ms);
    timer = setTimeout(() => {
      const now = performance.now();
      if (now - planned > LATE_MS && tries < LATE_MAX) return wake(HOLD_MS, tries + 1);
      wedge.tick(now);
      settle();
    }, Math.max(0, in_ms));
  };
  const told = (event, what) => {
    if (what !== "pass") {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    settle();
  };
  addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const what = wedge.down(record(event));
    told(event, what);
    if (what !== "pass") return;
    if (event.key === "Tab") return handlers.tab(event);
    const name = event.key === "Escape" ? "Escape" : event.code;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (LEFT_TO_THE_BROWSER.has(name)) return;
    if (FUNCTION.test(name)) event.preventDefault();
    if (event.repeat && ONCE.test(name)) return;
    if (name === "Escape" ? handlers.escape() : handlers.key(name, inHand())) event.preventDefault();
  }, true);
  addEventListener("keyup", (event) => told(event, wedge.up(record(event))), true);
  // Alt+029 of some systems arrives a second time as a character of its own.
  addEventListener("keypress", (event) => { if (wedge.sure || event.charCode < 32) event.preventDefault(); }, true);
  addEventListener("blur", () => { wedge.leave(performance.now()); settle(); });
}

const record = (event) => ({
  code: event.code, key: event.key, at: event.timeStamp, repeat: event.repeat,
  shiftKey: event.shiftKey, ctrlKey: event.ctrlKey, altKey: event.altKey, metaKey: event.metaKey,
});

function inHand() {
  const active = document.activeElement;
  return active?.matches(FIELD) && !active.readOnly && !active.disabled ? active : null;
}

function type(field, { char, key, code }, handlers) {
  if (!field) {
    const active = document.activeElement;
    if (code === "Space" && active?.matches("button, a, input")) active.click();
    else handlers.typed(char);
    return;
  }
  // Numbers go by the place of the key: on a Kazakh layout the digit row types letters.
  const text = "digits" in field.dataset ? (/[0-9.,]/.test(char) ? char : "") : key.length === 1 ? key : "";
  if (!text || (field.maxLength >= 0 && field.value.length - picked(field) >= field.maxLength)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, data: text, inputType: "insertText" }));
}

const picked = (field) => field.selectionEnd - field.selectionStart;

function restore({ field, value, caret }) {
  field.value = value;
  field.setSelectionRange(caret, caret);
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
