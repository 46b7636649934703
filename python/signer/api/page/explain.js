// The tab of explanations: from a request to its signing root, step by step.

import { byId, details, make } from "./dom.js";
import { ask } from "./signer.js";

const OPEN_LEVELS = 2; // of the tree
let examples = null;

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
      place.replaceChildren(explanation(await ask("POST", "explain", byId("explain-json").value)));
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

/** An explanation as elements. */
export function explanation(explained) {
  const fork = explained.fork;
  const whole = make("div", {}, make("h3", {}, explained.title ?? explained.type));
  if (explained.problem) whole.append(make("p", { class: "problem" }, explained.problem));
  whole.append(details([
    ["network", explained.network],
    ["genesis validators root", explained.genesis_validators_root],
    ["fork version", fork && `${fork.version}: ${fork.why}`],
    ["fork data root: of the two above", explained.fork_data_root],
    ["domain type", explained.domain_type && `${explained.domain_type} ${explained.domain_name ?? ""}`],
    ["domain: the type, then 28 bytes of the fork data root", explained.domain],
    ["object root: of the message below", explained.object_root],
    ["signing root: SHA-256 of object root and domain", explained.signing_root],
    ["root that was sent", explained.sent_root],
    ["reading", explained.reading],
    ["key", explained.pubkey],
    ["signature", explained.signature],
    ["verifies", typeof explained.verifies === "boolean" ? (explained.verifies ? "yes" : "no") : null],
  ]));
  if (explained.message) whole.append(make("ul", { class: "tree" }, node(explained.message, 0)));
  return whole;
}

function node({ name, type, value, root, children, folded }, level) {
  const label = make("span", { class: "code" }, make("strong", {}, name), ` ${type}`, value === null || value === undefined ? "" : ` = ${value}`);
  const rootLine = make("div", { class: "code quiet" }, root);
  if (!children?.length) return make("li", {}, label, rootLine);
  const list = make("ul", {}, ...children.map((child) => node(child, level + 1)));
  if (folded) list.append(make("li", { class: "quiet" }, `${folded} more`));
  const box = make("details", level < OPEN_LEVELS ? { open: "" } : {}, make("summary", {}, label), rootLine, list);
  return make("li", {}, box);
}
