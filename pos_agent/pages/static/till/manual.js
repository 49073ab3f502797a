// F2: a number typed by a person, with a quantity; or the text of a code off the pack.

import * as api from "./api.js";
import * as layers from "./layers.js";
import * as verdict from "./verdict.js";
import * as words from "./words.js";
import { take } from "./scanning.js";

const NUMBER = /^[0-9]{8,14}$/;
const CODE_LENGTH = 18;
const LOOK_MS = 150;
const $ = (id) => document.getElementById(id);
let timer = 0;
let asked = "";

export function open(first = "") {
  if (layers.top() || verdict.isHeld()) return;
  $("manual-number").value = first;
  $("manual-quantity").value = "1";
  trouble([]);
  words.put($("manual-found"), []);
  layers.open("manual", { focus: $("manual-number"), enter: add, escape: close, scans: "close", key });
  if (first) $("manual-number").setSelectionRange(first.length, first.length);
}

export const close = () => layers.close("manual");

function key(name) {
  if (name !== "ArrowDown" && name !== "ArrowUp") return false;
  layers.walk($("manual"), "input", name === "ArrowDown" ? 1 : -1);
  return true;
}

const trouble = (texts) => words.put($("manual").querySelector(".trouble"), texts);

export function bind() {
  $("manual-number").addEventListener("input", () => {
    trouble([]);
    clearTimeout(timer);
    timer = setTimeout(look, LOOK_MS);
  });
  $("manual-do").addEventListener("click", add);
  $("manual-back").addEventListener("click", close);
}

// What the number means, before it is added.
async function look() {
  const text = $("manual-number").value.trim();
  asked = text;
  if (!NUMBER.test(text)) return words.put($("manual-found"), []);
  try {
    const found = await api.post("/v1/codes/check", { code: text, source: "manual" });
    if (asked !== text) return;
    const { product } = found;
    words.put($("manual-found"), product
      ? words.name(product).map((name, at) => (at ? name : `${name} · ${words.tenge(product.price_tiyn)}`))
      : words.say("manual.none"));
  } catch (error) {
    if (!(error instanceof api.Problem) && !(error instanceof api.Unreachable)) throw error;
  }
}

function add() {
  const text = $("manual-number").value.trim();
  const quantity_milli = thousandths($("manual-quantity").value);
  const number = NUMBER.test(text);
  if (!number && text.length < CODE_LENGTH) return fault("manual-number", "manual.short");
  if (quantity_milli === null || (!number && quantity_milli !== 1000)) return fault("manual-quantity", "manual.bad_quantity");
  close();
  take(text, { source: "manual", quantity_milli });
}

function fault(id, key_) {
  trouble(words.say(key_));
  $(id).focus();
  $(id).select();
}

function thousandths(text) {
  const found = /^(\d{1,6})(?:[.,](\d{1,3}))?$/.exec(text.trim());
  const milli = found ? Number(found[1]) * 1000 + Number((found[2] ?? "").padEnd(3, "0")) : 0;
  return milli > 0 ? milli : null;
}
