// The one big answer. Its place is always there, so nothing moves when it comes. Green goes by itself; red and `ask`
// wait for a person, and what comes meanwhile waits behind them.

import * as words from "./words.js";
import { play } from "./sounds.js";
import { current, isReturn } from "./state.js";

const ICONS = { idle: "▦", wait: "…", good: "✔", bad: "✖", look: "!" };
const LONG = 75; // Letters of a reason that want a smaller size.
const GREEN_MS = Number(document.body.dataset.greenMs);
const $ = (id) => document.getElementById(id);
let shown = { tone: "idle" };
let timer = 0;
const waiting = [];
let onFree = () => {};

export const isHeld = () => Boolean(shown.sticky);
export const inHand = () => shown;
export const whenFree = (listener) => { onFree = listener; };

// {tone, word, goods, reason, next, code, sticky, ask, sound}: word is a key, the others lists of texts.
export function show(verdict) {
  if (isHeld()) {
    if (verdict.sticky) waiting.push(verdict);
    if (verdict.sound !== false && verdict.tone !== "wait") play(verdict.tone);
    return;
  }
  clearTimeout(timer);
  shown = verdict;
  draw();
  if (verdict.tone === "good") timer = setTimeout(clear, GREEN_MS);
  if (verdict.tone === "look" && !verdict.sticky) timer = setTimeout(clear, GREEN_MS * 2);
  if (verdict.sound !== false && ICONS[verdict.tone] && verdict.tone !== "wait" && verdict.tone !== "idle") play(verdict.tone);
}

// What was about the last item is over: the next step has begun.
export function pass() {
  if (!isHeld()) clear();
}

// More is known of what stands there, such as the name of the goods: no new sound.
export function complete(scan, more) {
  if (shown.scan !== scan) return;
  Object.assign(shown, more);
  draw();
}

export function clear() {
  clearTimeout(timer);
  shown = { tone: "idle" };
  const following = waiting.shift();
  if (following) show({ ...following, sound: false });
  else {
    draw();
    onFree();
  }
}

export function draw(scansWaiting = 0) {
  const { tone } = shown;
  const sale = current();
  const node = $("verdict");
  node.dataset.tone = tone;
  $("icon").textContent = ICONS[tone];
  words.put($("word"), words.say(`word.${shown.word ?? "idle"}`));
  words.put($("goods"), shown.goods ?? []);
  const reason = tone === "idle" ? words.say(isReturn(sale) ? "idle.return" : "idle.sale") : shown.reasonOf?.() ?? [];
  $("reason").classList.toggle("long", reason.some((text) => text.length > LONG));
  words.put($("reason"), reason);
  words.put($("next"), shown.nextOf?.() ?? []);
  $("code").textContent = shown.code ?? "";
  const press = scansWaiting && shown.sticky ? words.say("queue.scans", { n: scansWaiting })
    : shown.ask ? words.say("press.enter_ask") : shown.sticky ? words.say("press.enter") : [];
  words.put($("press"), press);
}

// The verdict of the agent, of a scan of ours or of one of its own scanners.
export function ofScan({ verdict, scan, sale, line, product }) {
  const { decision, reason } = verdict;
  const allowed = decision === "allow";
  const notice = allowed && !reason.startsWith("M-0");
  const tone = allowed ? (notice ? "look" : "good") : decision === "ask" ? "look" : "bad";
  const known = line ?? product;
  return {
    tone, scan, code: reason,
    word: decision,
    goods: known ? goods(known) : [],
    reasonOf: () => words.reason(reason)?.text ?? words.of(verdict.messages ?? {}),
    nextOf: () => (allowed && !notice ? [] : words.reason(reason)?.next ?? words.of(verdict.actions ?? {})),
    sticky: !allowed,
    ask: decision === "ask" ? { sale, scan } : null,
  };
}

export function goods(known) {
  const price = known.amount_tiyn ?? known.price_tiyn;
  return [`${words.name(known)[0]}${price ? ` · ${words.tenge(price)}` : ""}`];
}

const NEXT = {
  "T-101": "do.scan", "T-102": "do.scan", "T-103": "do.scan", "T-105": "do.correct", "T-106": "do.correct",
  "T-107": "do.check_receipt", "T-108": "do.check_receipt", "T-110": "do.senior", "T-111": "idle.sale", "T-112": "do.scan",
  "T-113": "do.scan", "T-114": "do.finish", "T-115": "do.correct", "T-116": "do.senior", "T-118": "key.pay",
  "T-117": "do.check_receipt", "T-120": "do.correct", "T-123": "do.check_receipt", "R-201": "do.senior", "R-202": "do.wait",
  "R-204": "do.wait", "R-206": "do.shift", "R-208": "do.senior", "R-209": "do.line", "R-210": "do.paper", "R-213": "do.senior",
};

export const nextOf = (code) => words.say(NEXT[code] ?? "do.it");

// A refusal of the agent. `found`: {code, messages}.
export function ofProblem(found, more = {}) {
  return {
    tone: "bad", word: "not_done", code: found.code, sticky: true,
    reasonOf: () => words.problem(found.code) ?? words.of(found.messages ?? {}),
    nextOf: () => nextOf(found.code),
    ...more,
  };
}

export const ofWords = (tone, word, key, values = {}, more = {}) => ({
  tone, word, reasonOf: () => words.say(key, typeof values === "function" ? values() : values), ...more,
});
