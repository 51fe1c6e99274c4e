// The composite schedule ahead of the chosen connector, as the station would tell its CSMS.

import { Chart } from "../../emulator/charts.js";
import { scaled } from "../../emulator/words.js";

const AGAIN = 30; // seconds

export class Schedule {
  constructor(context) {
    Object.assign(this, context);
    this.card = this.root.querySelector("#lf-schedule");
    this.hours = 24;
    this.asked = 0;
    this.chart = new Chart(this.card.querySelector('[data-chart="ahead"]'), {
      series: [{ label: "Limit", colour: "--errors", fill: true, steps: true }], unit: (value) => scaled(value, "W"), height: 130,
    });
    for (const button of this.card.querySelectorAll("[data-hours]")) {
      button.addEventListener("click", () => {
        this.hours = Number(button.dataset.hours);
        for (const each of this.card.querySelectorAll("[data-hours]")) each.setAttribute("aria-pressed", String(each === button));
        this.asked = 0;
        this.ask();
      });
    }
  }

  choose(outlet) {
    this.outlet = outlet;
    this.asked = 0;
    this.ask();
  }

  news({ look, running }) {
    this.running = running;
    const seen = look?.connectors.find((each) => each.id === this.outlet?.id);
    const limits = JSON.stringify(seen?.limits ?? null);
    if (limits !== this.limits) this.asked = 0;
    this.limits = limits;
    this.ask();
  }

  async ask() {
    if (!this.running || !this.outlet || Date.now() / 1000 - this.asked < AGAIN) return;
    this.asked = Date.now() / 1000;
    const { id } = this.outlet;
    const seconds = this.hours * 3600;
    const { ok, told, why } = await this.api.ask("GET", `schedule?connector=${id}&seconds=${seconds}`);
    if (id !== this.outlet.id || seconds !== this.hours * 3600) return;
    const words = this.card.querySelector("[data-ahead]");
    if (!ok) {
      words.textContent = why;
      return;
    }
    const times = told.periods.map((period) => told.start + period.start);
    const limits = told.periods.map((period) => period.limit);
    if (times.length) {
      times.push(told.start + told.seconds);
      limits.push(limits.at(-1));
    }
    this.chart.show([times, limits], [told.start, told.start + seconds]);
    const count = told.periods.length;
    words.textContent = count > 1 ? `${count} periods` : count ? `${scaled(limits[0], "W")} throughout` : "Nothing is told.";
    this.card.dataset.periods = count;
  }
}
