// The tab of keys: what each one signed, and messages of one key that conflict.

import { byId, clockTime, details, make } from "./dom.js";
import { ask } from "./signer.js";
import { store } from "./store.js";

const ROWS = 200;
const PAIRS = 50;
let pairsShown = null;
let listing = null; // of all public keys, a promise; asked for when somebody needs it
let loaded = []; // the first of them, as many as there are rows

export function setCount(count) {
  byId("key-count").textContent = `${count} keys are loaded. Those that signed last come first.`;
  listing = null;
}

/** All public keys; asks the signer once after each change. */
export function publicKeys() {
  listing ??= ask("GET", "keys").catch((error) => {
    listing = null;
    throw error;
  });
  return listing;
}

/** Shows the keys that signed nothing, too. */
export async function open() {
  try {
    loaded = (await publicKeys()).slice(0, ROWS);
  } catch {
    return; // the state at the top of the page says why
  }
  render();
}

export function render() {
  const keys = [...store.keys].reverse().slice(0, ROWS);
  const others = loaded.filter((pubkey) => !store.keys.has(pubkey)).slice(0, ROWS - keys.length);
  byId("key-rows").replaceChildren(...keys.map(row), ...others.map(rowWithoutSignature));
  const newest = store.pairs.at(-1);
  if (newest === pairsShown) return;
  pairsShown = newest;
  byId("pairs").replaceChildren(...store.pairs.slice(-PAIRS).reverse().map(shown));
  byId("no-pairs").hidden = store.pairs.length > 0;
}

function rowWithoutSignature(pubkey) {
  return make("tr", {}, make("td", { class: "code", colspan: 5 }, `${pubkey} has signed nothing`));
}

function row([pubkey, key]) {
  const types = Object.entries(key.types).map(([type, count]) => `${type} ${count}`);
  const { slot, epoch, type, time } = key.last;
  const when = slot !== undefined ? `slot ${slot}` : epoch !== undefined ? `epoch ${epoch}` : "";
  return make("tr", {},
    make("td", { class: "code", title: pubkey }, `${pubkey.slice(0, 14)}..${pubkey.slice(-6)}`),
    make("td", { class: "number" }, key.signed),
    make("td", {}, clockTime(time)),
    make("td", {}, `${type} ${when}`),
    make("td", {}, types.join(", ")));
}

function shown(pair) {
  const side = (name) => {
    const other = pair[name === "earlier" ? "later" : "earlier"];
    const entries = Object.entries(pair[name]).map(([member, value]) =>
      [member, make("span", { class: other[member] === value ? "" : "differs" }, value)]);
    return make("div", {}, make("h3", {}, name), details(entries));
  };
  return make("article", { class: "pair" },
    make("strong", {}, `${pair.kind}: ${pair.rule}`), make("div", { class: "code" }, pair.pubkey),
    make("div", { class: "sides" }, side("earlier"), side("later")));
}
