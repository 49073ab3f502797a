// What must outlive the page: a payment until it is answered, and scans that were read and not judged yet.

const PAYMENT = "till.payment";
const OWN = "till.payment.own";
const SCANS = "till.scans";

const read = (store, name, nothing) => {
  try {
    return JSON.parse(store.getItem(name)) ?? nothing;
  } catch {
    return nothing;
  }
};

// A payment is shared by all pages of this browser and outlives a crash; one key, so two pages cannot make two of it.
export const payment = {
  get: () => read(localStorage, PAYMENT, null),
  set: (call) => {
    localStorage.setItem(PAYMENT, JSON.stringify(call));
    payment.own(call);
  },
  // Which page shows what becomes of it: the one that made the call, or took it over after a crash.
  own: (call) => sessionStorage.setItem(OWN, call.key),
  isOwn: (call) => Boolean(call) && sessionStorage.getItem(OWN) === call.key,
  drop: (key) => {
    if (payment.get()?.key === key) localStorage.removeItem(PAYMENT);
  },
};

// Scans belong to the page that read them.
export const scans = {
  get: () => read(sessionStorage, SCANS, []),
  set: (list) => sessionStorage.setItem(SCANS, JSON.stringify(list)),
};
