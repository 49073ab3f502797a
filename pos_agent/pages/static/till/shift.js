// F7: shift, reports, cash into and out of the drawer. Each changing call has one key, however often Enter is pressed.

import * as api from "./api.js";
import * as layers from "./layers.js";
import * as words from "./words.js";
import * as verdict from "./verdict.js";
import { facts } from "./result.js";
import { shiftLeft } from "./strip.js";
import { refreshStatus, state } from "./state.js";

const MENU = ["open", "x", "in", "out", "drawer", "close"];
const $ = (id) => document.getElementById(id);
const trouble = (id, texts) => words.put($(id).querySelector(".trouble"), texts);
const said = (error) => (words.problem(error.code) ?? []).map((text) => `${text} (${error.code})`);
let running = false;
const OURS = ["confirm", "cash", "who", "shift"];
// A change that is on its way is answered where it was asked for.
const leave = (id) => () => running || layers.close(id);

export function open() {
  if (layers.top() || verdict.isHeld()) return;
  trouble("shift", []);
  layers.open("shift", { focus: $(isOpenNow() ? "shift-x" : "shift-open"), enter: () => {}, escape: () => layers.close("shift"), key, typed, scans: "close" });
  draw();
  refreshStatus();
}

const isOpenNow = () => Boolean(state.status?.shift);

export function draw() {
  if (!layers.isOpen("shift")) return;
  const { shift } = state.status ?? {};
  const left = shiftLeft();
  words.put($("shift-now"), !shift ? words.say("shift.is_closed")
    : left < 0 ? words.say("shift.is_over", { n: shift.number }) : words.say("shift.is_open", { n: shift.number, t: words.lasting(left) }));
  $("shift-open").disabled = Boolean(shift);
  $("shift-close").disabled = $("shift-x").disabled = !shift;
}

function key(name) {
  if (name !== "ArrowDown" && name !== "ArrowUp") return false;
  layers.walk($("shift"), ".menu button:not(:disabled)", name === "ArrowDown" ? 1 : -1);
  return true;
}

function typed(char) {
  const chosen = MENU[Number(char) - 1];
  if (chosen && !$(`shift-${chosen}`).disabled) $(`shift-${chosen}`).click();
}

export function bind() {
  const work = { open: who, x: xReport, in: () => cash("in"), out: () => cash("out"), drawer, close: confirmClose };
  for (const name of MENU) $(`shift-${name}`).addEventListener("click", work[name]);
  for (const id of ["shift", "cash", "who", "confirm", "report"]) {
    $(`${id}-back`)?.addEventListener("click", () => layers.top()?.escape());
    $(`${id}-do`)?.addEventListener("click", () => layers.top()?.enter());
  }
}

// One call at a time; what goes wrong stands where it was asked for, or as the verdict when that was left meanwhile.
async function once(id, work) {
  if (running) return;
  running = true;
  trouble(id, []);
  const button = $(`${id}-do`);
  if (button) button.disabled = true;
  try {
    await work();
  } catch (error) {
    if (error instanceof api.Problem && !layers.isOpen(id)) verdict.show(verdict.ofProblem(error));
    else if (error instanceof api.Problem) trouble(id, said(error));
    else if (error instanceof api.Unreachable) trouble(id, words.say("state.agent"));
    else throw error;
  } finally {
    running = false;
    if (button) button.disabled = false;
    refreshStatus();
  }
}

// A call that got no final answer is repeated as it was: its key keeps one move of cash one.
function repeating() {
  const made = new Map();
  return async (method, path, body) => {
    const name = path + JSON.stringify(body);
    if (!made.has(name)) made.set(name, api.call(method, path, body));
    try {
      const answer = await api.send(made.get(name));
      made.delete(name);
      return answer;
    } catch (error) {
      if (error instanceof api.Problem && !error.retry) made.delete(name);
      throw error;
    }
  };
}
const change = repeating();

function done(key_, values, after = () => {}) {
  for (const id of OURS) layers.close(id); // Nobody else's: the answer may have come late.
  verdict.show(verdict.ofWords("good", "done", key_, values));
  after();
}

function who() {
  $("who-name").value = localStorage.getItem("till.cashier") || document.body.dataset.cashier;
  trouble("who", []);
  layers.open("who", { focus: $("who-name"), enter: openShift, escape: leave("who"), scans: "hold" });
}

const openShift = () => once("who", async () => {
  const cashier = $("who-name").value.trim();
  const made = await change("POST", "/v1/shift/open", { cashier });
  localStorage.setItem("till.cashier", cashier);
  done("shift.opened", { n: made.shift });
});

const xReport = () => once("shift", async () => report("report.title_x", await api.get("/v1/shift/x-report")));

function report(title, made) {
  words.title($("report-title"), title);
  facts($("report-facts"), [
    ["report.shift", String(made.shift)],
    ["report.documents", String(made.document_count)],
    ["report.sales", `${made.sales_count} · ${words.tenge(made.sales_tiyn)}`],
    ["report.returns", `${made.returns_count} · ${words.tenge(made.returns_tiyn)}`],
    ["report.put", words.tenge(made.put_tiyn)],
    ["report.taken", words.tenge(made.taken_tiyn)],
    ["report.cash", words.tenge(made.cash_tiyn)],
  ]);
  trouble("report", []);
  layers.open("report", { focus: $("report-do"), enter: () => layers.close("report"), escape: () => layers.close("report"), scans: "hold" });
}

function cash(direction) {
  words.title($("cash-title"), `cash.title_${direction}`);
  $("cash-sum").value = "";
  trouble("cash", []);
  layers.open("cash", { focus: $("cash-sum"), enter: () => move(direction), escape: leave("cash"), scans: "hold" });
}

const move = (direction) => once("cash", async () => {
  const sum_tiyn = words.tiyn($("cash-sum").value);
  if (!sum_tiyn) return trouble("cash", words.say("pay.bad_sum"));
  await change("POST", "/v1/cash", { direction, sum_tiyn });
  done(`cash.done_${direction}`, { sum: words.tenge(sum_tiyn) });
});

const drawer = () => once("shift", async () => {
  await api.post("/v1/register/drawer");
  done("shift.drawer_open");
});

function confirmClose() {
  words.title($("confirm-title"), "shift.close");
  words.put($("confirm-what"), words.say("shift.confirm", { n: state.status.shift.number }));
  trouble("confirm", []);
  layers.open("confirm", { focus: $("confirm-do"), enter: closeShift, escape: leave("confirm"), scans: "hold" });
}

const closeShift = () => once("confirm", async () => {
  const made = await change("POST", "/v1/shift/close", {});
  done("shift.closed", { n: made.document.shift }, () => report("report.title_z", made.document));
});
