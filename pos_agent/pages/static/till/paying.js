// F3: one payment, whatever breaks. The call is kept with its key and bytes until it is answered; while its outcome is in
// doubt the register is asked and nothing is rung up again.

import * as api from "./api.js";
import * as kept from "./kept.js";
import * as layers from "./layers.js";
import * as result from "./result.js";
import * as words from "./words.js";
import * as verdict from "./verdict.js";
import * as receipt from "./receipt.js";
import { isBusy } from "./scanning.js";
import { doubts } from "./strip.js";
import { KINDS, split } from "./split.js";
import { current, finished, isReturn, refreshSales, refreshStatus, sinceLook, state } from "./state.js";

const BUSY_MS = 30;
const SPINNER_MS = 300;
const RESUME_MS = 2000;
const FRESH_MS = 120_000; // A payment cut off longer ago is not repeated before somebody says so.
const DOUBT = new Set(["R-203", "R-215", "R-216"]);
const $ = (id) => document.getElementById(id);
let sale = null; // What is being paid.
let inHand = "cash";
let running = false;
let doubt = null; // Code of the doubt our payment is in.

const field = (kind) => $(`pay-${kind}`);
const trouble = (texts) => words.put($("paying").querySelector(".trouble"), texts);

export const isOpen = () => layers.isOpen("paying");

export function open() {
  if (layers.top() || verdict.isHeld()) return;
  if (isBusy()) return void setTimeout(open, BUSY_MS); // The last scan belongs to this receipt.
  const chosen = current();
  if (!chosen?.lines.length) return;
  if (doubts().some((doubt) => doubt.sale !== chosen.sale)) return waits();
  verdict.pass();
  sale = chosen;
  const before = kept.payment.get();
  for (const kind of KINDS) field(kind).value = "";
  $("pay-xin").value = "";
  if (before?.sale === sale.sale && before.total === sale.total_tiyn) prefill(before);
  form([]);
}

// Another document is undecided: the register takes nothing before.
const waits = () => verdict.show({
  tone: "look", word: "wait", code: "R-204", reasonOf: () => words.problem("R-204"), nextOf: () => verdict.nextOf("R-204"),
});

// The form, with what is known of the payment before.
function form(texts) {
  doubt = null;
  $("pay-form").hidden = false;
  $("pay-wait").hidden = true;
  layers.open("paying", { focus: field(inHand), enter: pay, escape: close, key, scans: "hold" });
  draw();
  trouble(texts);
}

function prefill(call) {
  const { payments, customer_xin } = JSON.parse(call.body);
  for (const { kind, sum_tiyn } of payments) field(kind).value = String(sum_tiyn / 100).replace(".", ",");
  $("pay-xin").value = customer_xin ?? "";
  inHand = payments[0]?.kind ?? "cash";
}

function close() {
  if (running && !doubt) return;
  layers.close("paying");
}

function key(name) {
  if (name === "F3") pay();
  else if (name === "ArrowDown" || name === "ArrowUp") layers.walk($("pay-form"), "input", name === "ArrowDown" ? 1 : -1);
  else return false;
  return true;
}

export function bind() {
  for (const kind of KINDS) {
    field(kind).addEventListener("focus", () => { inHand = kind; draw(); });
    field(kind).addEventListener("input", draw);
    field(kind).parentElement.addEventListener("click", () => field(kind).focus());
  }
  $("pay-do").addEventListener("click", pay);
  $("pay-back").addEventListener("click", close);
}

const typed = () => Object.fromEntries(KINDS.map((kind) => [kind, words.tiyn(field(kind).value)]));
const found = () => split(sale.total_tiyn, typed(), inHand, isReturn(sale));

export function draw() {
  if (!isOpen() || !sale) return;
  sale = state.sales.find((one) => one.sale === sale.sale) ?? sale; // Another page may have changed it.
  const back = isReturn(sale);
  words.put($("paying-title"), words.say(back ? "pay.title_return" : "pay.title"));
  words.put($("pay-do").querySelector("span"), words.say(back ? "pay.do_return" : "pay.do"));
  $("pay-sum").textContent = words.tenge(sale.total_tiyn);
  const { payments, change, left, fault } = found();
  for (const kind of KINDS) {
    const sum = payments.find((one) => one.kind === kind)?.sum_tiyn;
    field(kind).placeholder = sum ? words.tenge(sum) : "";
    field(kind).parentElement.classList.toggle("picked", kind === inHand);
  }
  words.put($("pay-change-label"), words.say(fault ?? "pay.change"));
  $("pay-change").textContent = words.tenge(fault === "pay.left" ? left : change);
  $("pay-change").parentElement.classList.toggle("fault", Boolean(fault));
  if (doubt) waitDraw();
}

function pay() {
  if (running || !sale || $("pay-form").hidden) return;
  const { payments, change, fault } = found();
  const xin = $("pay-xin").value.trim();
  if (xin && !/^[0-9]{12}$/.test(xin)) return trouble(words.say("pay.bad_xin"));
  if (fault) return trouble(words.say(fault));
  const body = { payments, ...(xin ? { customer_xin: xin } : {}) };
  const before = kept.payment.get();
  const path = `/v1/sales/${sale.sale}/payment`;
  // The same payment again is the same call: its key finds whatever the first try has led to.
  const same = before?.path === path && before.body === JSON.stringify(body);
  const call = same ? before : api.call("POST", path, body, { sale: sale.sale, change, total: sale.total_tiyn, back: isReturn(sale) });
  kept.payment.set(call);
  run(call);
}

