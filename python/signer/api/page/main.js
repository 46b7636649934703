// The live page: passes events to the store, and renders the open tab a few times a second.

import { byId } from "./dom.js";
import * as explain from "./explain.js";
import * as faults from "./faults.js";
import * as keys from "./keys.js";
import * as requests from "./requests.js";
import { follow, useToken } from "./signer.js";
import * as slots from "./slots.js";
import { addPairs, addRecords, clear } from "./store.js";

const CHART_INTERVAL = 500; // milliseconds; charts move on although nothing comes
const EVENT_INTERVAL = 250; // milliseconds; nobody reads faster, and at 2,000 requests a second a rendering replaces every row
const RENDERERS = { requests: requests.render, slots: () => slots.render(about), keys: keys.render };

let about = null;
let lost = 0;
let opened = "requests";
let isScheduled = false;
let rendered = 0; // performance.now() of the last rendering

/** Renders the open tab before the next frame: what a person did is seen at once. */
function refresh() {
  requestAnimationFrame(() => {
    rendered = performance.now();
    RENDERERS[opened]?.();
  });
}

/** Renders the open tab soon, once for all events that come until then. */
function refreshSoon() {
  if (isScheduled) return;
  isScheduled = true;
  setTimeout(() => {
    isScheduled = false;
    refresh();
  }, Math.max(0, rendered + EVENT_INTERVAL - performance.now()));
}

function begin(signer) {
  if (about && about.run !== signer.run) clear(); // another signer, or the same one started again
  about = signer;
  byId("about").textContent = `${signer.version}, ${signer.network}`;
  byId("open").hidden = !signer.is_open_to_everybody;
  slots.setClock(signer);
}

const HANDLERS = {
  signer: begin,
  records: addRecords,
  slashable: (pairs) => addPairs("slashable", pairs),
  equivocations: (pairs) => addPairs("equivocation", pairs),
  cleared: clear,
  faults: faults.show,
  keys: ({ count }) => {
    keys.setCount(count);
    if (opened === "keys") keys.open();
  },
  lost: ({ count }) => {
    lost += count;
    byId("lost").hidden = false;
    byId("lost").textContent = `${lost} requests are not shown: they came faster than they were read, or before this page.`;
  },
};

function onEvent(name, data) {
  HANDLERS[name]?.(data);
  if (opened === "requests" || name !== "records") refreshSoon();
}

function onState(state) {
  const texts = { live: "live", token: "needs its token", ended: "the signer has stopped", away: "no signer answers" };
  byId("state").textContent = texts[state];
  byId("state").className = state;
  byId("token-form").hidden = state !== "token";
}

function openTab(name, focus = false) {
  opened = name;
  const token = location.hash.match(/token=[^&]*/)?.[0];
  history.replaceState(null, "", `#${[token, name].filter(Boolean).join("&")}`); // a reload stays here
  for (const tab of byId("tabs").children) {
    const isOpen = tab.getAttribute("aria-controls") === name;
    tab.setAttribute("aria-selected", String(isOpen));
    tab.tabIndex = isOpen ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !isOpen;
    if (isOpen && focus) tab.focus();
  }
  if (name === "explain") explain.open();
  if (name === "keys") keys.open();
  refresh();
}

function setUpTabs() {
  const tabs = [...byId("tabs").children];
  const names = tabs.map((tab) => tab.getAttribute("aria-controls"));
  for (const tab of tabs) tab.addEventListener("click", () => openTab(tab.getAttribute("aria-controls")));
  byId("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) openTab(names[(names.indexOf(opened) + step + names.length) % names.length], true);
  });
}

byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(byId("token").value.trim());
});
setUpTabs();
requests.setUp(refresh);
faults.setUp();
explain.setUp();
openTab(location.hash.match(/slots|keys|faults|explain/)?.[0] ?? "requests");
setInterval(refreshSoon, CHART_INTERVAL);
follow(onEvent, onState);
