// Power, current, energy and SoC of the chosen connector: what its session's record has, and what
// came since the page was opened; the limit that holds is drawn over the power, and told in words.

import { Chart } from "../../emulator/charts.js";
import { scaled } from "../../emulator/words.js";

const MOST = 1800; // points of a connector: an hour
const watts = (value) => scaled(value, "W");
const plain = (unit) => (value) => (value == null ? "–" : `${Number(value.toFixed(1))} ${unit}`);
const CHARTS = {
  power: [{ series: [{ label: "Power", colour: "--one", fill: true }, { label: "Limit", colour: "--errors", dash: [6, 4], steps: true }], unit: watts }, ["power_w", "limit_w"]],
  current: [{ series: [{ label: "Current", colour: "--two" }], unit: plain("A") }, ["current_a"]],
  energy: [{ series: [{ label: "Energy", colour: "--three" }], unit: (v) => scaled(v, "Wh"), floating: true }, ["energy_wh"]],
  soc: [{ series: [{ label: "SoC", colour: "--four" }], unit: plain("%") }, ["soc"]],
};

// Which profile sets the limit, in words.
export function limitWords(seen, running) {
  if (!running) return "The station does not run.";
  if (!seen) return "";
  if (seen.limit_w == null && !seen.limits.length) return "No charging profile limits it.";
  const by = seen.limits[0];
  if (!by) return `Limit ${watts(seen.limit_w)}.`;
  const others = seen.limits.slice(1).map((each) => `${each.purpose} ${each.id} ${watts(each.watts)}`).join(", ");
  const shared = seen.limit_w != null && seen.limit_w < by.watts - 1 ? ", shared among those that charge" : "";
  return `Limit ${watts(seen.limit_w ?? by.watts)} by ${by.purpose} ${by.id}, stack level ${by.stack}, of ${by.source || "the CSMS"}${shared}${others ? `; also ${others}` : ""}.`;
}

export class Curves {
  constructor(context) {
    Object.assign(this, context);
    this.card = this.root.querySelector("#lf-curves");
    this.points = new Map(); // connector -> points of now
    this.past = new Map(); // connector -> [session, its samples]
    this.minutes = 5;
    this.charts = new Map();
    for (const place of this.card.querySelectorAll("[data-chart]")) {
      this.charts.set(place.dataset.chart, new Chart(place, { ...CHARTS[place.dataset.chart][0], height: 150 }));
    }
    for (const button of this.card.querySelectorAll("[data-minutes]")) {
      button.addEventListener("click", () => {
        this.minutes = Number(button.dataset.minutes);
        for (const each of this.card.querySelectorAll("[data-minutes]")) each.setAttribute("aria-pressed", String(each === button));
        this.draw();
      });
    }
  }

  choose(outlet) {
    this.outlet = outlet;
    this.card.querySelector("[data-of]").textContent = `${outlet.id}, ${outlet.kind}`;
    this.draw();
  }

  news({ time, station, look, running }) {
    this.now = time;
    this.running = running;
    for (const seen of look?.connectors ?? []) {
      if (!this.points.has(seen.id)) this.points.set(seen.id, []);
      const points = this.points.get(seen.id);
      if (points.at(-1)?.t !== look.time) points.push({ t: look.time, ...seen });
      if (points.length > MOST) points.shift();
    }
    for (const live of station.connectors ?? []) this.record(live);
    this.draw();
  }

  // The record of a session that goes on, once.
  async record(live) {
    const transaction = live.transaction ?? "";
    if (!this.root.dataset.session || this.past.get(live.id)?.[0] === transaction) return;
    this.past.set(live.id, [transaction, [], null]);
    if (live.transaction == null) return;
    const query = new URLSearchParams({ station: this.told.identity, state: "active", limit: 50 });
    const ask = async (address) => (await fetch(address, { headers: { Accept: "application/json" } })).json();
    try {
      const { items } = await ask(`/api/transactions?${query}`);
      const found = items.find((item) => item.connector === live.id);
      if (!found) return;
      const { samples } = await ask(`/api/transactions/${encodeURIComponent(found.id)}`);
      this.past.set(live.id, [transaction, samples, Date.parse(found.started) / 1000]);
      this.draw();
    } catch {
      // The curve begins with what comes now.
    }
  }

  draw() {
    if (!this.outlet || !this.now) return;
    const points = this.points.get(this.outlet.id) ?? [];
    const [, samples, started] = this.past.get(this.outlet.id) ?? ["", [], null];
    const first = points[0]?.t ?? Infinity;
    const all = [...samples.filter((sample) => sample.t < first), ...points];
    const begin = this.minutes ? this.now - this.minutes * 60 : (started ?? all[0]?.t ?? this.now - 900);
    const shown = all.filter((point) => point.t >= begin);
    const times = shown.map((point) => point.t);
    for (const [name, chart] of this.charts) {
      const fields = CHARTS[name][1];
      chart.show([times, ...fields.map((field) => shown.map((point) => point[field] ?? null))], [begin, this.now]);
    }
    this.card.querySelector("[data-limit]").textContent = limitWords(points.at(-1), this.running);
    this.card.dataset.points = shown.length;
  }
}
