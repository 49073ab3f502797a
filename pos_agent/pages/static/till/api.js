// Calls of the agent. A changing call is kept before it is sent and repeated with its key and its very bytes until it is
// answered: also after a reload, a crash of the browser and a restart of the agent.

const PAUSE_MS = 1000;
const AGAIN = new Set(["P-406", "P-409", "S-303"]); // Nothing was said; the same call again after a pause.
const listeners = { down: () => {}, up: () => {} };
let reachable = true;

export class Problem extends Error {
  constructor(body, status) {
    super(body.code);
    Object.assign(this, { code: body.code, body, status, messages: body.messages, retry: Boolean(body.retry) });
  }
}

export class Unreachable extends Error {}

export const onLink = (down, up) => Object.assign(listeners, { down, up });

export async function get(path) {
  return read(await ask(path, { headers: { Accept: "application/json" } }));
}

// One changing call without a key of its own need: asking the register again, opening the drawer, a check.
export async function post(path, body = {}) {
  return read(await ask(path, request({ method: "POST", body: JSON.stringify(body), key: crypto.randomUUID() })));
}

export function call(method, path, body = {}, more = {}) {
  return { key: crypto.randomUUID(), method, path, body: JSON.stringify(body), at: Date.now(), ...more };
}

// Raises Problem; never Unreachable: it waits for the agent as long as it takes.
export async function send(made) {
  for (;;) {
    try {
      return await read(await ask(made.path, request(made)));
    } catch (error) {
      if (!(error instanceof Unreachable) && !(error instanceof Problem && AGAIN.has(error.code))) throw error;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}

export const change = (method, path, body) => send(call(method, path, body));

function request({ method, body, key }) {
  return { method, body, headers: { "Content-Type": "application/json", "Idempotency-Key": key, Accept: "application/json" } };
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    if (reachable) listeners.down();
    reachable = false;
    throw new Unreachable(path);
  }
  if (!reachable) {
    reachable = true;
    listeners.up();
  }
  return answer;
}

async function read(answer) {
  let body;
  try {
    body = await answer.json();
  } catch {
    throw new Unreachable(answer.url); // Cut off in the middle: nothing was said.
  }
  if (answer.ok) return body;
  if (body.code === "P-401") signIn();
  throw new Problem(body, answer.status);
}

export function signIn() {
  location.assign("/sign-in?next=/till");
}
