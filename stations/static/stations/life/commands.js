// Every command of the station, by who gives it. The table comes from the API's own operations;
// a form is made when its command is opened.

import { answered, made } from "../../emulator/words.js";
import { Form } from "../../emulator/json/form.js";

const KEPT = "station-seat";
const plain = (words) => words.replaceAll("`", "");

export class Commands {
  constructor(context) {
    Object.assign(this, context);
    this.card = this.root.querySelector("#lf-commands");
    this.forms = new Map();
    this.buttons = new Map();
    if (!this.told.seats.length) return;
    const bar = this.card.querySelector(".lf-seats");
    const place = this.card.querySelector("[data-commands]");
    for (const seat of this.told.seats) {
      const button = made("button", { type: "button", "data-seat": seat.seat, "aria-pressed": "false" }, seat.title);
      button.addEventListener("click", () => this.sit(seat.seat));
      bar.append(button);
      const box = made("div", { "data-of-seat": seat.seat, hidden: "" }, ...seat.commands.map((each) => this.row(each)));
      place.append(box);
      this.buttons.set(seat.seat, { button, box, seat });
    }
    const kept = localStorage.getItem(KEPT);
    this.sit(this.buttons.has(kept) ? kept : this.told.seats[0].seat);
  }

  sit(name) {
    localStorage.setItem(KEPT, name);
    for (const [each, { button, box, seat }] of this.buttons) {
      button.setAttribute("aria-pressed", String(each === name));
      box.hidden = each !== name;
      if (each === name) this.card.querySelector("[data-seat-help]").textContent = seat.help;
    }
  }

  row(command) {
    const box = made("details", { class: "lf-command", name: "lf-command", "data-of": command.name }, made("summary", {}, command.label));
    box.addEventListener("toggle", () => { if (box.open) this.make(box, command); });
    return box;
  }

  make(box, command) {
    if (this.forms.has(command.name)) return;
    const numbers = this.told.connectors.map(({ id, kind, max_power_w: power }) => [id, `${id} · ${kind} ${power / 1000} kW`]);
    const zero = command.name === "availability" ? [[0, "0 · the whole station"]] : [];
    const form = new Form(command.schema ?? {}, {
      suggestions: this.told.suggested, choices: { connector: [...zero, ...numbers], profile: this.told.ev_profiles },
    });
    if (this.connector != null && command.name !== "availability") form.set("connector", this.connector);
    const answer = made("p", { class: "st-said", role: "status" });
    const frame = made("form", {}, ...(command.help ? [made("p", { class: "st-help" }, plain(command.help))] : []), form.element,
      made("div", { class: "fg-buttons" }, made("button", { type: "submit", class: "fg-button fg-main", "data-do": command.name }, command.label)), answer);
    frame.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(command, form, answer);
    });
    box.append(frame);
    this.forms.set(command.name, form);
  }

  async send(command, form, answer) {
    let body;
    try {
      body = form.read();
    } catch (error) {
      answer.classList.add("st-error");
      answer.textContent = error.message;
      return;
    }
    answer.classList.remove("st-error");
    answer.textContent = "…";
    const { ok, told, why } = await this.give(command.name, command.schema ? body : undefined, command.label);
    answer.classList.toggle("st-error", !ok);
    const result = told?.result ?? told;
    answer.textContent = ok ? result && Object.keys(result).length ? `Done: ${answered(result)}.` : "Done." : why;
  }

  // The connector that the cards have chosen.
  choose(id) {
    this.connector = id;
    for (const [name, form] of this.forms) if (name !== "availability") form.set("connector", id);
  }

  open(name) {
    const seat = this.told.seats.find(({ commands }) => commands.some((each) => each.name === name));
    if (!seat) return;
    this.sit(seat.seat);
    const box = this.card.querySelector(`[data-of="${name}"]`);
    box.open = true;
    this.make(box, seat.commands.find((each) => each.name === name));
    for (const inner of box.querySelectorAll("details")) inner.open = true;
    box.scrollIntoView({ block: "nearest" });
    box.querySelector("input, select, button")?.focus({ preventScroll: true });
  }

  news({ running }) {
    this.card.dataset.running = running;
    for (const button of this.card.querySelectorAll("[data-do]")) button.disabled = !running;
  }
}