async function run(call) {
  running = true;
  trouble([]);
  $("pay-do").disabled = true;
  const spinner = setTimeout(() => wait("pay.under_way", null), SPINNER_MS);
  try {
    const paid = await api.send(call);
    settled(call);
    finished(call.sale);
    layers.close("paying");
    result.show(paid, call);
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    failed(call, error);
  } finally {
    clearTimeout(spinner);
    running = false;
    $("pay-do").disabled = false;
    refreshSales();
    refreshStatus();
  }
}

function settled(call) {
  kept.payment.drop(call.key);
  state.diskFull = false;
  doubt = null;
}

function failed(call, problem) {
  if (problem.code === "S-301") state.diskFull = true;
  if (DOUBT.has(problem.code)) {
    doubt = problem.code;
    return wait("pay.checking", problem.code);
  }
  if (problem.retry) return form([...(words.problem(problem.code) ?? []).map((text) => `${text} (${problem.code})`)]);
  settled(call);
  layers.close("paying");
  refused(problem);
  if (problem.body.line) receipt.mark(problem.body.line);
}

const refused = (problem) => verdict.show(verdict.ofProblem(problem));

function wait(key_, code) {
  if (!isOpen()) layers.open("paying", { enter: () => {}, escape: close, key, scans: "hold" });
  $("pay-form").hidden = true;
  $("pay-wait").hidden = false;
  document.activeElement?.blur();
  $("pay-wait").dataset.words = key_;
  $("pay-wait").dataset.code = code ?? "";
  waitDraw();
}

export function waitDraw() {
  if ($("pay-wait").hidden) return;
  const { words: key_, code } = $("pay-wait").dataset;
  const known = code && code !== "R-203" ? words.problem(code) : null;
  words.put($("pay-wait-words"), known ?? words.say(key_));
  words.put($("pay-wait-next"), !code ? [] : code === "R-215" ? words.say("state.person_go").map((text) => `F9 — ${text}`)
    : code === "R-216" ? words.say("state.paper_go").map((text) => `F9 — ${text}`) : words.say("pay.checking_do"));
  $("pay-wait-code").textContent = code ?? "";
  const mine = doubts().find((one) => one.sale === sale?.sale);
  words.put($("pay-wait-time"), code && mine ? words.say("pay.asked_for", { t: words.lasting(mine.age_s + sinceLook()) }) : []);
}

// What the stream says of the sale that is being paid here, or of one that was paid at another page.
export function heard(kind, body) {
  const call = kept.payment.get();
  const ours = kept.payment.isOwn(call) && call.sale === body.sale;
  if (kind === "document_made" && (body.kind === "sale" || body.kind === "sale_return")) {
    if (ours && !running) run(call);
    else if (!ours && !running) paidElsewhere(body);
  } else if (kind === "document_absent" && ours && !running && doubt) {
    reopened(call);
  } else if (kind === "document_handed_over" && ours && doubt) {
    wait("pay.checking", doubt = "R-215");
  }
}

// The same by asking, for news that passed while the stream was away.
export async function recheck() {
  const call = kept.payment.get();
  const waits = () => doubt && !running && kept.payment.isOwn(call) && !state.status?.doubts.some((one) => one.sale === call.sale);
  if (!waits()) return;
  try {
    const known = await api.get(`/v1/sales/${call.sale}`);
    if (!waits()) return;
    if (known.state === "FISCALISED") run(call);
    else if (known.state === "HELD") reopened(call);
  } catch (error) {
    if (!(error instanceof api.Problem) && !(error instanceof api.Unreachable)) throw error;
  }
}

async function reopened(call) {
  await refreshSales();
  sale = state.sales.find((one) => one.sale === call.sale) ?? sale;
  if (layers.top() && !isOpen()) { // Enter belongs to what stands open; F3 has the form as it was.
    doubt = null;
    return verdict.show(verdict.ofWords("look", "not_done", "pay.not_made"));
  }
  prefill(call);
  form(words.say("pay.not_made"));
}

function paidElsewhere(body) {
  if (isOpen() && sale?.sale === body.sale) layers.close("paying");
  const { document } = body;
  verdict.show({
    tone: "good", word: body.kind === "sale" ? "sold" : "returned",
    goods: [`№ ${document.number} · ${words.tenge(document.total_tiyn)}`], reasonOf: () => words.say("elsewhere"),
  });
}

// After a reload or a crash: a payment that nobody answered.
export async function resume() {
  const call = kept.payment.get();
  if (!call) return;
  let known;
  try {
    known = await api.get(`/v1/sales/${call.sale}`);
  } catch (error) {
    if (error instanceof api.Problem && error.code === "T-101") kept.payment.drop(call.key);
    else setTimeout(resume, RESUME_MS);
    return;
  }
  sale = known;
  kept.payment.own(call);
  if (known.state === "CANCELLED") return kept.payment.drop(call.key);
  if (known.state !== "HELD" || Date.now() - call.at < FRESH_MS) return run(call);
  layers.open("confirm", {
    scans: "hold",
    enter: () => { layers.close("confirm"); run(call); },
    escape: () => { layers.close("confirm"); kept.payment.drop(call.key); },
  });
  words.title($("confirm-title"), "pay.again");
  words.put($("confirm-what"), words.say("pay.kept", { sum: words.tenge(call.total) }));
}
