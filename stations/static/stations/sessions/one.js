// A session's page: its curves, meter values and messages by the API, again and again while it goes
// on; from the messages cost and signed values are told.

import { Chart } from "../../emulator/charts.js";
import { count, localTime, made, scaled, span } from "../../emulator/words.js";
import { costOf, isOf } from "./messages.js";

const EVERY = 5000;
const EVERY_MESSAGES = 15000;
const STORED = 4000; // after which the last messages are in the log
const MOST_ROWS = 300;
const MOST_MESSAGES = 200;
const ACTIONS = "StartTransaction,StopTransaction,MeterValues,TransactionEvent,CostUpdated,DataTransfer";
const root = document.getElementById("session");
let goesOn = true;
let newest = null; // id of the newest message that was seen, "" where there is none
const watts = (value) => scaled(value, "W");
const plain = (unit, digits = 0) => (value) => (value == null ? "–" : `${value.toFixed(digits)} ${unit}`);
const CHARTS = {
  power: [{ series: [{ label: "Power", colour: "--one", fill: true }, { label: "Limit", colour: "--errors", dash: [6, 4], steps: true }], unit: watts }, ["power_w", "limit_w"]],
  energy: [{ series: [{ label: "Energy", colour: "--three" }], unit: (v) => scaled(v, "Wh"), floating: true }, ["energy_wh"]],
  soc: [{ series: [{ label: "SoC", colour: "--four" }], unit: plain("%") }, ["soc"]],
  current: [{ series: [{ label: "Current", colour: "--two" }], unit: plain("A", 1) }, ["current_a"]],
};
const charts = new Map();
for (const place of root.querySelectorAll("[data-chart]")) {
  charts.set(place.dataset.chart, new Chart(place, CHARTS[place.dataset.chart][0]));
}

const set = (name, text) => {
  const place = root.querySelector(`[data-fact="${name}"]`);
  if (place && place.textContent !== text) place.textContent = text;
};
const reveal = (name, on) => {
  for (const place of root.querySelectorAll(`[data-when="${name}"]`)) place.hidden = !on;
};

async function ask(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  return answer.ok ? answer.json() : null;
}

function facts(told, now) {
  const begin = new Date(told.started) / 1000;
  const end = told.ended ? new Date(told.ended) / 1000 : Date.now() / 1000;
  const powers = told.samples.map((sample) => sample.power_w ?? 0);
  set("state", told.state);
  set("reason", told.reason ?? "");
  set("energy", scaled(told.energy_wh, "Wh"));
  set("meter", told.meter_stop == null ? String(told.meter_start) : `${told.meter_start} to ${told.meter_stop}`);
  set("duration", span(end - begin));
  const mean = end > begin ? (told.energy_wh ?? 0) / ((end - begin) / 3600) : 0;
  const active = told.state === "active";
  set("power", active ? watts(now.watts ?? powers.at(-1)) : watts(Math.max(0, ...powers)));
  set("mean", `${active ? now.words : "at most"}; mean ${watts(mean)}`);
}

// What flows in a session that goes on, and what it has cost so far: by the station itself, whose
// last meter value may be old. {watts: null where that is not known, words, cost}
async function powerNow(told) {
  if (told.state !== "active" || !root.dataset.stations) return { watts: null, words: "at the last meter value" };
  const station = await ask(`/api/stations/${encodeURIComponent(told.station)}/state`);
  if (!station) return { watts: null, words: "at the last meter value" };
  if (["stopped", "disabled", "held back"].includes(station.state)) return { watts: 0, words: `now: the station is ${station.state}` };
  const outlet = station.connectors.find((each) => each.id === told.connector);
  return { watts: outlet?.power_w ?? null, words: outlet ? "now" : "at the last meter value", cost: String(outlet?.transaction) === String(told.transaction_id) ? outlet.cost : null };
}

function draw(samples) {
  const times = samples.map((sample) => sample.t);
  const room = Math.max(5, (times.at(-1) - times[0]) * 0.02);
  for (const [name, chart] of charts) {
    const columns = CHARTS[name][1].map((field) => samples.map((sample) => sample[field] ?? null));
    if (name === "soc" || name === "current") reveal(name, columns[0].some((value) => value != null));
    chart.show([times, ...columns], [times[0] - room, times.at(-1) + room]);
  }
}

