// Dialogs over the page, one above the other. The top one gets Enter, Esc and the keys it wants; Tab stays inside it.
// `scans`: what a scan does meanwhile: "hold" (the default), "close" (as if Esc were pressed), or a function.

const stack = [];
const changed = [];

export const top = () => stack.at(-1);
export const isOpen = (id) => stack.some((layer) => layer.node.id === id);
export const onChange = (listener) => changed.push(listener);

export function open(id, layer) {
  close(id);
  const node = document.getElementById(id);
  stack.push({ ...layer, node, from: document.activeElement });
  node.hidden = false;
  veil();
  const first = layer.focus ?? node.querySelector("input:not([type=hidden]), select, .go");
  first?.focus();
  if (first?.select) first.select();
  for (const listener of changed) listener();
  return node;
}

export function close(id) {
  const at = stack.findIndex((layer) => layer.node.id === id);
  if (at < 0) return false;
  const [layer] = stack.splice(at, 1);
  layer.node.hidden = true;
  veil();
  const back = stack.length ? top().node.querySelector("input, select, button") : null;
  if (layer.from?.isConnected && layer.from !== document.body && !layer.from.closest("[hidden]")) layer.from.focus();
  else if (back) back.focus();
  else document.activeElement?.blur();
  for (const listener of changed) listener();
  return true;
}

// While `work` of a dialog is under way, scans wait: they belong to what comes of it.
export async function held(id, work) {
  const layer = stack.find((one) => one.node.id === id);
  const scans = layer?.scans;
  if (layer) layer.scans = "hold";
  try {
    return await work();
  } finally {
    if (layer) layer.scans = scans;
    for (const listener of changed) listener();
  }
}

// Over everything but the dialog on top.
function veil() {
  stack.forEach((layer, at) => { layer.node.style.zIndex = String(10 + 2 * at); });
  const node = document.getElementById("veil");
  node.hidden = stack.length === 0;
  node.style.zIndex = String(7 + 2 * stack.length);
}

export function closeAll() {
  while (stack.length) close(top().node.id);
}

export function tab(event) {
  const layer = top();
  if (!layer) return;
  const all = [...layer.node.querySelectorAll("input, select, button, a[href]")].filter((one) => !one.disabled && one.offsetParent);
  const at = all.indexOf(document.activeElement);
  const wanted = all[(at + (event.shiftKey ? -1 : 1) + all.length) % all.length];
  event.preventDefault();
  wanted?.focus();
  wanted?.select?.();
}

// Arrows go through rows that can be chosen.
export function walk(node, selector, step) {
  const all = [...node.querySelectorAll(selector)].filter((one) => one.offsetParent);
  const at = all.indexOf(document.activeElement.closest?.(selector) ?? document.activeElement);
  const wanted = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
  wanted?.focus();
  wanted?.select?.();
}
