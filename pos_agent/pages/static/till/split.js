// How a total is paid. Pure: what the cashier wrote, the row in hand, and what follows from both.

export const KINDS = ["cash", "card", "mobile"];

// `typed`: kind -> tiyn, undefined for an empty row, null for one that is no sum. An empty row in hand takes the rest.
// -> {payments: [{kind, sum_tiyn}], change, left, fault: key of the words or null}
export function split(total, typed, inHand, exact) {
  if (KINDS.some((kind) => typed[kind] === null)) return { payments: [], change: 0, left: 0, fault: "pay.bad_sum" };
  const written = KINDS.reduce((sum, kind) => sum + (typed[kind] ?? 0), 0);
  const rest = Math.max(0, total - written);
  const sums = { ...typed };
  if (sums[inHand] === undefined && rest > 0) sums[inHand] = rest;
  const payments = KINDS.filter((kind) => sums[kind]).map((kind) => ({ kind, sum_tiyn: sums[kind] }));
  const paid = payments.reduce((sum, one) => sum + one.sum_tiyn, 0);
  const [left, over] = [Math.max(0, total - paid), Math.max(0, paid - total)];
  const withoutCash = paid - (sums.cash ?? 0);
  const fault = left ? "pay.left" : exact && over ? "pay.exact" : withoutCash > total ? "pay.too_much" : null;
  return { payments, change: withoutCash > total ? 0 : over, left, fault };
}
