// What the page knows. The agent is the truth: after any change that may concern the page, it is asked again.

import * as api from "./api.js";

export const state = {
  sales: [], // Unfinished ones, oldest first, as the API gives them.
  status: null,
  reachable: true,
  diskFull: false,
  outdated: false, // The agent was updated: the page loads itself anew once nothing stands on it.
  scansWaiting: 0,
};
const listeners = [];

export const onChange = (listener) => listeners.push(listener);
export const changed = () => { for (const listener of listeners) listener(); };

// The newest open sale, as the agent's own scanners take it.
export const current = () => state.sales.findLast((sale) => sale.state === "HELD") ?? null;
export const isReturn = (sale) => sale?.operation === "sale_return";

function once(work) {
  let running = null;
  let again = false;
  const run = async () => {
    do {
      again = false;
      await work();
    } while (again);
  };
  return () => {
    if (running) again = true;
    else running = run().catch(ignoreUnreachable).finally(() => { running = null; });
    return running;
  };
}

function ignoreUnreachable(error) {
  if (!(error instanceof api.Unreachable) && !(error instanceof api.Problem)) throw error;
}

// An answer that was on its way while this page changed a sale knows less than the page does: it is asked for again.
let changes = 0;

export const refreshSales = once(async () => {
  for (;;) {
    const before = changes;
    const { sales } = await api.get("/v1/sales");
    if (before !== changes) continue;
    state.sales = sales;
    return changed();
  }
});

export const refreshStatus = once(async () => {
  const status = await api.get("/v1/status");
  state.outdated = status.version !== document.body.dataset.version;
  state.status = { ...status, asked: performance.now() };
  changed();
});

// Seconds since the last look, so that ages go on between looks.
export const sinceLook = () => (state.status ? (performance.now() - state.status.asked) / 1000 : 0);

export function put(sale) {
  changes += 1;
  const at = state.sales.findIndex((one) => one.sale === sale.sale);
  if (at >= 0) state.sales[at] = sale;
  else state.sales.push(sale);
  changed();
}

export function finished(name) {
  changes += 1;
  state.sales = state.sales.filter((one) => one.sale !== name);
  changed();
}

export function addLine(name, line) {
  const sale = state.sales.find((one) => one.sale === name);
  if (!sale || sale.lines.some((one) => one.number === line.number)) return;
  changes += 1;
  sale.lines.push(line);
  sale.total_tiyn += line.amount_tiyn;
  changed();
}
