// Words in the chosen languages, money and times. Every text goes into the page as text, never as markup.

const CHOICE = "till.words";
let doc = { languages: [], words: {}, reasons: {}, problems: {} };
const choices = document.body.dataset.choices.split(",");

export function choice() {
  const kept = localStorage.getItem(CHOICE);
  return choices.includes(kept) ? kept : choices[0];
}

export async function load(name = choice()) {
  const answer = await fetch(`/till/words/${name}`, { headers: { Accept: "application/json" } });
  if (answer.redirected || !answer.ok) throw new Error(`words: ${answer.status}`);
  doc = await answer.json();
  localStorage.setItem(CHOICE, name);
  document.documentElement.lang = doc.languages[0];
  document.body.dataset.words = name;
  document.title = say("title")[0];
  for (const node of document.querySelectorAll("[data-t]")) put(node, say(node.dataset.t));
}

export const next = () => choices[(choices.indexOf(choice()) + 1) % choices.length];

// One text for each language. A key nobody has written is shown as it is: the cashier can read it out.
export function say(key, values = {}) {
  const found = doc.words[key] ?? [key];
  return found.map((text, at) =>
    text.replace(/\{(\w+)\}/g, (whole, name) => {
      const value = values[name];
      return value === undefined ? whole : String(Array.isArray(value) ? (value[at] ?? value[0]) : value);
    }),
  );
}

export const reason = (code) => doc.reasons[code];
export const problem = (code) => doc.problems[code];
// From {kk, ru, en} as the API gives it.
export const of = (messages) => doc.languages.map((lang) => messages[lang]);
export const name = (line) => {
  const names = { kk: line.name_kk || line.name_ru || line.name, ru: line.name || line.name_ru, en: line.name || line.name_ru };
  return doc.languages.map((lang) => names[lang] || "");
};

// Texts into a node: the first language as it is, the second smaller; equal ones once.
export function put(node, texts) {
  const wanted = (Array.isArray(texts) ? texts : [texts]).filter((text, at, all) => text && all.indexOf(text) === at);
  const shown = [...node.children];
  if (shown.length === wanted.length && shown.every((one, at) => one.textContent === wanted[at])) return;
  node.replaceChildren(
    ...wanted.map((text, at) => {
      const span = document.createElement("span");
      span.className = `w${at}`;
      if (doc.languages[at]) span.lang = doc.languages[at];
      span.textContent = text;
      return span;
    }),
  );
}

// A title that depends on what a dialog was opened for: `load` puts it anew in the next language.
export function title(node, key) {
  node.dataset.t = key;
  put(node, say(key));
}

export const line = (texts) => texts.filter((text, at, all) => text && all.indexOf(text) === at).join(" / ");

export function tenge(tiyn) {
  const sign = tiyn < 0 ? "−" : "";
  const [whole, part] = [Math.floor(Math.abs(tiyn) / 100), Math.abs(tiyn) % 100];
  const grouped = String(whole).replace(/\B(?=(\d{3})+$)/g, " ");
  return `${sign}${grouped}${part ? `,${String(part).padStart(2, "0")}` : ""} ₸`;
}

// "12 500,50" -> tiyn; null: no sum; undefined: nothing written.
export function tiyn(text) {
  const bare = text.replace(/[\s ₸]/g, "");
  if (!bare) return undefined;
  const found = /^(\d{1,11})(?:[.,](\d{1,2}))?$/.exec(bare);
  return found ? Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0")) : null;
}

export function quantity(milli) {
  return milli % 1000 ? String(milli / 1000).replace(".", ",") : String(milli / 1000);
}

// A duration in one unit or two: a cashier needs no seconds of a day.
export function lasting(seconds, brief = false) {
  const s = Math.max(0, Math.round(seconds));
  const [minutes, hours] = [Math.floor(s / 60), Math.floor(s / 3600)];
  const parts =
    s < 60 ? [[s, "s"]]
    : hours < 1 ? [[minutes, "min"]]
    : hours < 48 ? [[hours, "h"], ...(hours < 24 && minutes % 60 && !brief ? [[minutes % 60, "min"]] : [])]
    : [[Math.floor(hours / 24), "day"]];
  return doc.languages.map((_, at) => parts.map(([n, unit]) => `${n} ${say(`unit.${unit}`)[at]}`).join(" "));
}

// Hours and minutes: the same in every language.
export function clock(seconds) {
  const minutes = Math.max(0, Math.floor(seconds / 60));
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

const offset_ms = Number(document.body.dataset.offsetMin) * 60_000;

// The till's own time of a moment in ISO 8601.
export function local(iso, { date = true, seconds = true } = {}) {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return iso || "";
  const text = new Date(at + offset_ms).toISOString();
  const clock = text.slice(11, seconds ? 19 : 16);
  return date ? `${text.slice(8, 10)}.${text.slice(5, 7)}.${text.slice(0, 4)} ${clock}` : clock;
}

// "14.09.2025", "16:55:37" -> ISO 8601 with the till's offset; null: no such moment.
export function moment(day, clock) {
  const d = /^(\d{1,2})[.,/-](\d{1,2})[.,/-](\d{4})$/.exec(day.trim());
  const t = /^(\d{1,2})[:.,-](\d{2})(?:[:.,-](\d{2}))?$/.exec(clock.trim());
  if (!d || !t) return null;
  const pad = (text) => String(text ?? "00").padStart(2, "0");
  const minutes = Math.abs(offset_ms / 60_000);
  const zone = `${offset_ms < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
  const iso = `${d[3]}-${pad(d[2])}-${pad(d[1])}T${pad(t[1])}:${t[2]}:${pad(t[3])}${zone}`;
  // A date such as 31.02. would silently become another day.
  return local(iso).startsWith(`${pad(d[1])}.${pad(d[2])}.${d[3]} ${pad(t[1])}:`) ? iso : null;
}
