// The tab of faults: set one, see its hits, remove it.

import { byId, make } from "./dom.js";
import { ask } from "./signer.js";

const READY_MADE = [
  ["Refuse attestations", "412, as slashing protection answers", { type: "ATTESTATION", status: 412 }],
  ["Refuse one block", "412 once: does the client ask again?", { type: "BLOCK_V2", status: 412, times: 1 }],
  ["Slow signer", "0.7 s later, up to 0.2 s more", { delay: 0.7, jitter: 0.2 }],
  ["Hanging signer", "no response until it is removed", { hang: true }],
  ["Wrong signature", "over another root, by the right key", { signature: "wrong_root" }],
  ["Malformed signature", "bytes that are no point", { signature: "malformed" }],
  ["Dropped connection", "it closes in the middle of the body", { drop: true }],
  ["Unknown key", "404 for every key", { status: 404 }],
  ["Flaky signer", "500 for one request in five", { status: 500, chance: 0.2 }],
  ["No keys", "the list of keys is empty", { path: "/api/v1/eth2/publicKeys", body: "[]" }],
  ["Unhealthy", "404 at /upcheck", { path: "/upcheck", status: 404 }],
  ["Not JSON", "a page in HTML instead of a signature", { content_type: "text/html", body: "<h1>502</h1>" }],
];

export function setUp() {
  const cards = READY_MADE.map(([name, meaning, fault]) =>
    make("button", { title: JSON.stringify(fault), onclick: () => set(JSON.stringify(fault)) }, name, make("small", {}, meaning)));
  byId("ready-made").replaceChildren(...cards);
  byId("fault-form").addEventListener("submit", (event) => {
    event.preventDefault();
    set(byId("fault-json").value);
  });
}

async function set(json) {
  byId("fault-problem").textContent = "";
  try {
    await ask("POST", "faults", json);
  } catch (error) {
    byId("fault-problem").textContent = error.message;
  }
}

let idsShown = "";

/** Shows the faults of an event. Rows stay while only hits change, and with them the focus. */
export function show(faults) {
  const ids = faults.map(({ id }) => id).join();
  if (ids === idsShown) {
    faults.forEach(({ hits }, i) => {
      byId("fault-rows").children[faults.length - 1 - i].children[1].textContent = hits;
    });
    return;
  }
  idsShown = ids;
  byId("no-faults").hidden = faults.length > 0;
  byId("fault-rows").replaceChildren(...faults.reverse().map(({ id, hits, ...fault }) =>
    make("tr", {},
      make("td", {}, id),
      make("td", { class: "number" }, hits),
      make("td", { class: "code" }, JSON.stringify(fault)),
      make("td", {}, make("button", { "aria-label": `remove fault ${id}`, onclick: () => ask("DELETE", `faults/${id}`) }, "Remove")))));
}
