// The signer over HTTP: its operations, and the stream of its events.

const BASE = "/_signer/";
const RETRY = 1000; // milliseconds

// The fragment never leaves the browser, so that the token is in no log of a server.
let token = new URLSearchParams(location.hash.slice(1)).get("token");
let wake = () => {};

export function useToken(text) {
  token = text;
  wake();
}

function headers(others = {}) {
  return token ? { Authorization: `Bearer ${token}`, ...others } : others;
}

/** The JSON of an operation. Throws an Error with the signer's message and its `status`. */
export async function ask(method, path, body) {
  const response = await fetch(BASE + path, { method, headers: headers(), body });
  const text = await response.text();
  if (response.ok) return JSON.parse(text || "null");
  let message = `${response.status}`;
  try {
    message = JSON.parse(text).message;
  } catch {
    // a fault or a proxy answered something else
  }
  throw Object.assign(new Error(message), { status: response.status });
}

/** Passes every event on, from the oldest that the signer still has; connects again for ever. */
export async function follow(onEvent, onState) {
  let lastId = "0";
  for (;;) {
    try {
      const response = await fetch(`${BASE}events`, { headers: headers({ "Last-Event-ID": lastId }) });
      if (response.status === 401 || response.status === 403) {
        onState("token");
        await new Promise((resolve) => { wake = resolve; });
        continue;
      }
      if (!response.ok) throw new Error(`the signer answered ${response.status}`);
      onState("live");
      for await (const event of events(response.body)) {
        lastId = event.id ?? lastId;
        onEvent(event.name, JSON.parse(event.data));
      }
      onState("ended");
    } catch (error) {
      onState("away", error);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  const parts = []; // of the event that is not complete
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (parts.splice(0).join("") + value).split("\n\n");
    parts.push(blocks.pop());
    for (const block of blocks) {
      const event = {};
      for (const line of block.split("\n")) {
        const [, field, text] = /^(\w+): (.*)$/.exec(line) ?? [];
        if (field === "event") event.name = text;
        else if (field) event[field] = text;
      }
      if (event.name) yield event;
    }
  }
}
