// The open receipt: lines, total, the buttons that depend on it.

import * as api from "./api.js";
import * as words from "./words.js";
import * as verdict from "./verdict.js";
import { current, isReturn, put, refreshSales, state } from "./state.js";

const $ = (id) => document.getElementById(id);
let picked = null; // Number of the line in hand.
let marked = null; // A line the register objects to.
let drawn = { sale: null, last: 0 };

export const mark = (number) => { marked = number; picked = number; draw(); };
export const lineInHand = () => picked;

export function draw() {
  const sale = current();
  const lines = sale?.lines ?? [];
  if (!lines.some((line) => line.number === picked)) picked = null;
  if (drawn.sale !== sale?.sale) marked = null;
  const back = isReturn(sale);
  document.body.classList.toggle("returns", back);
  words.put($("receipt-title"), words.say(back ? "receipt.return" : "receipt.sale"));
  const others = state.sales.filter((one) => one.state === "HELD").length - 1;
  words.put($("receipt-note"), others > 0 ? words.say("receipt.more", { n: others }) : sale ? [sale.sale] : []);
  fill($("lines"), sale, lines);
  const newest = lines.at(-1)?.number ?? 0;
  if (drawn.sale !== sale?.sale || newest !== drawn.last) $("lines").scrollTop = $("lines").scrollHeight;
  drawn = { sale: sale?.sale, last: newest };
  words.put($("total-label"), words.say(back ? "to_return" : "total"));
  $("total").textContent = words.tenge(sale?.total_tiyn ?? 0);
  $("total").classList.toggle("long", (sale?.total_tiyn ?? 0) >= 1e9);
  words.put($("count"), words.say("lines", { n: lines.length }));
  words.put($("pay").querySelector("span"), words.say(back ? "key.pay_out" : "key.pay"));
  $("pay").disabled = !lines.length;
  $("cancel-key").disabled = !sale;
  $("remove-key").disabled = !lines.length;
}

// Only what is new is made: a long receipt must not cost the verdict its tenth of a second.
function fill(list, sale, lines) {
  const look = `${sale?.sale} ${document.body.dataset.words}`;
  if (list.dataset.look !== look || !lines.length) list.replaceChildren(...(lines.length ? [] : [nothing(sale)]));
  list.dataset.look = look;
  const known = new Map([...list.querySelectorAll("[data-number]")].map((item) => [Number(item.dataset.number), item]));
  if (lines.length) list.querySelector(".nothing")?.remove();
  const numbers = new Set(lines.map((line) => line.number));
  for (const [number, item] of known) if (!numbers.has(number)) item.remove();
  for (const line of lines) {
    const item = known.get(line.number) ?? list.appendChild(row(line));
    item.classList.toggle("picked", line.number === picked);
    item.classList.toggle("marked", line.number === marked);
  }
}

function row(line) {
  const item = document.createElement("li");
  item.dataset.number = line.number;
  const name = cell("name");
  words.put(name, words.name(line));
  const count = cell("quantity", `${words.quantity(line.quantity_milli)} × ${words.tenge(line.price_tiyn)}`);
  const sum = cell("amount", words.tenge(line.amount_tiyn));
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = "✕";
  remove.tabIndex = -1;
  remove.setAttribute("aria-label", words.line(words.say("remove")));
  remove.addEventListener("click", () => { remove.blur(); takeOut(line.number); });
  item.append(cell("number", String(line.number)), name, count, sum, remove);
  if (line.approved_by) {
    const note = cell("note", `${words.say("senior")[0]}: ${line.approved_by}`);
    name.append(note);
  }
  item.addEventListener("click", () => { picked = line.number; draw(); });
  return item;
}

function cell(name, text = "") {
  const node = document.createElement("span");
  node.className = name;
  node.textContent = text;
  return node;
}

function nothing(sale) {
  const item = document.createElement("li");
  item.className = "nothing";
  words.put(item, words.say(sale ? "receipt.none" : "receipt.first"));
  return item;
}

export function walk(step) {
  const numbers = (current()?.lines ?? []).map((line) => line.number);
  if (!numbers.length) return;
  const at = numbers.indexOf(picked);
  picked = numbers[at < 0 ? numbers.length - 1 : Math.min(numbers.length - 1, Math.max(0, at + step))];
  draw();
  $("lines").querySelector(".picked")?.scrollIntoView({ block: "nearest" });
}

const taking = new Set(); // Lines that are on their way out: a second click takes no other.

// The line in hand, else the newest one.
export async function takeOut(number = picked ?? current()?.lines.at(-1)?.number) {
  const sale = current();
  const line = sale?.lines.find((one) => one.number === number);
  if (!line || taking.has(line)) return;
  taking.add(line);
  try {
    const left = await api.change("DELETE", `/v1/sales/${sale.sale}/lines/${number}`);
    picked = null;
    if (marked === number) marked = null;
    put(left);
    verdict.show(verdict.ofWords("look", "done", "removed", {}, { goods: verdict.goods(line) }));
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    verdict.show(verdict.ofProblem(error));
    refreshSales();
  } finally {
    taking.delete(line);
  }
}
