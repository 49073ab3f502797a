// F6: goods coming back, on a receipt of this till (its QR, fiscal sign or number) or on the five facts of another one.

import * as api from "./api.js";
import * as layers from "./layers.js";
import * as words from "./words.js";
import * as verdict from "./verdict.js";
import { options } from "./asking.js";
import { GONE } from "./scanning.js";
import { current, put, refreshSales } from "./state.js";

const SIGN_LENGTH = 8; // Numbers of receipts in a shift are shorter than fiscal signs.
const $ = (id) => document.getElementById(id);
let busy = false;
let beginning = false; // Enter twice opens one return.

export async function open() {
  if (layers.top() || verdict.isHeld() || !(await free())) return;
  $("return-field").value = "";
  listed([]);
  trouble("returning", []);
  layers.open("returning", { focus: $("return-field"), enter, escape: () => layers.close("returning"), key, scans: scanned });
}

// A return is a receipt of its own: an open one with goods must be finished first; an empty one is dropped.
async function free() {
  const sale = current();
  if (!sale) return true;
  if (sale.lines.length) {
    verdict.show(verdict.ofWords("look", "look", "return.busy"));
    return false;
  }
  try {
    await api.change("POST", `/v1/sales/${sale.sale}/cancellation`, { why: "a return was opened" });
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    if (!GONE.has(error.code)) {
      verdict.show(verdict.ofProblem(error));
      return false;
    }
  }
  await refreshSales();
  return !current() || free();
}

const trouble = (id, texts) => words.put($(id).querySelector(".trouble"), texts);
const said = (error) => (words.problem(error.code) ?? []).map((text) => `${text} (${error.code})`);

function key(name) {
  if (name === "F2") five();
  else if (name === "ArrowDown" || name === "ArrowUp") layers.walk($("returning"), "input, li button", name === "ArrowDown" ? 1 : -1);
  else return false;
  return true;
}

export function bind() {
  $("return-find").addEventListener("click", find);
  $("return-five").addEventListener("click", () => five());
  $("return-back").addEventListener("click", () => layers.close("returning"));
  $("basis-do").addEventListener("click", byFacts);
  $("basis-back").addEventListener("click", () => layers.close("basis"));
}

const enter = () => find();

function scanned(text, link) {
  find(link ?? text);
  return true;
}

// The QR of a receipt, scanned with no dialog open: from the keyboard scanner or from one of the agent's.
export async function fromLink(link) {
  if (layers.top()?.node.id !== "returning") {
    layers.closeAll();
    await open();
  }
  if (layers.isOpen("returning")) await find(link);
}

async function find(given) {
  const text = (typeof given === "string" ? given : $("return-field").value).trim();
  if (!text || busy) return;
  busy = true;
  await layers.held("returning", () => look(text));
}

async function look(text) {
  trouble("returning", []);
  try {
    const link = /^https?:/i.test(text);
    const asked = link ? { link: text } : text.length < SIGN_LENGTH && /^[0-9]+$/.test(text) ? { number: text } : { fiscal_sign: text };
    const { receipts, basis } = await api.get(`/v1/receipts?${new URLSearchParams(asked)}`);
    if (receipts.length === 1 && !asked.number) await begin({ sale: receipts[0].sale });
    else if (receipts.length) listed(receipts);
    else if (basis) five(basis);
    else {
      listed([]);
      trouble("returning", words.say("return.not_found"));
    }
  } catch (error) {
    if (error instanceof api.Problem) trouble("returning", said(error));
    else if (error instanceof api.Unreachable) trouble("returning", words.say("state.agent"));
    else throw error;
  } finally {
    busy = false;
  }
}

function listed(receipts) {
  $("return-found").replaceChildren(
    ...receipts.map((one) => {
      const { document: made } = one;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `№ ${made.number} · ${words.local(made.at)} · ${words.tenge(made.total_tiyn)}`;
      button.addEventListener("click", () => begin({ sale: one.sale }));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
  $("return-found").querySelector("button")?.focus();
}

function five(basis = null) {
  const known = basis ? words.local(basis.at).split(" ") : ["", ""];
  const values = {
    sign: basis?.fiscal_sign ?? "", rnm: basis?.registration_number ?? "", date: known[0], time: known[1],
    total: basis ? String(basis.total_tiyn / 100).replace(".", ",") : "",
  };
  for (const [name, value] of Object.entries(values)) $(`basis-${name}`).value = value;
  options($("basis-offline"), [["no", words.line(words.say("basis.no"))], ["yes", words.line(words.say("basis.yes"))]]);
  trouble("basis", []);
  layers.close("returning");
  layers.open("basis", {
    focus: basis ? $("basis-offline") : $("basis-sign"), enter: byFacts, escape: () => layers.close("basis"),
    scans: "hold", // What was typed is not lost to a scan.
  });
}

async function byFacts() {
  const value = (name) => $(`basis-${name}`).value.trim();
  const at = words.moment(value("date"), value("time"));
  const total_tiyn = words.tiyn(value("total"));
  const wrong = !value("sign") ? "sign" : !/^[0-9]{1,20}$/.test(value("rnm")) ? "rnm" : at === null ? (/^\d{1,2}.\d{1,2}.\d{4}$/.test(value("date")) ? "time" : "date") : !total_tiyn ? "total" : null;
  if (wrong) {
    trouble("basis", words.say("basis.bad"));
    $(`basis-${wrong}`).focus();
    return;
  }
  const basis = { fiscal_sign: value("sign"), at, registration_number: value("rnm"), total_tiyn, offline: value("offline") === "yes" };
  await begin({ basis }, "basis");
}

async function begin(body, layer = "returning") {
  if (beginning) return;
  beginning = true;
  await layers.held(layer, () => begun(body, layer));
}

async function begun(body, layer) {
  try {
    const cashier = localStorage.getItem("till.cashier") ?? "";
    const made = await api.change("POST", "/v1/returns", { ...body, cashier });
    verdict.pass(); // Now: what is scanned from here on is of the return, and its verdict stays.
    put({ ...made, lines: [], total_tiyn: 0, original: body.sale ?? null });
    layers.closeAll();
    await refreshSales();
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    trouble(layer, said(error));
  } finally {
    beginning = false;
  }
}
