// The cashier's page: puts the parts together. Every call is of the public API (docs/integrate.md).

import * as api from "./api.js";
import * as asking from "./asking.js";
import * as deciding from "./deciding.js";
import * as layers from "./layers.js";
import * as manual from "./manual.js";
import * as paying from "./paying.js";
import * as receipt from "./receipt.js";
import * as result from "./result.js";
import * as returning from "./returning.js";
import * as scanning from "./scanning.js";
import * as shift from "./shift.js";
import * as strip from "./strip.js";
import * as verdict from "./verdict.js";
import * as sounds from "./sounds.js";
import * as words from "./words.js";
import { follow } from "./events.js";
import { listen } from "./keys.js";
import { changed, current, finished, onChange, refreshSales, refreshStatus, state } from "./state.js";

const LOOK_MS = 5000;
const $ = (id) => document.getElementById(id);

const actions = { decide: deciding.open, settle: settle, shift: shift.open };

// A red answer, and what is written into a dialog, wait for their person over an update, too.
function renew() {
  if (state.outdated && !layers.top() && !verdict.isHeld() && !scanning.isBusy()) location.reload();
}

function draw() {
  renew();
  receipt.draw();
  strip.draw(actions);
  verdict.draw(state.scansWaiting);
  paying.draw();
  shift.draw();
}

// Paper is back: the register is told to go on with the same document.
async function settle() {
  try {
    await api.post("/v1/register/settle");
  } catch (error) {
    if (!(error instanceof api.Problem) && !(error instanceof api.Unreachable)) throw error;
  }
  refreshStatus();
}

async function language() {
  await words.load(words.next());
  draw();
  result.draw();
}

function cancel() {
  const sale = current();
  if (!sale || layers.top() || verdict.isHeld()) return;
  words.title($("confirm-title"), "cancel.title");
  words.put($("confirm-what"), words.say("cancel.confirm", { n: sale.lines.length }));
  let dropping = false; // Scans wait for the answer: they are of the next receipt.
  const drop = async () => {
    if (dropping) return;
    dropping = true;
    try {
      await api.change("POST", `/v1/sales/${sale.sale}/cancellation`, { why: "at the till page" });
      finished(sale.sale);
      verdict.show(verdict.ofWords("look", "done", "cancelled"));
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      verdict.show(verdict.ofProblem(error));
    } finally {
      layers.close("confirm");
    }
    refreshSales();
  };
  layers.open("confirm", {
    focus: $("confirm-do"), enter: drop, escape: () => dropping || layers.close("confirm"), scans: "hold",
  });
}

const help = () => layers.top() || layers.open("help", { focus: $("help-back"), enter: () => layers.close("help"), escape: () => layers.close("help"), scans: "close" });

const KEYS = {
  F1: help, F2: () => manual.open(), F3: paying.open, F6: returning.open, F7: shift.open, F8: cancel, F9: strip.act,
  ArrowDown: () => receipt.walk(1), ArrowUp: () => receipt.walk(-1), Delete: () => receipt.takeOut(),
};
const ALWAYS = { F4: language, F9: strip.act };
const FOR_FIELDS = new Set(["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Delete", "Backspace", "Home", "End"]);

function bindKeys() {
  listen({
    scan: (text, meta) => scanning.take(text, meta),
    typed: (char) => {
      const layer = layers.top();
      if (layer) layer.typed?.(char);
      else if (/[0-9(]/.test(char) && !verdict.isHeld()) manual.open(char);
    },
    enter: () => {
      const layer = layers.top();
      if (layer) layer.enter();
      else if (verdict.inHand().ask) asking.open();
      else if (verdict.isHeld()) verdict.clear();
    },
    escape: () => {
      const layer = layers.top();
      if (layer) layer.escape();
      else if (verdict.inHand().ask) verdict.clear();
      return true;
    },
    key: (name, field) => {
      const layer = layers.top();
      if (layer?.key?.(name)) return true;
      if (ALWAYS[name]) return ALWAYS[name](), true;
      if (layer || (field && FOR_FIELDS.has(name)) || !KEYS[name]) return false;
      KEYS[name]();
      return true;
    },
    tab: (event) => layers.tab(event),
  });
  const clicks = {
    "help-key": help, "manual-key": () => manual.open(), "language-key": language, "return-key": returning.open, "shift-key": shift.open,
    "cancel-key": cancel, "remove-key": () => receipt.takeOut(), act: strip.act, pay: paying.open, "help-back": () => layers.close("help"),
  };
  for (const [id, work] of Object.entries(clicks)) $(id).addEventListener("click", () => { $(id).blur(); work(); });
  $("verdict").addEventListener("click", () => (verdict.inHand().ask ? asking.open() : verdict.isHeld() && verdict.clear()));
}

const SALES = /^(sale_|line_|document_)/;
const STATUS = /^(document_|shift_|printed|agent_)/;

function row(kind, { body }) {
  if (kind === "scan_judged") judged(body);
  if (kind === "line_added") {
    verdict.complete(body.scan, { goods: verdict.goods(body.line) });
  }
  if (kind.startsWith("document_")) paying.heard(kind, body);
  if (SALES.test(kind)) refreshSales();
  if (STATUS.test(kind)) refreshStatus();
}

// A scan of one of the agent's own scanners, or of another page (`device` is then "api").
function judged(body) {
  if (body.device === "api" || scanning.isMine(body.scan)) return;
  if (body.receipt_link) {
    const layer = layers.top();
    if (verdict.isHeld() || (layer && typeof layer.scans !== "function" && layer.scans !== "close")) sounds.play("look");
    else returning.fromLink(body.receipt_link);
    return;
  }
  if (body.problem) return verdict.show({ ...verdict.ofProblem({ code: body.problem }), scan: body.scan });
  verdict.show(verdict.ofScan({ verdict: body, scan: body.scan, sale: body.sale }));
  if (body.decision !== "allow" && body.gtin) named(body);
}

async function named({ scan, gtin }) {
  try {
    const { product } = await api.post("/v1/codes/check", { code: gtin, source: "api" });
    if (product) verdict.complete(scan, { goods: verdict.goods(product) });
  } catch (error) {
    if (!(error instanceof api.Problem) && !(error instanceof api.Unreachable)) throw error;
  }
}

async function look() {
  await refreshStatus();
  await paying.recheck();
}

async function begin() {
  api.onLink(
    () => { state.reachable = false; changed(); },
    () => { state.reachable = true; changed(); },
  );
  for (const part of [manual, asking, paying, result, returning, shift, deciding]) part.bind();
  bindKeys();
  sounds.prepare();
  onChange(draw);
  layers.onChange(scanning.pump);
  verdict.whenFree(scanning.pump);
  scanning.whenReceipt(returning.fromLink);
  follow({
    row,
    opened: () => { refreshSales(); look(); },
    lost: () => refreshStatus(), // Tells a stream that broke from an agent that is gone, and a page that was signed out.
  });
  await Promise.all([refreshSales(), refreshStatus()]);
  await paying.resume();
  scanning.pump();
  setInterval(look, LOOK_MS);
  addEventListener("till:look", look); // For whoever cannot wait for it.
  setInterval(() => { renew(); strip.draw(actions); paying.waitDraw(); }, 1000);
  document.body.dataset.ready = "yes";
}

async function boot() {
  for (;;) {
    try {
      await words.load();
      return begin();
    } catch (error) {
      if (error.message?.startsWith("words: 3") || error.message === "words: 200") return api.signIn();
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

boot();
