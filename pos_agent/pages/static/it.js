// The few live parts of the pages for store IT. Without this script every page still works, only not by itself.

/** The overview shows how things are, so it looks again while somebody looks at it. */
for (const part of document.querySelectorAll("[data-live]")) {
  setInterval(async () => {
    if (document.hidden || part.contains(document.activeElement)) return;
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    if (fresh) part.replaceChildren(...fresh.childNodes);
  }, Number(part.dataset.live) * 1000);
}

/** Markup of our own server, in which every foreign text is already escaped. */
const built = (html) => new DOMParser().parseFromString(html, "text/html").body.firstElementChild;

const stream = document.querySelector("[data-stream]");
if (stream) {
  const reads = document.querySelector("[data-reads]");
  const left = stream.querySelector("[data-left]");
  const words = (name) => stream.querySelector(`[data-${name}-words]`).content.textContent;
  let until = 0;
  const count = setInterval(() => {
    if (until) left.textContent = words("left").replace("#", Math.max(0, Math.round((until - Date.now()) / 1000)));
  }, 1000);
  const source = new EventSource(stream.dataset.stream);
  let fresh = false; // What was read before the page came stands on it already; the stream tells it once more.
  source.addEventListener("read", (event) => {
    if (!fresh) reads.replaceChildren();
    fresh = true;
    document.querySelector("[data-empty]")?.remove();
    reads.prepend(built(JSON.parse(event.data).html));
  });
  source.addEventListener("left", (event) => { until = Date.now() + JSON.parse(event.data).left_s * 1000; });
  const over = () => {
    source.close();
    clearInterval(count);
    left.textContent = words("over");
    stream.classList.add("over");
  };
  source.addEventListener("over", over);
  source.addEventListener("error", over); // The agent ends the test when its page is gone, so it is over.
}

/** What a camera sees is asked for again once it is on the screen: never faster than this machine draws it. */
const PICTURE_MS = 400;
for (const figure of document.querySelectorAll("[data-picture]")) {
  const image = figure.querySelector("img");
  const none = figure.querySelector("[data-none]");
  const address = image.src;
  let count = 0, timer = 0;
  const again = () => {
    if (document.hidden) timer = setTimeout(again, PICTURE_MS);
    else image.src = `${address}&n=${(count += 1)}`;
  };
  const shown = (there) => {
    image.hidden = !there;
    none.hidden = there;
    clearTimeout(timer); // The picture of the page itself may still be told of: one next look all the same.
    timer = setTimeout(again, PICTURE_MS);
  };
  image.addEventListener("load", () => shown(true));
  image.addEventListener("error", () => shown(false)); // No frame yet, or the agent is being started again.
  again();
}

/** Key codes of the US layout -> the characters they mean, plain and with Shift. Keys name places, not letters. */
const US = Object.fromEntries([
  ...[..."1234567890"].map((c, i) => [`Digit${c}`, [c, "!@#$%^&*()"[i]]]),
  ...[..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].map((c) => [`Key${c}`, [c.toLowerCase(), c]]),
  ...[..."0123456789"].map((c) => [`Numpad${c}`, [c, c]]),
  ["Minus", ["-", "_"]], ["Equal", ["=", "+"]], ["BracketLeft", ["[", "{"]], ["BracketRight", ["]", "}"]],
  ["Backslash", ["\\", "|"]], ["Semicolon", [";", ":"]], ["Quote", ["'", '"']], ["Backquote", ["`", "~"]],
  ["Comma", [",", "<"]], ["Period", [".", ">"]], ["Slash", ["/", "?"]], ["Space", [" ", " "]],
]);
const GS = "\u001d";
const KAZAKH = /[әіңғүұқөһ]/i;
const RUSSIAN = /[а-яё]/i;
const QUIET_MS = 300; // After so long a silence a scanner has ended.
const HAND_MS = 30; // A person needs longer than this from key to key.

