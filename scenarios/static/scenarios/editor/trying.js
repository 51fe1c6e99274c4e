// Carries out a step, or all of them, on a station at once, and shows what came of it.

import { made } from "../../emulator/words.js";
import { ENDED, stepRow } from "../runs.js";

const EVERY = 600;

export class Trying {
  // steps(whole): what to try; place: links of this page
  constructor(api, { steps, variables, liveView, execution }) {
    Object.assign(this, { api, steps, variables, page: { liveView }, execution });
    this.station = made("input", { type: "text", class: "st-input", list: "se-stations", spellcheck: "false", autocomplete: "off", placeholder: "Identity" });
    this.list = made("datalist", { id: "se-stations" });
    this.said = made("p", { class: "st-said", role: "status" });
    this.result = made("div", { "data-tried": "" });
    const button = (words, whole) => {
      const found = made("button", { type: "button", class: "st-button", ...(whole ? {} : { "data-try": "" }) }, words);
      found.addEventListener("click", () => this.begin(whole));
      return found;
    };
    this.element = made("details", { class: "se-try" }, made("summary", {}, "Try on a station"),
      made("p", { class: "st-help" }, "It is carried out at once, beside what else runs there; nothing is saved."),
      made("div", { class: "se-bar" }, made("label", {}, "Station ", this.station), this.list, button("Try this step", false), button("Try all steps", true)), this.said, this.result);
    this.element.addEventListener("toggle", () => this.stations());
  }

  async stations() {
    if (!this.element.open || this.list.childElementCount) return;
    const { ok, told } = await this.api.ask("GET", "stations?state=connected&limit=200");
    if (ok) this.list.replaceChildren(...told.items.map(({ identity }) => made("option", { value: identity })));
  }

  tell(words, bad = false) {
    this.said.classList.toggle("st-error", bad);
    this.said.textContent = words;
  }

  async begin(whole) {
    clearTimeout(this.timer);
    const steps = this.steps(whole);
    const station = this.station.value.trim();
    if (!steps?.length) return this.tell("There is no step at the cursor that can be read.", true);
    if (!station) return this.tell("Name a station.", true);
    this.result.replaceChildren();
    this.tell("It begins …");
    const { ok, told, why } = await this.api.ask("POST", "scenario-try", { station, steps, variables: this.variables() });
    if (!ok) return this.tell(why, true);
    this.id = told.id;
    return this.look();
  }

  async look() {
    const { id } = this;
    const { ok, told, why } = await this.api.ask("GET", `executions/${id}`);
    if (id !== this.id) return;
    if (!ok) return this.tell(why, true);
    const [run] = told.runs;
    const state = run?.state ?? told.state;
    this.tell(`${state}${run?.message ? `: ${run.message}` : ""}`, state === "failed");
    this.said.append(" ", made("a", { class: "st-anchor", href: this.execution.replace("__id__", id) }, "The execution"));
    if (run) this.result.replaceChildren(made("table", { class: "sc-steps" }, made("tbody", {}, ...run.steps.map((step) => stepRow(this.page, run.station, step)))));
    this.result.dataset.state = told.state;
    if (!ENDED.includes(told.state)) this.timer = setTimeout(() => this.look(), EVERY);
  }
}
