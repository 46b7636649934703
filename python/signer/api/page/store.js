// What the page knows: bounded, and summed up as events come.

export const MAX_RECORDS = 10_000;
const MAX_SLOTS = 32;
const MAX_KEYS = 5_000;
const MAX_PAIRS = 200;
const SECONDS = 60; // of the charts
const MAX_DURATIONS = 300; // of one second, a sample
const BIN = 0.1; // seconds; duties of one type within this time are one dot

export const store = {};

export function clear() {
  Object.assign(store, {
    records: [], // oldest first
    hanging: new Map(), // by number
    types: new Set(),
    slots: new Map(), // by slot: {first, total, bins: Map of type and bin to {type, time, count}}
    keys: new Map(), // by pubkey, the last one that signed at the end
    pairs: [],
    seconds: new Map(), // by second since 1970: {signed, durations}
  });
}

clear();

export function addRecords(records) {
  for (const record of records) {
    const earlier = store.hanging.get(record.seq);
    if (earlier) {
      Object.assign(earlier, record);
      store.hanging.delete(record.seq);
    } else {
      store.records.push(record);
      if (record.type) store.types.add(record.type.slice(0, 100));
    }
    if (!record.status) store.hanging.set(record.seq, record);
    else if (record.signature) addSignature(record);
    if (record.slot !== undefined && !earlier) addDuty(record);
  }
  if (store.records.length > MAX_RECORDS * 1.2) store.records.splice(0, store.records.length - MAX_RECORDS);
}

function addSignature(record) {
  const second = Math.floor(record.time + record.duration);
  let bucket = store.seconds.get(second);
  if (!bucket) {
    bucket = { signed: 0, durations: [] };
    store.seconds.set(second, bucket);
    const oldest = Math.max(...store.seconds.keys()) - SECONDS;
    for (const key of store.seconds.keys()) if (key < oldest) store.seconds.delete(key);
  }
  bucket.signed += 1;
  const place = Math.floor(Math.random() * bucket.signed);
  if (bucket.durations.length < MAX_DURATIONS) bucket.durations.push(record.duration);
  else if (place < MAX_DURATIONS) bucket.durations[place] = record.duration;

  const key = store.keys.get(record.pubkey) ?? { types: {}, signed: 0 };
  store.keys.delete(record.pubkey);
  store.keys.set(record.pubkey, key);
  key.signed += 1;
  key.types[record.type] = (key.types[record.type] ?? 0) + 1;
  key.last = record;
  if (store.keys.size > MAX_KEYS) store.keys.delete(store.keys.keys().next().value);
}

function addDuty(record) {
  let slot = store.slots.get(record.slot);
  if (!slot) {
    slot = { first: record.time, total: 0, bins: new Map() };
    store.slots.set(record.slot, slot);
    if (store.slots.size > MAX_SLOTS) store.slots.delete(Math.min(...store.slots.keys()));
  }
  slot.total += 1;
  const bin = Math.floor(record.time / BIN);
  const name = `${record.type} ${bin}`;
  const dot = slot.bins.get(name) ?? { type: record.type, time: record.time, count: 0 };
  dot.count += 1;
  slot.bins.set(name, dot);
}

export function addPairs(kind, pairs) {
  store.pairs.push(...pairs.map((pair) => ({ kind, ...pair })));
  if (store.pairs.length > MAX_PAIRS) store.pairs.splice(0, store.pairs.length - MAX_PAIRS);
}

/** The last minute: for each second signatures, and the median and 99th percentile in ms. */
export function lastMinute(now) {
  const points = [];
  for (let second = now - SECONDS; second < now; second += 1) {
    const { signed = 0, durations = [] } = store.seconds.get(second) ?? {};
    const sorted = [...durations].sort((a, b) => a - b);
    const percentile = (share) => (sorted.length ? sorted[Math.floor(share * (sorted.length - 1))] * 1000 : null);
    points.push({ signed, p50: percentile(0.5), p99: percentile(0.99) });
  }
  return points;
}