/** What a run of keys was: the bytes a scanner meant, the layout the machine typed in, and how GS came. */
export function understood(keys) {
  let text = "", gs = "", alt = "";
  let shifted = 0, swapped = 0;
  for (const key of keys) {
    if (key.code === "AltLeft" || key.code === "AltRight") {
      if (key.up && alt) { text += String.fromCharCode(Number(alt) % 256); if (Number(alt) === 29) gs = "alt"; alt = ""; }
      continue;
    }
    if (key.up || /^(Shift|Control|CapsLock|Meta|OS|Enter|Tab|NumLock)/.test(key.code)) continue;
    if (key.alt && /^Numpad\d$/.test(key.code)) { alt += key.code.slice(6); continue; }
    if (key.ctrl && key.code === "BracketRight") { text += GS; gs = "ctrl"; continue; }
    if (key.key === GS) { text += GS; gs = gs || "typed"; continue; }
    const meant = US[key.code];
    if (!meant) { if (key.key.length === 1) text += key.key; continue; }
    const letter = meant[key.shift ? 1 : 0];
    if (/[a-z]/i.test(letter) && key.key.length === 1 && /[a-z]/i.test(key.key)) { shifted += 1; swapped += key.key !== letter; }
    text += letter;
  }
  const typed = keys.filter((key) => !key.up && key.key.length === 1 && !key.ctrl && !key.alt);
  const shown = typed.map((key) => key.key).join("");
  const known = typed.filter((key) => US[key.code]);
  const same = known.filter((key) => US[key.code].includes(key.key)).length;
  const layout = !keys.some((key) => key.code) ? "no_codes"
    : KAZAKH.test(shown) ? "kk" : RUSSIAN.test(shown) ? "ru" : same === known.length ? "us" : "other";
  const caps = keys.some((key) => key.caps) || (shifted > 0 && swapped === shifted) ? "on" : "off";
  const times = keys.filter((key) => !key.up).map((key) => key.at);
  const gap = times.length > 1 ? (times.at(-1) - times[0]) / (times.length - 1) : null;
  return { text: layout === "no_codes" ? shown : text, layout, caps, gs: gs || "lost", gap };
}

const wedge = document.querySelector("[data-wedge]");
if (wedge) {
  const field = wedge.querySelector("input");
  const word = (name) => wedge.querySelector(`[data-word="${name}"]`).content.textContent;
  let keys = [], timer = 0;
  const noted = (event, up) => {
    if (!up && event.code === "Tab" && !keys.length) return; // The keyboard must be able to leave.
    if (event.key === "Escape") return;
    if (!up) event.preventDefault();
    if (!up && event.repeat) return;
    keys.push({
      code: event.code, key: event.key, up, at: event.timeStamp, shift: event.shiftKey, ctrl: event.ctrlKey,
      alt: event.altKey, caps: event.getModifierState("CapsLock"),
    });
    clearTimeout(timer);
    timer = setTimeout(show, QUIET_MS);
  };
  field.addEventListener("keydown", (event) => noted(event, false), true);
  field.addEventListener("keyup", (event) => noted(event, true), true);

  const show = async () => {
    const run = keys;
    keys = [];
    const pressed = run.filter((key) => !key.up && !/^(Shift|Control)/.test(key.code));
    if (!pressed.length) return;
    const found = understood(run);
    field.value = "";
    wedge.querySelector("[data-keys]").hidden = false;
    wedge.querySelector("[data-list]").replaceChildren(...pressed.map((key) => {
      const shown = document.createElement("kbd");
      const held = (key.ctrl ? "Ctrl+" : "") + (key.alt ? "Alt+" : "") + (key.shift ? "Shift+" : "");
      shown.textContent = `${held}${key.code || "?"} ${key.key.length === 1 ? key.key : ""}`.trim();
      return shown;
    }));
    const speed = found.gap === null ? "—" : `${Math.round(found.gap)} ms${found.gap > HAND_MS ? ` (${word("typed")})` : ""}`;
    for (const [name, text] of Object.entries({ layout: word(found.layout), caps: word(found.caps), gs: word(found.gs), speed }))
      wedge.querySelector(`[data-${name}]`).textContent = text;
    const form = new URLSearchParams({ code: found.text, source: "scanner", fragment: "true" });
    const answer = await fetch(wedge.dataset.wedge, { method: "POST", body: form }).catch(() => null);
    const meaning = wedge.querySelector("[data-meaning]");
    if (answer?.ok) meaning.replaceChildren(built(await answer.text()));
    else meaning.replaceChildren();
  };
}
