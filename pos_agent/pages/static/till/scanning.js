// Scans of the keyboard scanner and numbers that were typed: one after the other, none dropped, kept over a reload.

import * as api from "./api.js";
import * as kept from "./kept.js";
import * as layers from "./layers.js";
import * as verdict from "./verdict.js";
import { play } from "./sounds.js";
import { addLine, current, put, refreshSales, state, changed } from "./state.js";

const SPINNER_MS = 300;
const SALES_MAX = 3; // Sales that may be paid under the hands of one scan.
const LINK = /^(\][A-Za-z][0-9A-Za-z])?(https?:\/\/.*)$/is;
export const GONE = new Set(["T-101", "T-102"]); // Somebody else has finished the sale.
let queue = kept.scans.get();
let busy = false;
let painted = 0;
let onLink = () => {};
const mine = new Set(); // Scans whose verdict came as an answer, so that the stream does not show them twice.

export const isMine = (scan) => mine.has(scan);
export const isBusy = () => busy;
export const whenReceipt = (listener) => { onLink = listener; };

export function take(text, { at = performance.now(), source = "scanner", quantity_milli = 1000 } = {}) {
  queue.push({ text, source, quantity_milli, at, keys: { open: crypto.randomUUID() } });
  if (mustWait()) play("look");
  keep();
  pump();
}

// A dialog that stands open decides whether a scan closes it; a red answer never lets one through.
function mustWait() {
  if (verdict.isHeld()) return true;
  const layer = layers.top();
  if (!layer) return false;
  if (typeof layer.scans === "function") return false;
  return layer.scans !== "close";
}

export async function pump() {
  if (busy || !queue.length || mustWait()) return keep();
  const layer = layers.top();
  const [entry] = queue;
  busy = true;
  try {
    const link = LINK.exec(entry.text.trim());
    if (typeof layer?.scans === "function" && layer.scans(entry.text, link?.[2])) return;
    if (layer) layer.escape();
    if (link && /[?&]i=/i.test(link[2])) await onLink(link[2]);
    else await judge(entry);
  } finally {
    busy = false;
    queue.shift();
    keep();
    queueMicrotask(pump);
  }
}

function keep() {
  kept.scans.set(queue.map(({ at, ...entry }) => entry));
  const waiting = mustWait() ? queue.length - (busy ? 1 : 0) : 0;
  if (state.scansWaiting !== waiting) {
    state.scansWaiting = waiting;
    changed();
  }
}

async function judge(entry) {
  const spinner = setTimeout(() => verdict.show(verdict.ofWords("wait", "wait", "wait.verdict")), SPINNER_MS);
  try {
    const answer = await sent(entry);
    clearTimeout(spinner);
    if (answer.scan) mine.add(answer.scan);
    if (answer.line) addLine(answer.sale, answer.line);
    verdict.show(verdict.ofScan(answer));
  } catch (error) {
    clearTimeout(spinner);
    if (!(error instanceof api.Problem)) throw error;
    if (error.code.startsWith("S-")) state.diskFull = error.code === "S-301";
    verdict.show(verdict.ofProblem(error, goneWrong(error)));
    refreshSales();
  }
  measured(entry.at ?? performance.now());
}

// A marked unit typed with a quantity: what the cashier must do is in the reason behind the refusal.
const goneWrong = (error) => (error.code === "T-111" ? { word: "refuse" } : {});

async function sent(entry) {
  for (let tries = 1; ; tries += 1) {
    try {
      entry.call ??= await prepared(entry);
      keep();
      const answer = await api.send(entry.call);
      state.diskFull = false;
      return answer;
    } catch (error) {
      if (!(error instanceof api.Problem) || !GONE.has(error.code) || tries === SALES_MAX) throw error;
      delete entry.call;
      entry.keys = { open: crypto.randomUUID() };
      await refreshSales();
    }
  }
}

async function prepared(entry) {
  const sale = (current() ?? (await opened(entry.keys.open))).sale;
  const weighed = entry.quantity_milli !== 1000;
  return weighed
    ? api.call("POST", `/v1/sales/${sale}/goods`, { number: entry.text, quantity_milli: entry.quantity_milli })
    : api.call("POST", `/v1/sales/${sale}/scans`, { code: entry.text, source: entry.source });
}

async function opened(key) {
  const cashier = localStorage.getItem("till.cashier") ?? "";
  const made = await api.send({ ...api.call("POST", "/v1/sales", { cashier }), key });
  const sale = { ...made, lines: [], total_tiyn: 0, original: null };
  if (!state.sales.some((one) => one.sale === sale.sale)) put(sale);
  return sale;
}

// From the last key of the scan to the verdict on the glass: for whoever wants to know (performance.getEntriesByName).
function measured(start) {
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      performance.measure("till:verdict", { start, end: performance.now() });
      document.body.dataset.verdicts = painted += 1;
    };
    channel.port2.postMessage(null);
  });
}
