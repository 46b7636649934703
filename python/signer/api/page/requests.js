// The tab of requests: a live table of the newest ones, and one of them in full.

import { byId, clockTime, details, make, shortKey } from "./dom.js";
import { explanation, problemText } from "./explain.js";
import { ask } from "./signer.js";
import { store } from "./store.js";

const ROWS = 200;
const BUSY_ROWS = 40; // while each rendering replaces all of them; laying out 200 takes 20 ms
const MAX_TEXT = 300; // characters of a cell; a path may have 64 KiB

const rows = new Map(); // by number: {record, status, tr}
let paused = null; // the records when it was paused
let selected = null;
let typesShown = 0;
let newestShown = 0; // number of the newest record of the last rendering

export function setUp(refresh) {
  for (const id of ["filter-type", "filter-status", "filter-text"]) byId(id).addEventListener("input", refresh);
  byId("pause").addEventListener("click", () => {
    paused = paused ? null : [...store.records];
    byId("pause").setAttribute("aria-pressed", String(paused !== null));
    byId("pause").textContent = paused ? "Go on" : "Pause";
    refresh();
  });
  byId("forget").addEventListener("click", () => ask("DELETE", "requests"));
}

export function render() {
  const records = paused ?? store.records;
  fillTypes();
  const newest = [];
  const fits = filter();
  const isBusy = (records.at(-1)?.seq ?? 0) - newestShown > ROWS;
  newestShown = records.at(-1)?.seq ?? 0;
  for (let i = records.length - 1; i >= 0 && newest.length < (isBusy ? BUSY_ROWS : ROWS); i -= 1) {
    if (fits(records[i])) newest.push(records[i]);
  }
  const body = byId("records").tBodies[0];
  const wanted = new Set(newest.map((record) => record.seq));
  for (const [seq, row] of rows) {
    if (wanted.has(seq) && row.status === row.record.status) continue;
    row.tr.remove();
    rows.delete(seq);
  }
  // Rows that stay are not moved, so that the keyboard's focus stays too.
  let next = body.firstChild;
  for (const record of newest) {
    const row = rows.get(record.seq) ?? addRow(record);
    if (row.tr === next) next = next.nextSibling;
    else body.insertBefore(row.tr, next);
  }
  byId("no-records").hidden = newest.length > 0;
  const seq = (list) => list.at(-1)?.seq ?? 0;
  const waiting = paused ? `, ${Math.max(0, seq(store.records) - seq(paused))} new since the pause` : "";
  byId("shown").textContent = `${newest.length} shown of ${records.length}${waiting}`;
}

function fillTypes() {
  if (typesShown === store.types.size) return;
  typesShown = store.types.size;
  const select = byId("filter-type");
  const chosen = select.value;
  const options = [...store.types].sort().slice(0, 100).map((type) => make("option", { value: type }, type));
  select.replaceChildren(make("option", { value: "" }, "all"), ...options);
  select.value = chosen;
}

function filter() {
  const type = byId("filter-type").value;
  const status = byId("filter-status").value;
  const text = byId("filter-text").value.trim().toLowerCase();
  const statuses = {
    signed: (record) => record.signature,
    refused: (record) => record.status >= 400,
    fault: (record) => record.fault,
    hangs: (record) => !record.status,
  };
  return (record) =>
    (!type || record.type === type) &&
    (!status || statuses[status](record)) &&
    (!text || (record.pubkey ?? "").includes(text) || record.path.toLowerCase().includes(text));
}

function addRow(record) {
  const status = record.status ? String(record.status) : "hangs";
  const what = record.type ?? `${record.method} ${record.path}`;
  let when = "";
  if (record.slot !== undefined) when = `slot ${record.slot}`;
  else if (record.epoch !== undefined) when = `epoch ${record.epoch}`;
  const reasons = [record.fault && `fault ${record.fault}`, record.conflict, record.message].filter(Boolean);
  const cell = (text, name) => {
    const shown = String(text).slice(0, MAX_TEXT);
    return make("td", { class: name, title: shown }, shown);
  };
  const open = make("button", { "aria-label": `show request ${record.seq}` }, record.seq);
  const tr = make("tr", { onclick: () => show(record) },
    make("td", {}, open),
    cell(clockTime(record.time)),
    cell(status, record.status < 400 ? "signed" : "refused"),
    cell(what),
    cell(shortKey(record.pubkey), "code"),
    cell(when),
    cell((record.duration * 1000).toFixed(1), "number"),
    cell(reasons.join(": ")),
  );
  if (record.seq === selected) tr.className = "selected";
  const row = { record, status: record.status, tr };
  rows.set(record.seq, row);
  return row;
}

async function show(record) {
  rows.get(selected)?.tr.classList.remove("selected");
  selected = record.seq;
  rows.get(selected)?.tr.classList.add("selected");
  const panel = byId("record");
  const explained = make("div", {}, make("p", { class: "quiet" }, "explaining.."));
  const body = make("pre", {}, "");
  const close = make("button", { onclick: () => { panel.hidden = true; } }, "Close");
  panel.replaceChildren(close, make("h3", {}, `Request ${record.seq}`), facts(record),
    make("h3", {}, "Explanation"), explained, make("h3", {}, "Body"), body);
  panel.hidden = false;
  try {
    const whole = await ask("GET", `requests/${record.seq}`);
    body.textContent = whole.body === undefined ? "no JSON, or no longer kept" : JSON.stringify(whole.body, null, 2);
  } catch (error) {
    body.textContent = error.message;
  }
  try {
    explained.replaceChildren(explanation(await ask("GET", `requests/${record.seq}/explain`)));
  } catch (error) {
    explained.replaceChildren(make("p", { class: "quiet" }, problemText(error)));
  }
}

function facts(record) {
  return details([
    ["request", `${record.method} ${record.path}`],
    ["type", record.type],
    ["key", record.pubkey],
    ["slot", record.slot],
    ["epoch", record.epoch],
    ["status", record.status ?? "hangs"],
    ["reason", record.message],
    ["fault", record.fault],
    ["conflict", record.conflict],
    ["reading", record.reading],
    ["signing root", record.signing_root],
    ["root that was sent", record.root_given],
    ["signature", record.signature],
    ["user agent", record.user_agent],
    ["accept", record.accept],
  ]);
}
