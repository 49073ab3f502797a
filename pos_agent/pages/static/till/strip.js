// The permanent strip, and the line below it that says what still works and what to do. Drawn from GET /v1/status.

import * as words from "./words.js";
import { sinceLook, state } from "./state.js";

const SHIFT_S = 24 * 3600;
const SHIFT_SOON_S = 2 * 3600;
const AUTONOMOUS_S = 72 * 3600;
const CODES_OLD_S = 72 * 3600;
const UNSENT_OLD_S = 3600;
const SKEW_S = 300;
const IN_FLIGHT_S = 3; // A receipt that is being made is no doubt yet.
const ICONS = { calm: "", good: "✔", look: "!", bad: "✖" };
const $ = (id) => document.getElementById(id);
let acting = null;

export const act = () => acting?.();

export function shiftLeft() {
  const { shift, register } = state.status ?? {};
  const age = register?.shift_age_s ?? shift?.age_s;
  return shift || register?.shift_open ? SHIFT_S - (age ?? 0) - sinceLook() : null;
}

export const doubts = () =>
  (state.status?.doubts ?? []).filter((doubt) => doubt.state !== "INTENDED" || doubt.age_s > IN_FLIGHT_S);

const CHIPS = {
  ismpt: ({ links }) => linkChip(links.ismpt),
  hq: ({ links }) => (links.hq?.state === "refused" || links.hq?.state === "conflict" ? ["bad", "is.refused"]
    : links.hq ? (links.hq.state === "ok" ? ["good", "is.ok"] : ["look", "is.none"]) : ["calm", "is.off"]),
  register: ({ register }) => !register ? ["calm", "is.unknown"] : !register.reachable ? ["bad", "is.none"]
    : register.waits_for ? ["look", "is.waits"] : register.offline ? ["look", "is.autonomous"] : ["good", "is.ok"],
  paper: (status) => PAPER[paper(status)],
  shift: () => {
    const left = shiftLeft();
    if (left === null) return ["calm", "is.closed"];
    const tone = left < 0 ? "bad" : left < SHIFT_SOON_S ? "look" : "good";
    return [tone, left < 0 ? "is.over" : "is.left", { t: words.clock(Math.abs(left)) }];
  },
  unsent: ({ queue, links }) => {
    if (!links.hq) return ["calm", "is.off"];
    if (!queue.unsent) return [queue.set_aside.length ? "look" : "good", "is.all_sent"];
    const old = (queue.oldest_age_s ?? 0) + sinceLook();
    return [old > UNSENT_OLD_S || queue.set_aside.length ? "look" : "good", null, {}, `${queue.unsent} · `, words.lasting(old, true)];
  },
  cache: ({ cache }) => cache.codes_age_s === null ? ["look", "is.none"]
    : [cache.codes_age_s > CODES_OLD_S ? "look" : "good", null, {}, "", words.lasting(cache.codes_age_s + sinceLook(), true)],
  clock: ({ register }) => {
    const skew = register?.clock_skew_s;
    if (skew && Math.abs(skew) > SKEW_S) return ["look", "is.skew", { t: words.lasting(Math.abs(skew)) }];
    return ["good", null, {}, words.local(new Date().toISOString(), { date: false, seconds: false })];
  },
};

const linkChip = (link) => !link ? ["calm", "is.off"]
  : { ok: ["good", "is.ok"], down: ["look", "is.none"], unknown: ["calm", "is.unknown"] }[link.state];

const PAPER = {
  ok: ["good", "is.ok"], low: ["look", "is.low"], out: ["bad", "is.none"], cover: ["bad", "is.cover"],
  unknown: ["calm", "is.unknown"],
};

function paper({ register, printer }) {
  if (register?.cover_open || printer === "cover_open") return "cover";
  if (register?.paper === "out" || printer === "paper_out") return "out";
  if (register?.paper === "low" || printer === "paper_low") return "low";
  if (register?.paper === "ok" || printer === "ok") return "ok";
  return "unknown";
}

