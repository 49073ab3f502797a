// A code only a senior may let in: name and reason, kept with the sale.

import * as api from "./api.js";
import * as layers from "./layers.js";
import * as words from "./words.js";
import * as verdict from "./verdict.js";
import { addLine, refreshSales } from "./state.js";

const REASONS = ["old-stock", "seen", "offline", "other"];
const KEYS = { "old-stock": "ask.old_stock", seen: "ask.seen", offline: "ask.offline", other: "ask.other" };
const USUAL = { "M-131": "old-stock", "M-401": "offline", "M-402": "offline" };
const $ = (id) => document.getElementById(id);
let about = null;
let running = false; // Enter twice lets in once, and what is asked about stays until it is answered.

export function open() {
  const shown = verdict.inHand();
  if (!shown.ask || layers.top()) return;
  about = shown;
  words.put($("ask-goods"), [...(shown.goods ?? []), ...(shown.reasonOf?.() ?? [])]);
  options($("ask-why"), REASONS.map((one) => [one, words.line(words.say(KEYS[one]))]));
  $("ask-why").value = USUAL[shown.code] ?? "seen";
  $("ask-by").value = "";
  $("ask-other").value = "";
  other();
  trouble([]);
  layers.open("ask", { focus: $("ask-by"), enter: allow, escape: close, scans: "hold" });
}

const close = () => running || layers.close("ask");
const trouble = (texts) => words.put($("ask").querySelector(".trouble"), texts);
const other = () => {
  $("ask-other").hidden = $("ask-why").value !== "other";
  $("ask-other").placeholder = words.line(words.say("ask.other_text"));
};

export function options(select, pairs) {
  select.replaceChildren(...pairs.map(([value, text]) => new Option(text, value)));
}

export function bind() {
  $("ask-why").addEventListener("change", () => { other(); if (!$("ask-other").hidden) $("ask-other").focus(); });
  $("ask-do").addEventListener("click", allow);
  $("ask-back").addEventListener("click", putAside);
}

export function putAside() {
  if (running) return;
  close();
  verdict.clear();
}

async function allow() {
  if (running) return;
  const by = $("ask-by").value.trim();
  const chosen = $("ask-why").value;
  const why = chosen === "other" ? $("ask-other").value.trim() : chosen;
  if (!by) return fault($("ask-by"), "need.name");
  if (!why) return fault($("ask-other"), "need.reason");
  running = $("ask-do").disabled = true;
  try {
    const { sale, scan } = about.ask;
    const answer = await api.change("POST", `/v1/sales/${sale}/scans/${scan}/approval`, { by, why });
    answered();
    addLine(answer.sale, answer.line);
    verdict.show({
      tone: "good", word: "allow", code: answer.verdict.reason, goods: verdict.goods(answer.line),
      reasonOf: () => [`${words.say("senior")[0]}: ${by}`],
    });
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    answered();
    verdict.show(verdict.ofProblem(error));
    refreshSales();
  } finally {
    running = $("ask-do").disabled = false;
  }
}

function answered() {
  layers.close("ask");
  verdict.clear();
}

function fault(field, key) {
  trouble(words.say(key));
  field.focus();
}
