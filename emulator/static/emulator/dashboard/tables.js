// Tiles and tables of the dashboard.

import { ago, count, counted, made, milliseconds, rate, scaled, seconds, since } from "../words.js";

const ORDER = ["charging", "connected", "pending", "disconnected", "faulted", "held back", "stopped", "disabled"];
const TEXTS = { charging: "Charging", connected: "Connected", pending: "Pending", disconnected: "Disconnected",
  faulted: "Faulted", "held back": "Held back", stopped: "Stopped", disabled: "Disabled" };

export class Tables {
  constructor(root) {
    this.root = root;
  }

  set(name, figure, text) {
    const place = this.root.querySelector(`[data-figure="${name}"]`);
    if (place && place.textContent !== figure) place.textContent = figure;
    const below = text && this.root.querySelector(`[data-text="${name}"]`);
    if (below && below.textContent !== text) below.textContent = text;
  }

  // Rows replace those that are there only where they differ: what is selected stays so.
  fill(id, rows, empty, counted = "") {
    const card = this.root.querySelector(id);
    if (!card) return;
    const told = card.querySelector("[data-count]");
    if (told) told.textContent = counted;
    const body = card.querySelector("tbody");
    const wide = card.querySelectorAll("th").length;
    const wanted = rows.length ? rows : [made("tr", {}, made("td", { class: "fg-empty", colspan: wide }, empty))];
    const text = wanted.map((row) => row.outerHTML).join("");
    if (this[id] !== text) body.replaceChildren(...wanted);
    this[id] = text;
  }

  figures(message) {
    this.platform(message.platform);
    if (message.stations?.states) this.stations(message.stations);
    if (message.messages?.actions) this.messages(message.messages);
    if (message.scenarios?.running) this.scenarios(message.scenarios, message.time);
  }

  platform(told) {
    const alert = this.root.querySelector("#health-problems");
    alert.hidden = !told.problems.length;
    alert.querySelector("strong").textContent = `${told.status}:`;
    const words = told.problems.join(" ");
    const place = alert.querySelector("[data-problems]");
    if (place.textContent !== words) place.textContent = words;
    this.root.querySelector("#health-cards").dataset.status = told.status;
    const queues = Object.entries(told.queues);
    const took = (value) => (value == null ? "away" : `${Math.round(value)} ms`);
    this.set("workers", count(told.workers), `${told.shards} of ${told.shards_of} shards`);
    this.set("celery", count(told.celery), `${told.beat ? "beat runs" : "beat is down"}; ${counted(told.failed_tasks, "task")} failed`);
    this.set("queues", count(queues.reduce((sum, [, depth]) => sum + depth, 0)), queues.map(([name, depth]) => `${name} ${depth}`).join(", "));
    this.set("log", seconds(told.log_lag), `${counted(told.log_buffered, "record")} on their way, ${told.log_dropped} dropped`);
    this.set("sync", ago(told.sync_lag), `${counted(told.sync_waiting, "station")} to be synced`);
    this.set("stores", [told.stores.mongodb, told.stores.redis].map(took).join(" / "));
  }

  stations(told) {
    this.set("connected", `${count(told.connected)} / ${count(told.running)}`, `connected / running, of ${count(told.stations)}`);
    this.set("charging", count(told.charging));
    this.set("power", scaled(told.power_w, "W"));
    this.set("energy", scaled(told.energy_wh, "Wh"));
    const strip = this.root.querySelector("#fg-strip");
    strip.replaceChildren(...this.parts(told.states));
    strip.setAttribute("aria-label", this.words(told.states));
    for (const item of this.root.querySelectorAll("#fg-states li")) {
      item.querySelector("b").textContent = count(told.states[item.dataset.state] ?? 0);
    }
    this.sickest(told);
    this.fill("#fg-groups", told.groups.map((group) => {
      const strip = made("div", { class: "fg-strip", role: "img", "aria-label": this.words(group.states) }, ...this.parts(group.states));
      return made("tr", {}, made("td", {}, group.name), made("td", { class: "fg-num" }, count(group.stations)),
        made("td", {}, strip, made("span", { class: "fg-name" }, this.words(group.states))),
        made("td", { class: "fg-num" }, scaled(group.power_w, "W")));
    }), "There are no tag groups.");
  }

  sickest(told) {
    const more = told.sick > told.sickest.length ? `${told.sickest.length} of ${count(told.sick)}` : count(told.sick);
    this.fill("#fg-sickest", told.sickest.map((sick) => made("tr", {},
      made("td", {}, made("a", { href: sick.link }, sick.identity), made("span", { class: "fg-name" }, sick.name)),
      made("td", {}, made("span", { class: "fg-label", "data-state": sick.label }, made("i", { class: "fg-dot" }), TEXTS[sick.label] ?? sick.label)),
      made("td", { class: "fg-why" }, ...sick.reasons.map((text) => made("div", {}, text))))),
    told.running ? "Every station that runs is well." : "No station runs.", more);
  }

  parts(states) {
    return ORDER.filter((name) => states[name]).map((name) => {
      const part = made("i");
      part.style.flexGrow = states[name];
      part.style.background = `var(--c-${name === "held back" ? "held" : name})`;
      return part;
    });
  }

  words(states) {
    const told = ORDER.filter((name) => states[name]).map((name) => `${count(states[name])} ${TEXTS[name].toLowerCase()}`);
    return told.join(", ") || "none";
  }

  messages(told) {
    this.set("messages", rate(told.sent + told.received), `${told.sent.toFixed(1)} sent, ${told.received.toFixed(1)} received`);
    this.set("errors", rate(told.errors));
    const all = told.all.answers ? milliseconds(told.all.p50) : "–";
    this.set("latency", all, told.all.answers ? `median of 5 min; 95\u00a0% in ${milliseconds(told.all.p95)}` : "no answer in 5 min");
    this.live = told.actions;
    if (this.ranged && !this.ranged.rows.length) this.answers();
  }

  // Of the range, so that it fits the charts.
  actions(rows, label) {
    this.ranged = { rows, label };
    this.answers();
  }

  // A range is kept each minute: before the first one the answers of now are better than none.
  answers() {
    const { rows, label } = this.ranged.rows.length ? this.ranged : { rows: this.live ?? [], label: "5 min" };
    this.fill("#fg-actions", rows.map((row) => made("tr", {},
      made("td", {}, row.action), made("td", { class: "fg-num" }, count(row.answers)),
      made("td", { class: "fg-num" }, milliseconds(row.p50)), made("td", { class: "fg-num" }, milliseconds(row.p95)))),
    "No answer of the CSMS has been counted in this time.", rows.length ? label : this.ranged.label);
  }

  scenarios(told, now) {
    this.fill("#fg-executions", told.running.map((one) => made("tr", {},
      made("td", {}, made("a", { href: one.link }, one.name)), made("td", { class: "fg-num" }, count(one.stations)),
      made("td", { class: "fg-num" }, since(one.started, now)))),
    "No scenario runs.", told.more ? `${told.running.length} and more` : told.running.length || "");
  }
}
