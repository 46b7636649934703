// The tab of explanations: from a request to its signing root, step by step.

import { byId, details, make } from "./dom.js";
import { publicKeys } from "./keys.js";
import { ask } from "./signer.js";

const OPEN_LEVELS = 2; // of the tree
const HOW_TO_READ = "A number is 32 bytes, its lowest byte first. A container's root comes from a row of its fields' roots: " +
  "add 32 zero bytes until the row has 1, 2, 4, 8, .. parts, then replace each two neighbours by the SHA-256 of their 64 bytes until one is left.";
let examples = null;
let shownRoots = null; // those of the explanation before, by the names on the way to a field

/** Why there is no explanation, as a sentence. */
export function problemText(error) {
  if (error.status === 404) return "This signer has no explanation for this.";
  return `Cannot explain it: ${error.message}`;
}

export function setUp() {
  byId("explain-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const place = byId("explanation");
    try {
      const explained = await ask("POST", "explain", byId("explain-json").value);
      place.replaceChildren(explanation(explained));
      markChanges(place);
      place.append(...(await commands(byId("explain-json").value)));
    } catch (error) {
      place.replaceChildren(make("p", { class: "problem" }, problemText(error)));
    }
  });
  byId("examples").addEventListener("change", () => {
    const example = examples?.[Number(byId("examples").value)];
    if (example) byId("explain-json").value = JSON.stringify(example.request, null, 2);
  });
}

/** Loads the examples when the tab is first opened. */
export async function open() {
  if (examples) return;
  try {
    examples = await ask("GET", "examples");
    const options = examples.map(({ type, fork }, i) => make("option", { value: i }, fork ? `${type} (${fork})` : type));
    byId("examples").append(...options);
  } catch (error) {
    byId("examples-problem").textContent = error.status === 404 ? "This signer has no examples." : error.message;
  }
}

/** How to send a sign request to this signer: a line of curl, with one of its keys. */
async function commands(text) {
  const document = JSON.parse(text);
  const [pubkey] = await publicKeys();
  if (!pubkey || !document.type || document.path) return []; // no key, or no sign request
  const body = JSON.stringify(document).replaceAll("'", "'\\''");
  const line = `curl -s ${location.origin}/api/v1/eth2/sign/${pubkey} -d '${body}'`;
  return [make("h3", {}, "Have it signed"), make("pre", {}, line)];
}

/** An explanation as elements. */
export function explanation(explained) {
  const fork = explained.fork;
  const whole = make("div", {}, make("h3", {}, explained.title ?? explained.type));
  if (explained.problem) whole.append(make("p", { class: "problem" }, explained.problem));
  whole.append(details([
    ["network", explained.network],
    ["fork version", fork && `${fork.version}: ${fork.why}`],
    ["genesis validators root", explained.genesis_validators_root],
    ["fork data root: SHA-256 of the version, 28 zero bytes and the root above", explained.fork_data_root],
    ["domain type", explained.domain_type && `${explained.domain_type} ${explained.domain_name ?? ""}`],
    ["domain: the type, then 28 bytes of the fork data root", explained.domain],
    ["object root: of the message below", explained.object_root],
    ["signing root: SHA-256 of the object root and the domain, 64 bytes", explained.signing_root],
    ["root that was sent", explained.sent_root],
    ["reading", explained.reading],
    ["key", explained.pubkey],
    ["signature", explained.signature],
    ["verifies", typeof explained.verifies === "boolean" ? (explained.verifies ? "yes" : "no") : null],
  ]));
  if (explained.message) {
    whole.append(make("p", { class: "quiet" }, HOW_TO_READ));
    whole.append(make("ul", { class: "tree" }, node(explained.message, 0, explained.message.name)));
  }
  return whole;
}

function node({ name, type, value, root, children, folded }, level, path) {
  const label = make("span", { class: "code" }, make("strong", {}, name), ` ${type}`, value === null || value === undefined ? "" : ` = ${value}`);
  const rootLine = make("div", { class: "code", "data-path": path }, root);
  if (!children?.length) return make("li", {}, label, rootLine);
  const list = make("ul", {}, ...children.map((child) => node(child, level + 1, `${path}.${child.name}`)));
  if (folded) list.append(make("li", { class: "quiet" }, `${folded} more`));
  const box = make("details", level < OPEN_LEVELS ? { open: "" } : {}, make("summary", {}, label), rootLine);
  if (!folded) box.append(hashes(root, children));
  box.append(list);
  return make("li", {}, box);
}

/** The hashes that lead to a container's root, computed when somebody opens them. */
function hashes(root, children) {
  const lines = make("ol", { class: "code" });
  const box = make("details", { class: "quiet" }, make("summary", {}, "its hashes"), lines);
  box.addEventListener("toggle", async () => {
    if (!lines.hasChildNodes()) lines.append(...(await merkleSteps(root, children)));
  });
  return box;
}

async function merkleSteps(root, children) {
  if (!crypto.subtle) return [make("li", {}, "This browser computes hashes for https and localhost only.")];
  const steps = [];
  let row = children.map((child) => child.root);
  const size = 2 ** Math.ceil(Math.log2(row.length));
  while (row.length < size) row.push(`0x${"00".repeat(32)}`);
  while (row.length > 1) {
    const next = [];
    for (let i = 0; i < row.length; i += 2) {
      const hash = await sha256(row[i], row[i + 1]);
      steps.push(make("li", {}, `sha256(bytes.fromhex("${row[i].slice(2)}" "${row[i + 1].slice(2)}")) = ${hash}`));
      next.push(hash);
    }
    row = next;
  }
  if (row[0] === root) return steps;
  return [make("li", {}, "The fields alone do not make this root: a list also hashes its length, and a progressive container has a tree of another shape.")];
}

async function sha256(left, right) {
  const bytes = Uint8Array.from((left + right.slice(2)).slice(2).match(/../g), (pair) => parseInt(pair, 16));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `0x${[...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Marks the roots that differ from those of the explanation before: edit a field and see how far it reaches. */
function markChanges(place) {
  const roots = new Map();
  for (const line of place.querySelectorAll("[data-path]")) {
    const earlier = shownRoots?.get(line.dataset.path);
    if (earlier && earlier !== line.textContent) line.classList.add("changed");
    roots.set(line.dataset.path, line.textContent);
  }
  shownRoots = roots;
}
