// After the payment: number, sign, change, and what became of the paper. Printing again never makes another document.

import * as api from "./api.js";
import * as layers from "./layers.js";
import * as words from "./words.js";
import { play } from "./sounds.js";
import { refreshStatus } from "./state.js";

const FINE = new Set(["ok", "no_printer", ""]);
const FRESH_MS = 400; // Enter pressed twice, or a double click on Pay, must not take the change away unread.
const $ = (id) => document.getElementById(id);
let fresh = 0; // Timer of that.
let paid = null;
let call = null;
let printed = null; // null: not known yet.
let printing = false;

export function show(answer, made) {
  [paid, call, printed, printing] = [answer, made, null, false];
  trouble([]);
  clearTimeout(fresh);
  fresh = setTimeout(ready, FRESH_MS);
  $("result-next").ariaDisabled = "true";
  layers.open("result", { focus: null, enter, escape: close, scans: "close", key });
  $("result-next").focus();
  draw();
  play("good");
  look();
}

const close = () => layers.close("result");
const trouble = (texts) => words.put($("result").querySelector(".trouble"), texts);

function key(name) {
  if (name !== "F9") return false;
  again();
  return true;
}

function ready() {
  fresh = 0;
  $("result-next").ariaDisabled = null;
}

function enter() {
  if (fresh) return;
  if (printed === null || FINE.has(printed) || printed !== "paper_out") close();
  else again();
}

export function bind() {
  $("result-next").addEventListener("click", enter);
  $("result-again").addEventListener("click", again);
}

// An answer about the paper of an earlier receipt says nothing of this one.
async function look() {
  const about = paid;
  try {
    const told = await api.get(`/v1/sales/${about.sale}/receipt`);
    if (about !== paid) return;
    printed = told.printed;
    if (!FINE.has(printed)) play("look");
  } catch (error) {
    if (!(error instanceof api.Problem) && !(error instanceof api.Unreachable)) throw error;
  }
  draw();
}

async function again() {
  const about = paid;
  if (printing || !about) return;
  printing = true;
  draw();
  try {
    const told = await api.change("POST", `/v1/sales/${about.sale}/copy`);
    if (about !== paid) return;
    printed = told.printed;
    trouble([]);
    if (!FINE.has(printed)) play("look");
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    if (about === paid) trouble((words.problem(error.code) ?? []).map((text) => `${text} (${error.code})`));
  } finally {
    if (about === paid) printing = false;
    draw();
    refreshStatus();
  }
}

export function draw() {
  if (!paid || $("result").hidden) return;
  const { document: made, recovered } = paid;
  const missing = printed !== null && !FINE.has(printed);
  $("result").dataset.tone = missing ? "look" : "good";
  $("result-icon").textContent = missing ? "!" : "✔";
  words.put($("result-word"), words.say(call.back ? "word.returned" : "word.sold"));
  facts($("result-facts"), [
    ["result.sum", words.tenge(made.total_tiyn)],
    ...(call.back ? [] : [["result.change", words.tenge(call.change ?? 0)]]),
    ["result.number", String(made.number)],
    ["result.shift", String(made.shift)],
    ["result.sign", made.fiscal_sign],
  ]);
  const notes = [...(recovered ? ["result.recovered"] : []), ...(made.offline ? ["result.offline"] : [])];
  words.put($("result-notes"), notes.length ? words.say(notes[0]) : []);
  const [key_, next] = printing ? ["paper.printing"] : printed === null ? [] : printed === "ok" ? ["paper.ok", "result.thanks"]
    : FINE.has(printed) ? ["paper.no_printer", "result.thanks"] : printed === "paper_out" ? ["paper.out", "paper.out_do"] : ["paper.bad", "paper.bad_do"];
  const said = key_ ? words.say(key_, { cause: printed }) : [];
  const more = next ? words.say(next) : [];
  words.put($("result-paper"), said.map((text, at) => `${text}. ${more[at] ?? ""}`));
  words.put($("result-again").querySelector("span"), words.say(printed === "paper_out" ? "paper.continue" : "paper.again"));
  words.put($("result-next").querySelector("span"), words.say(printed === "paper_out" ? "paper.continue" : "next"));
  $("result-again").hidden = printed === "no_printer" || printed === "paper_out";
}

export function facts(list, rows) {
  list.replaceChildren(
    ...rows.flatMap(([key_, value]) => {
      const [term, told] = [document.createElement("dt"), document.createElement("dd")];
      words.put(term, words.say(key_));
      told.textContent = value;
      return [term, told];
    }),
  );
}

export const number = (key_, value) => [key_, String(value)];