// In order of weight: (status) -> [tone, key, values, action] or nothing.
const STATES = [
  () => !state.reachable && ["bad", "state.agent"],
  ({ journal }) => !journal.writable && ["bad", "state.journal"],
  () => state.diskFull && ["bad", "state.disk"],
  ({ scan_test: test }) => test && [
    "look", "state.scan_test", { by: test.by, t: words.lasting(Math.max(0, test.left_s - sinceLook())) },
  ],
  () => ofDoubt(doubts().find((doubt) => doubt.decides === "person")),
  () => ofDoubt(doubts()[0]),
  () => shiftLeft() !== null && shiftLeft() < 0 && ["bad", "state.shift_over", {}, "shift"],
  ({ register }) => register?.offline && register.offline_age_s > AUTONOMOUS_S && ["bad", "state.autonomous_over"],
  ({ register }) => register && !register.reachable && ["look", "state.register"],
  ({ register }) => register?.waits_for === "person" && ["look", "state.register_waits"],
  (status) => paper(status) === "out" && ["look", "state.paper"],
  (status) => paper(status) === "cover" && ["look", "state.cover"],
  ({ scanners }) => {
    const off = Object.entries(scanners).find(([, health]) => health !== "online");
    return off && ["look", "state.scanner", { name: off[0] }];
  },
  () => shiftLeft() !== null && shiftLeft() < SHIFT_SOON_S && ["look", "state.shift_soon", { t: words.lasting(shiftLeft()) }, "shift"],
  ({ links, cache }) => links.ismpt?.state === "down" && [
    "look", (cache.codes_age_s ?? Infinity) > CODES_OLD_S ? "state.offline_old" : "state.offline",
    { t: cache.codes_age_s === null ? "—" : words.lasting(cache.codes_age_s + sinceLook()) },
  ],
  ({ register }) => register?.offline && (register.offline_age_s === null // Not every register tells since when.
    ? ["look", "state.autonomous_since"]
    : ["look", "state.autonomous", { t: words.lasting(AUTONOMOUS_S - register.offline_age_s) }]),
  ({ register }) => Math.abs(register?.clock_skew_s ?? 0) > SKEW_S && [
    "look", "state.clock", { t: words.lasting(Math.abs(register.clock_skew_s)) },
  ],
  ({ links }) => ["refused", "conflict"].includes(links.hq?.state) && ["look", "state.hq_refused"],
  ({ links }) => links.hq?.state === "waiting" && ["look", "state.hq"],
];

function ofDoubt(doubt) {
  if (!doubt) return null;
  const sum = words.tenge(sumOf(doubt));
  if (doubt.decides === "person") return ["bad", "state.person", { sum }, "decide"];
  if (doubt.code === "R-216") return ["look", "state.paper_doubt", {}, "settle"];
  return ["look", "state.doubt", { sum: doubt.total_tiyn ? sum : "", t: words.lasting(doubt.age_s + sinceLook()) }];
}

const sumOf = (doubt) => doubt.total_tiyn ?? doubt.compare?.ours.total_tiyn ?? 0;

const ACTIONS = { decide: "state.person_go", settle: "state.paper_go", shift: "state.shift_go" };

// `actions`: name -> what F9 does.
export function draw(actions) {
  const { status } = state;
  if (!status) return;
  for (const [name, facts] of Object.entries(CHIPS)) drawChip(name, facts(status));
  const found = STATES.map((one) => one(status)).filter(Boolean);
  const [tone, key, values, action] = found[0] ?? ["calm", "state.calm"];
  $("state").dataset.tone = tone;
  $("state").querySelector("i").textContent = ICONS[tone];
  const texts = tone === "calm" ? [`${words.line(words.say(key))} · ${status.till} · ${localStorage.getItem("till.cashier") || document.body.dataset.cashier}`]
    : words.say(key, values);
  words.put($("state").querySelector("p"), texts);
  words.put($("state").querySelector("b"), found.length > 1 ? [`+${found.length - 1}`] : []);
  acting = action ? actions[action] : null;
  const button = $("act");
  button.classList.toggle("off", !acting);
  button.disabled = !acting;
  words.put(button.querySelector("span"), words.say(acting ? ACTIONS[action] : "key.act"));
}

function drawChip(name, [tone, key, values = {}, before = "", plain = null]) {
  const node = $(`strip-${name}`);
  const said = (plain ?? (key ? words.say(key, values) : [""])).map((text) => `${before}${text}`);
  const all = [tone, ...said].join();
  if (node.dataset.all === all) return; // Measuring the words below costs the page a layout.
  node.dataset.all = all;
  node.dataset.tone = tone;
  node.querySelector("b i").textContent = ICONS[tone];
  words.put(node.querySelector("b span"), said);
  node.classList.remove("tight");
  node.classList.toggle("tight", node.scrollWidth > node.clientWidth);
}
