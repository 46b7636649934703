// The live page: passes events to the store, and renders the open tab once per frame at most.

import { byId } from "./dom.js";
import * as explain from "./explain.js";
import * as faults from "./faults.js";
import * as keys from "./keys.js";
import * as requests from "./requests.js";
import { follow, useToken } from "./signer.js";
import * as slots from "./slots.js";
import { addPairs, addRecords, clear } from "./store.js";

const CHART_INTERVAL = 500; // milliseconds; charts move on although nothing comes
const RENDERERS = { requests: requests.render, slots: () => slots.render(about), keys: keys.render };

let about = null;
let lost = 0;
let opened = "requests";
let isScheduled = false;

function refresh() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    RENDERERS[opened]?.();
  });
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
  keys: ({ count }) => keys.setCount(count),
  lost: ({ count }) => {
    lost += count;
    byId("lost").hidden = false;
    byId("lost").textContent = `${lost} requests are not shown: they came faster than they were read, or before this page.`;
  },
};

function onEvent(name, data) {
  HANDLERS[name]?.(data);
  if (opened === "requests" || name !== "records") refresh();
}

function onState(state) {
  const texts = { live: "live", token: "needs its token", ended: "the signer has stopped", away: "no signer answers" };
  byId("state").textContent = texts[state];
  byId("state").className = state;
  byId("token-form").hidden = state !== "token";
}

function openTab(name, focus = false) {
  opened = name;
  for (const tab of byId("tabs").children) {
    const isOpen = tab.getAttribute("aria-controls") === name;
    tab.setAttribute("aria-selected", String(isOpen));
    tab.tabIndex = isOpen ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !isOpen;
    if (isOpen && focus) tab.focus();
  }
  if (name === "explain") explain.open();
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
openTab("requests");
setInterval(refresh, CHART_INTERVAL);
follow(onEvent, onState);
