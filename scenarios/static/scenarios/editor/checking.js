// The server's rules for what is being written, some tenths of a second after the last key: what is
// wrong stands at its line and below the field. What is no JSON is told at once.

import { made } from "../../emulator/words.js";
import { spanOf } from "./outline.js";

const PAUSE = 350;

export class Checking {
  // fields: {name: {editor, faults, outline()}}; values(): {name, scenarioId, tags} of the form's other fields
  constructor(api, fields, { values, told }) {
    Object.assign(this, { api, fields, values, told, serial: 0 });
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), PAUSE);
    for (const field of Object.values(this.fields)) if (field.outline().error) this.show(field, []);
  }

  async now() {
    clearTimeout(this.timer);
    this.serial += 1;
    const { serial } = this;
    const body = this.values();
    for (const [name, field] of Object.entries(this.fields)) {
      const outline = field.outline();
      if (outline.error) {
        this.told(null, `Line ${outline.line} of ${name} is no JSON yet: ${outline.error}.`);
        return;
      }
      if (field.editor.text.trim()) body[name] = outline.value;
    }
    const { ok, told, why } = await this.api.ask("POST", "scenario-check", body);
    if (serial !== this.serial) return;
    if (!ok) {
      this.told(null, why);
      return;
    }
    this.showAll(told.problems);
    this.told(told);
  }

  showAll(problems) {
    for (const [name, field] of Object.entries(this.fields)) this.show(field, problems.filter((each) => each.field === name));
  }

  show(field, problems) {
    const outline = field.outline();
    const found = outline.error ? [{ from: outline.at, to: outline.at, words: outline.error }]
      : problems.map(({ pointer, sentence }) => {
        const [from, to] = spanOf(outline, pointer);
        const line = field.editor.text.indexOf("\n", from);
        return { from, to: line < 0 ? to : Math.min(to, line), words: sentence };
      });
    field.editor.mark(found);
    field.faults.replaceChildren(...found.map(({ from, words }) => {
      const go = made("button", { type: "button" }, `line ${field.editor.lineOf(from)}`);
      go.addEventListener("click", () => field.editor.goTo(from));
      return made("li", {}, go, words);
    }));
  }
}
