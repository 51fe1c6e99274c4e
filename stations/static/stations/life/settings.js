// Configuration keys or the device model: a tree by group, searched, and changed as the CSMS would.

import { made } from "../../emulator/words.js";

const GROUPS = { configuration: "Keys", vendor: "Keys of the operator" };

export class Settings {
  constructor(context) {
    Object.assign(this, context);
    this.card = this.root.querySelector("#lf-settings");
    this.tree = this.card.querySelector("[data-tree]");
    this.search = this.card.querySelector(".lf-search");
    this.said = this.card.querySelector("[data-settings-said]");
    this.open = new Set();
    this.search.addEventListener("input", () => this.draw());
    this.card.querySelector("[data-again]").addEventListener("click", () => this.load());
  }

  news({ running }) {
    this.running = running;
    if (!running && !this.settings) this.tell("Start the station to read them.");
    if (running && !this.settings && !this.asking) this.load();
  }

  tell(text, bad = false) {
    this.said.classList.toggle("st-error", bad);
    if (this.said.textContent !== text) this.said.textContent = text;
  }

  async load() {
    this.asking = true;
    if (!this.settings) this.tell("Reading them…");
    this.words ??= await fetch(this.root.dataset.words).then((answer) => answer.json()).catch(() => ({}));
    const { ok, told, why } = await this.api.ask("GET", "settings");
    if (ok) {
      this.settings = told.settings;
      this.tell("");
      this.draw();
    } else this.tell(why, true);
    setTimeout(() => { this.asking = false; }, 2000);
  }

  about(setting) {
    const table = this.words[this.told.version === "1.6" ? "1.6" : "2"] ?? {};
    return table[setting.key] ?? table[setting.key.replace(/\[[^\]]*\]/g, "")] ?? "";
  }

  place(setting) {
    if (setting.evse == null) return GROUPS[setting.group] ?? setting.group;
    const connector = setting.connector == null ? "" : `, connector ${setting.connector}`;
    return `EVSE ${setting.evse}${connector}: ${setting.group}`;
  }

  draw() {
    if (!this.settings) return;
    const wanted = this.search.value.trim().toLowerCase();
    const groups = new Map();
    let count = 0;
    for (const setting of this.settings) {
      const about = this.about(setting);
      const text = `${setting.key} ${setting.value ?? ""} ${about} ${setting.mutability}`.toLowerCase();
      if (wanted && !text.includes(wanted)) continue;
      count += 1;
      const place = this.place(setting);
      if (!groups.has(place)) groups.set(place, []);
      groups.get(place).push([setting, about]);
    }
    this.card.querySelector("[data-count]").textContent = wanted ? `${count} of ${this.settings.length}` : String(count);
    const few = groups.size === 1 || (wanted && count <= 60);
    this.tree.replaceChildren(...[...groups].map(([place, rows]) => this.group(place, rows, few)));
    if (!count) this.tree.append(made("p", { class: "fg-none" }, "No setting has that in its name, value or meaning."));
  }

  group(place, rows, open) {
    const box = made("details", { class: "lf-group" }, made("summary", {}, place, made("span", { class: "fg-name" }, `${rows.length}`)));
    const fill = () => {
      if (box.childElementCount === 1) box.append(made("ul", {}, ...rows.map(([setting, about]) => this.row(setting, about))));
    };
    box.addEventListener("toggle", () => {
      if (box.open) fill();
      if (box.open) this.open.add(place);
      else this.open.delete(place);
    });
    if (open || this.open.has(place)) {
      box.open = true;
      fill();
    }
    return box;
  }

  row(setting, about) {
    const value = setting.value == null ? "not readable" : setting.value === "" ? "(empty)" : setting.value;
    const unit = setting.unit && setting.value ? ` ${setting.unit}` : "";
    const row = made("li", { class: "lf-setting", "data-key": setting.key },
      made("div", { class: "lf-setting-head" }, made("b", {}, setting.name), made("span", { class: `st-chip lf-${setting.mutability}` }, setting.mutability)),
      made("code", { "data-value": "" }, `${value}${unit}`),
      ...(setting.waits != null ? [made("p", { class: "st-help" }, `From the next boot on: ${setting.waits}`)] : []),
      ...(about ? [made("p", { class: "st-help" }, about)] : []));
    if (setting.mutability !== "ReadOnly" && this.allowed.has("settings")) {
      const button = made("button", { type: "button", class: "fg-button", "aria-label": `Change ${setting.key}` }, "Change");
      button.addEventListener("click", () => this.edit(row, button, setting));
      row.querySelector(".lf-setting-head").append(button);
    }
    return row;
  }

  edit(row, button, setting) {
    button.hidden = true;
    const named = { class: "st-input", "aria-label": `New value of ${setting.key}`, "data-new": "" };
    const single = setting.kind === "boolean" || setting.kind === "OptionList";
    const field = single && setting.values
      ? made("select", named, ...setting.values.map((value) => made("option", value === setting.value ? { selected: "" } : {}, value)))
      : made("input", { ...named, type: setting.mutability === "WriteOnly" ? "password" : "text", value: setting.value ?? "", spellcheck: "false", autocomplete: "off" });
    const bounds = setting.low != null || setting.high != null ? `${setting.low ?? ""} to ${setting.high ?? ""}` : setting.values && !single ? `some of ${setting.values.join(", ")}` : "";
    const cancel = made("button", { type: "button", class: "fg-button" }, "Cancel");
    const form = made("form", { class: "lf-edit" }, field, made("button", { type: "submit", class: "fg-button fg-main" }, "Set"), cancel, ...(bounds ? [made("p", { class: "st-help" }, bounds)] : []));
    const end = () => {
      form.remove();
      button.hidden = false;
      button.focus();
    };
    cancel.addEventListener("click", end);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = { key: setting.key, value: field.value };
      if (setting.evse != null) body.evse = setting.evse;
      if (setting.connector != null) body.connector = setting.connector;
      const { ok, told, why } = await this.give("settings", body, `Change ${setting.key}`);
      if (ok) await this.load();
      this.tell(ok ? `${setting.key}: ${told.result.status}` : why, !ok);
    });
    row.append(form);
    field.focus();
  }
}