function table(id, rows, counted, empty) {
  const card = root.querySelector(id);
  card.querySelector("[data-count]").textContent = counted;
  const wide = card.querySelectorAll("th").length;
  const none = made("tr", {}, made("td", { class: "fg-empty", colspan: wide }, empty));
  card.querySelector("tbody").replaceChildren(...(rows.length ? rows : [none]));
}

function timeCell(moment) {
  const time = made("time", { datetime: new Date(moment).toISOString() });
  localTime(time);
  return made("td", {}, time);
}

function readings(samples) {
  const number = (text) => made("td", { class: "fg-num" }, text);
  const rows = samples.slice(-MOST_ROWS).reverse().map((sample) => made("tr", {},
    timeCell(sample.t * 1000), number(scaled(sample.energy_wh, "Wh")), number(watts(sample.power_w)),
    number(plain("%", 1)(sample.soc)), number(plain("A", 1)(sample.current_a)), number(plain("V")(sample.voltage_v))));
  const more = samples.length > MOST_ROWS ? `the last ${MOST_ROWS} of ${count(samples.length)}` : count(samples.length);
  table("#fg-readings", rows, more, "There are no meter values yet, or they are older than the retention.");
}

function costs(amount, by) {
  reveal("cost", true);
  set("cost", amount);
  set("cost-of", by);
}

async function refresh() {
  const told = await ask(`/api/transactions/${encodeURIComponent(root.dataset.id)}`);
  if (told) {
    const now = await powerNow(told);
    facts(told, now);
    if (now.cost) costs(`${now.cost.amount.toFixed(2)} ${now.cost.currency}`, `so far, by the station${now.cost.tariff ? `: tariff ${now.cost.tariff}` : ""}`);
    readings(told.samples);
    if (told.samples.length) draw(told.samples);
    root.dataset.readings = told.samples.length;
  }
  if (told) goesOn = told.state === "active";
  if (!told || goesOn) setTimeout(refresh, EVERY);
}

async function messages() {
  const { station, begin, end, transaction } = root.dataset;
  const query = new URLSearchParams({ station, action: ACTIONS, limit: MOST_MESSAGES, from: new Date(begin * 1000).toISOString() });
  if (end) query.set("to", new Date(end * 1000).toISOString());
  const page = await ask(`/api/messages?${query}`);
  const latest = page?.items[0]?.id ?? "";
  if (!page || latest === newest) return;
  newest = latest;
  const own = page.items.filter(isOf(transaction, page.items));
  table("#fg-messages", own.map((item) => made("tr", {},
    timeCell(item.time),
    made("td", {}, item.action, made("span", { class: "fg-name" }, `${item.kind}, ${item.direction}`)),
    made("td", { class: "fg-frame" }, item.text.length > 400 ? `${item.text.slice(0, 400)}…` : item.text))),
  page.next ? `the newest ${own.length}` : String(own.length), "None of its messages is kept.");
  const cost = costOf(own);
  if (cost) costs(cost.amount, cost.by);
  await signatures();
}

// While it goes on, and once more when its last ones are in the log.
async function follow(wait) {
  await messages();
  if (wait) setTimeout(() => follow(goesOn ? EVERY_MESSAGES : 0), goesOn ? wait : STORED);
}

// The signed values, each with what the check of its signature says.
async function signatures() {
  const told = await ask(`/api/transactions/${encodeURIComponent(root.dataset.id)}/signed`);
  reveal("signed", Boolean(told?.items.length));
  if (!told?.items.length) return;
  const checks = Object.entries(told.checks).map(([check, number]) => `${number} ${check}`).join(", ");
  const keys = { message: "by the key that came with it", session: "by the key that came with another value" };
  const rows = told.items.map(({ time, action, method, check, why, key, meter, page }) => made("tr", { "data-check": check },
    timeCell(time), made("td", {}, action), made("td", {}, meter), made("td", {}, page), made("td", {}, method),
    made("td", {}, check), made("td", {}, why || keys[key] || "")));
  table("#fg-signed", rows, `${checks}${told.whole ? "" : "; of the first messages"}`, "");
}

for (const element of root.querySelectorAll("time")) localTime(element);
await refresh();
if (root.dataset.messages) await follow(goesOn ? EVERY_MESSAGES : 0);
