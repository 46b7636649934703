// The tab of slots: when duties came within their slots, and charts of the last minute.

import { byId, draw, make } from "./dom.js";
import { lastMinute, store } from "./store.js";

const COLOURS = 8;
const WIDTH = 1000; // of a row, in units of its drawing
const MAX_GAP = 3; // slots without duties that have a row each

const colours = new Map(); // by type
let clock = null;

export function setClock(about) {
  clock = about.clock;
  byId("clock").textContent = clock.genesis_time
    ? `Dots stand at the seconds into their slot (${clock.seconds_per_slot} s), by the clock of ${about.network}` +
      `${about.is_default_network ? ", as no --network was given" : ""}. Larger dots are several duties.`
    : `Dots stand at the seconds since the first duty of their slot: give --genesis-time, as that of ${about.network} is not known.`;
}

export function render(about) {
  if (about && !clock) setClock(about);
  charts();
  const slots = [...store.slots.keys()].sort((a, b) => b - a);
  byId("no-slots").hidden = slots.length > 0;
  const timeline = [];
  if (slots.length) timeline.push(axis());
  let previous = null;
  for (const number of slots) {
    if (previous !== null) timeline.push(...gap(previous - number - 1, previous));
    timeline.push(row(number, store.slots.get(number)));
    previous = number;
  }
  byId("timeline").replaceChildren(...timeline);
  const items = [...colours].map(([type, k]) => make("li", {}, make("span", { class: `swatch k${k}` }), ` ${type.slice(0, 60)}`));
  byId("legend").replaceChildren(...items.slice(0, 24));
}

const x = (seconds) => (seconds / (clock?.seconds_per_slot ?? 12)) * WIDTH;

function axis() {
  const thirds = [0, 1, 2].map((part) => ((clock?.seconds_per_slot ?? 12) * part) / 3);
  const labels = thirds.map((seconds) => make("span", {}, `${Number(seconds.toFixed(1))} s`));
  return make("div", { class: "row axis quiet" },
    make("span", {}, "slot"), make("div", { class: "scale" }, ...labels), make("span", {}, "duties"));
}

function row(number, slot) {
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} 22`, preserveAspectRatio: "none", role: "img",
    "aria-label": `slot ${number}: ${slot.total} duties` });
  for (const part of [1, 2]) {
    const at = (WIDTH * part) / 3;
    svg.append(draw("line", { class: "tick", x1: at, x2: at, y1: 0, y2: 22 }));
  }
  const start = startOf(number, slot);
  for (const { type, time, count } of slot.bins.values()) {
    const offset = Math.min(Math.max(time - start, 0), clock?.seconds_per_slot ?? 12);
    const height = Math.min(8 + 3 * Math.log2(count), 20);
    const dot = draw("rect", { class: `k${colourOf(type)}`, x: Math.min(x(offset), WIDTH - 6), y: 11 - height / 2, width: 6, height, rx: 3 });
    dot.append(draw("title", {}, `${count} ${type} after ${(time - start).toFixed(2)} s`));
    svg.append(dot);
  }
  return make("div", { class: "row" }, make("span", { class: "code" }, number), svg, make("span", {}, slot.total));
}

/** When a slot began: by the clock, or with its first duty where this is another chain's slot. */
function startOf(number, slot) {
  if (!clock?.genesis_time) return slot.first;
  const start = clock.genesis_time + number * clock.seconds_per_slot;
  const isNear = Math.abs(slot.first - start) < 32 * clock.seconds_per_slot;
  return isNear ? start : slot.first;
}

function gap(missing, before) {
  if (missing > MAX_GAP) return [make("p", { class: "quiet" }, `${missing} slots without duties`)];
  const empty = (_, i) => make("div", { class: "row gap" }, make("span", { class: "code quiet" }, before - 1 - i), draw("svg", { viewBox: `0 0 ${WIDTH} 22` }), make("span", { class: "quiet" }, "none"));
  return Array.from({ length: missing }, empty);
}

function colourOf(type) {
  if (!colours.has(type)) colours.set(type, Math.min(colours.size, COLOURS - 1));
  return colours.get(type);
}

function charts() {
  const points = lastMinute(Math.floor(Date.now() / 1000));
  const peak = Math.max(...points.map((point) => point.signed));
  const most = Math.max(1, peak);
  const bars = draw("g", { class: "bars" });
  points.forEach(({ signed }, i) => {
    const height = (signed / most) * 70;
    bars.append(draw("rect", { x: i * 5, y: 78 - height, width: 4, height }));
  });
  byId("rate").replaceChildren(bars);
  const last = points.at(-1);
  byId("rate-now").textContent = `${last.signed}, at most ${peak} in this minute`;
  const slowest = Math.max(1, ...points.map((point) => point.p99 ?? 0));
  const line = (name) => {
    const known = points.map((point, i) => [i * 5 + 2, point[name]]).filter(([, value]) => value !== null);
    if (known.length === 1) known.push(known[0]); // a line of one point is a dot
    return draw("polyline", { class: name, points: known.map(([at, value]) => `${at},${78 - (value / slowest) * 70}`).join(" ") });
  };
  byId("latency").replaceChildren(line("p50"), line("p99"));
  const newest = points.findLast((point) => point.p50 !== null);
  byId("latency-now").textContent = newest ? `${newest.p50.toFixed(1)}, 99th ${newest.p99.toFixed(1)}` : "none in this minute";
}
