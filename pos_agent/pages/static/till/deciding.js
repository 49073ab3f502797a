// A document the register cannot speak of: ours beside its last one, and a senior's word with name and reason.

import * as api from "./api.js";
import * as layers from "./layers.js";
import * as words from "./words.js";
import * as verdict from "./verdict.js";
import { options } from "./asking.js";
import { doubts } from "./strip.js";
import { refreshSales, refreshStatus } from "./state.js";

const $ = (id) => document.getElementById(id);
const trouble = (texts) => words.put($("decide").querySelector(".trouble"), texts);
let about = null;
let call = null;

export function open() {
  about = doubts().find((doubt) => doubt.decides === "person");
  if (!about || layers.isOpen("decide")) return;
  call = null;
  options($("decide-made"), [["", "—"], ["yes", words.line(words.say("decide.made"))], ["no", words.line(words.say("decide.not_made"))]]);
  for (const name of ["by", "why", "number", "sign", "shift", "date", "time"]) $(`decide-${name}`).value = "";
  table();
  made();
  trouble(about.compare.register ? [] : words.say("decide.silent"));
  layers.open("decide", { focus: $("decide-made"), enter: decide, escape: close, scans: "hold" });
}

const close = () => layers.close("decide");

export function bind() {
  $("decide-made").addEventListener("change", made);
  $("decide-do").addEventListener("click", decide);
  $("decide-back").addEventListener("click", close);
}

function table() {
  const { ours, register } = about.compare;
  const kind = (one) => (one?.kind ? words.line(words.say(`kind.${one.kind}`)) : "—");
  const rows = [
    ["decide.kind", kind(ours), kind(register)],
    ["decide.sum", words.tenge(ours.total_tiyn), register?.total_tiyn == null ? "—" : words.tenge(register.total_tiyn)],
    ["decide.at", words.local(ours.at), register?.at ? words.local(register.at) : "—"],
    ["decide.number", "—", register?.number || "—"],
    ["decide.shift", "—", register?.shift ? String(register.shift) : "—"],
    ["decide.sign", "—", register?.fiscal_sign || "—"],
  ];
  $("decide-rows").replaceChildren(...rows.map(([key, first, second]) => {
    const row = document.createElement("tr");
    const [head, one, two] = ["th", "td", "td"].map((name) => document.createElement(name));
    words.put(head, words.say(key));
    one.textContent = first;
    two.textContent = second;
    row.append(head, one, two);
    return row;
  }));
}

// What stands on the register's paper is needed only of a document that was made; what it shows is filled in.
function made() {
  const yes = $("decide-made").value === "yes";
  for (const node of $("decide").querySelectorAll(".made")) node.hidden = !yes;
  const { register } = about.compare;
  if (!yes || !register || $("decide-number").value) return;
  const [day, clock] = register.at ? words.local(register.at).split(" ") : ["", ""];
  const known = { number: String(register.number ?? ""), sign: register.fiscal_sign ?? "", shift: register.shift ? String(register.shift) : "", date: day, time: clock };
  for (const [name, value] of Object.entries(known)) $(`decide-${name}`).value = value;
}

function body() {
  const value = (name) => $(`decide-${name}`).value.trim();
  const common = { made: value("made") === "yes", by: value("by"), why: value("why") };
  if (!common.made) return common;
  const at = words.moment(value("date"), value("time"));
  return { ...common, number: Number(value("number")) || 0, fiscal_sign: value("sign"), ...(at ? { at } : {}), ...(value("shift") ? { shift: Number(value("shift")) } : {}) };
}

async function decide() {
  if (!$("decide-made").value) return fault("decide-made", "decide.what");
  if (!$("decide-by").value.trim()) return fault("decide-by", "need.name");
  if (!$("decide-why").value.trim()) return fault("decide-why", "need.reason");
  const sent = body();
  const path = `/v1/doubts/${encodeURIComponent(about.document)}/decision`;
  if (!call || call.body !== JSON.stringify(sent)) call = api.call("POST", path, sent);
  $("decide-do").disabled = true;
  try {
    await api.send(call);
    close();
    verdict.show(verdict.ofWords("good", "done", "decide.kept"));
    await Promise.all([refreshStatus(), refreshSales()]);
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    if (!error.retry) call = null;
    trouble((words.problem(error.code) ?? []).map((text) => `${text} (${error.code})`));
  } finally {
    $("decide-do").disabled = false;
  }
}

function fault(id, key) {
  trouble(words.say(key));
  $(id).focus();
}
