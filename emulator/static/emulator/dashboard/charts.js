// The dashboard's charts: the columns of the range, and the points that came since.

import { Chart } from "../charts.js";
import { count, milliseconds, rate, scaled } from "../words.js";

const STATES = [
  ["charging", "Charging", "--c-charging"], ["connected", "Connected", "--c-connected"],
  ["pending", "Pending", "--c-pending"], ["disconnected", "Disconnected", "--c-disconnected"],
  ["faulted", "Faulted", "--c-faulted"], ["held back", "Held back", "--c-held"],
  ["stopped", "Stopped", "--c-stopped"], ["disabled", "Disabled", "--c-disabled"],
];
const COLOURS = ["--one", "--two", "--three", "--four"];
const short = (value) => `${+value.toFixed(1)} s`;

// {chart: [options, what of a history, what of the figures of now]}; the latter two give the
// values of the chart's series, in their order.
const KINDS = {
  states: [
    { series: STATES.map(([, label, colour]) => ({ label, colour })), unit: count, stacked: true, whole: true },
    (past) => past.stations && STATES.map(([name]) => past.stations.states[name]),
    (now) => now.stations?.states && STATES.map(([name]) => now.stations.states[name]),
  ],
  power: [
    { series: [{ label: "Power", colour: "--one", fill: true }], unit: (value) => scaled(value, "W") },
    (past) => past.stations && [past.stations.power_w],
    (now) => now.stations?.states && [now.stations.power_w],
  ],
  energy: [
    { series: [{ label: "Energy", colour: "--three" }], unit: (value) => scaled(value, "Wh"), floating: true },
    (past) => past.stations && [past.stations.energy_wh],
    (now) => now.stations?.states && [now.stations.energy_wh],
  ],
  messages: [
    { series: [
      { label: "Sent", colour: "--one", fill: true }, { label: "Received", colour: "--three" },
      { label: "Errors", colour: "--errors" }], unit: (value) => rate(value).replace(" /s", "") },
    (past) => past.messages && [past.messages.sent, past.messages.received, past.messages.errors],
    (now) => now.messages?.actions && [now.messages.sent, now.messages.received, now.messages.errors],
  ],
  latency: [
    { series: [{ label: "Median", colour: "--one" }, { label: "95 %", colour: "--two" }], unit: milliseconds },
    (past) => past.messages && [past.messages.p50, past.messages.p95],
    () => null,
  ],
  queues: [
    { series: ["messages", "sync", "maintenance"].map((label, at) => ({ label, colour: COLOURS[at] })), unit: count, whole: true },
    (past) => ["messages", "sync", "maintenance"].map((name) => past.platform.queues[name]),
    (now) => ["messages", "sync", "maintenance"].map((name) => now.platform.queues[name]),
  ],
  lag: [
    { series: [{ label: "Log", colour: "--one" }, { label: "Sync", colour: "--two" }], unit: short },
    (past) => [past.platform.log_lag, past.platform.sync_lag],
    (now) => [now.platform.log_lag, now.platform.sync_lag],
  ],
};

export class Charts {
  constructor(root) {
    this.charts = new Map();
    this.points = []; // of now, since the page was opened
    for (const place of root.querySelectorAll("[data-chart]")) {
      const [options] = KINDS[place.dataset.chart];
      this.charts.set(place.dataset.chart, new Chart(place, options));
    }
  }

  history(message) {
    this.past = message;
    this.draw();
  }

  figures(message) {
    this.points.push(message);
    const oldest = message.time - 900;
    while (this.points[0].time < oldest) this.points.shift();
    if (this.past) this.draw();
  }

  draw() {
    const now = this.points.at(-1)?.time ?? Date.now() / 1000;
    const span = [now - this.past.seconds, now];
    // What came since the newest whole document; on a long range a point in some is enough.
    const after = (this.past.t.at(-1) ?? 0) + this.past.step / 2;
    const thin = Math.max(1, Math.round(this.past.step / 60));
    const fresh = this.points.filter((point, at) => point.time > after && at % thin === 0);
    for (const [name, chart] of this.charts) {
      const [, old, fresher] = KINDS[name];
      const columns = old(this.past);
      if (!columns) continue;
      const late = fresh.map((point) => [point.time, fresher(point)]).filter(([, values]) => values);
      const times = [...this.past.t, ...late.map(([moment]) => moment)];
      const values = chart.series.map((_, at) => [
        ...(columns[at] ?? this.past.t.map(() => null)), ...late.map(([, each]) => each[at] ?? null)]);
      chart.show([times, ...values], span);
    }
  }
}
