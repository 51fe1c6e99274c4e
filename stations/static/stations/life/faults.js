// What is wrong with the station on purpose, each with what ends it. It is asked for when the
// station's news say that something about it has changed.

import { clockTime, counted, made } from "../../emulator/words.js";

function describe(rule) {
  const parts = [];
  if (rule.direction !== "both") parts.push(rule.direction);
  if (rule.action) parts.push(rule.action);
  if (rule.kind) parts.push(rule.kind);
  if (rule.delay_ms) parts.push(`${rule.delay_ms} ms`);
  if (rule.jitter_ms) parts.push(`+ up to ${rule.jitter_ms} ms`);
  if (rule.form) parts.push(rule.form);
  if (rule.probability < 1) parts.push(`${+(rule.probability * 100).toFixed(2)} %`);
  if (rule.count !== null) parts.push(`the next ${rule.count}`);
  const words = parts.join(" · ");
  if (rule.until === null) return [words || "every frame"];
  return [words ? `${words} · until ` : "until ", clockTime(rule.until)];
}

function saidBy(answer) {
  if (answer.nothing) return "nothing";
  return answer.code ? `CallError ${answer.code}` : JSON.stringify(answer.payload);
}

export class Faults {
  constructor(context) {
    Object.assign(this, context);
    this.list = this.root.querySelector("[data-fault-list]");
    this.may = this.allowed.has("faults");
  }

  news({ station, running }) {
    const known = JSON.stringify([running, running ? station.faults ?? null : null]);
    if (known === this.known) return;
    this.known = known;
    this.held = station.faults?.held ?? 0;
    if (running && station.faults) this.load();
    else this.list.replaceChildren();
  }

  async load() {
    const { ok, told } = await this.api.ask("GET", "faults");
    if (ok) this.show(told);
  }

  row(name, text, label, act) {
    const row = made("li", { class: "st-fault-row" }, made("span", { class: "st-badge st-warning" }, name), made("span", {}, ...[text].flat()));
    if (this.may && label) {
      const button = made("button", { type: "button", class: "fg-button" }, label);
      button.addEventListener("click", act);
      row.append(button);
    }
    this.list.append(row);
  }

  async remove(path) {
    const { ok, why } = await this.api.ask("DELETE", path);
    this.say(ok ? "The fault is cleared." : why, !ok);
    if (ok) this.load();
  }

  async end(name, body) {
    if ((await this.give(name, body)).ok) this.load();
  }

  show(faults) {
    this.list.replaceChildren();
    for (const rule of faults.frames) this.row(rule.fault, describe(rule), "Clear", () => this.remove(`faults/${rule.id}`));
    for (const each of faults.answers ?? []) {
      this.row("answer", `to ${each.action}: ${saidBy(each)}${each.count == null ? "" : ` · the next ${each.count}`}`, "Clear", () => this.remove(`faults/${each.id}`));
    }
    for (const rule of faults.rules ?? []) {
      const left = rule.count == null ? "" : `, ${rule.count} left`;
      this.row(`rule ${rule.name}`, `to ${rule.action}: ${saidBy(rule)} · answered ${counted(rule.given, "time")}${left}`);
    }
    if (faults.clock) {
      const { off_seconds: off, ppm, follow } = faults.clock;
      this.row("clock", `${off} s off, ${ppm} ppm${follow ? "" : " · does not follow the CSMS"}`, "Mend", () => this.end("clock", {}));
    }
    if (faults.half_open) this.row("half-open", "nothing is read or written", "Heal", () => this.end("heal"));
    if (faults.power === "off") {
      const back = faults.power_back ? ["back at ", clockTime(faults.power_back)] : "until it is switched on";
      this.row("no power", back, "Power on", () => this.end("power-on"));
    }
    if (this.held) this.row("held", `${this.held === 1 ? "1 of its frames waits" : `${this.held} of its frames wait`} for you in the live view`);
    if (faults.frames.length > 1) this.row("all", "every fault of frames", "Clear all", () => this.remove("faults"));
  }
}
