// A list of steps: the text, the palette, and the step at the cursor as a form, in step.

import { JsonEditor } from "../../emulator/json/editor.js";
import { made } from "../../emulator/words.js";
import { completions } from "./completing.js";
import { outlined, siblings, stepAt, written } from "./outline.js";
import { palette } from "./palette.js";
import { StepForm } from "./stepform.js";

export class StepsEditor {
  // field: the textarea that is sent; changed(): the text is another now
  constructor(field, { table, label, changed }) {
    Object.assign(this, { field, changed, table, own: false });
    const bar = made("div", { class: "se-bar" }, palette(table, (type) => this.insert(type.example)));
    for (const [words, act] of [
      ["Duplicate", () => this.duplicate()], ["Remove", () => this.remove()], ["Up", () => this.move(-1)], ["Down", () => this.move(1)],
      ["Fold all", () => this.editor.foldAll()], ["Unfold all", () => this.editor.unfoldAll()], ["Tidy", () => this.tidy()],
    ]) {
      const button = made("button", { type: "button", class: "st-button st-small" }, words);
      button.addEventListener("click", act);
      bar.append(button);
    }
    const text = made("div", {});
    const side = made("section", { class: "se-form lf", "aria-label": `${label}: the step at the cursor` });
    this.faults = made("ol", { class: "je-faults", id: `${field.id}-faults`, "aria-label": `What is wrong with ${label.toLowerCase()}` });
    this.said = made("p", { class: "sc-hint", role: "status" });
    this.element = made("div", { class: "se" }, bar, made("div", { class: "se-grid" }, made("div", { class: "se-text" }, text, made("p", { class: "je-keys" }, "Tab indents; Esc and then Tab leaves the field. F8: next fault. Ctrl-Space: what may stand here. Ctrl-Shift-[: fold."),
      made("div", { role: "status" }, this.faults), this.said), side));
    field.after(this.element);
    field.hidden = true;
    this.editor = new JsonEditor(text, {
      text: field.value, label, describedBy: this.faults.id, complete: completions(table, () => this.outline),
      changed: () => this.read(), moved: () => this.follow(),
    });
    this.form = new StepForm(side, { table, edited: (value) => this.edit(value) });
    this.side = side;
    this.outline = outlined(field.value);
    this.follow();
  }

  read() {
    this.field.value = this.editor.text;
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.outline = outlined(this.editor.text);
    this.changed();
  }

  get step() {
    return this.outline.error ? null : stepAt(this.outline, this.editor.cursor);
  }

  // The form shows the step at the cursor, but not while the form itself changes it.
  follow() {
    if (!this.form || this.own || this.outline.error) return;
    const { step } = this;
    this.form.show(step?.value, step?.number);
  }

  edit(value) {
    const { step } = this;
    if (!step) return;
    this.own = true;
    this.editor.replace(step.from, step.to, written(value, this.editor.text, step.from), step.from);
    this.own = false;
    this.form.base = value;
  }

  // --- the palette and the bar

  ready() {
    if (!this.outline.error) return true;
    this.tell(`Line ${this.outline.line}: ${this.outline.error}. Mend that first.`, true);
    return false;
  }

  tell(words, bad = false) {
    this.said.classList.toggle("sc-bad", bad);
    this.said.textContent = words;
  }

  // After the step at the cursor, in its list; last: at the end of the outer list.
  insert(value, last = false) {
    if (!this.ready()) return;
    const outer = this.outline.steps.filter((each) => each.depth === 0);
    const after = last ? outer[outer.length - 1] : this.step;
    if (!after) {
      const text = `[\n  ${JSON.stringify(value, null, 2).replaceAll("\n", "\n  ")}\n]`;
      this.editor.replace(0, this.editor.text.length, text, 4);
    } else {
      const { text } = this.editor;
      const begin = text.lastIndexOf("\n", after.from - 1) + 1;
      const indent = /^ */.exec(text.slice(begin))[0];
      const put = `,\n${indent}${written(value, text, after.from)}`;
      this.editor.replace(after.to, after.to, put, after.to + 2 + indent.length);
    }
    this.tell(`${value.type} is inserted.`);
  }

  duplicate() {
    if (this.ready() && this.step) this.insert(this.step.value);
  }

  remove() {
    if (!this.ready() || !this.step) return;
    const { step } = this;
    const all = siblings(this.outline, step);
    const place = all.indexOf(step);
    const [from, to] = place + 1 < all.length ? [step.from, all[place + 1].from] : place ? [all[place - 1].to, step.to] : [step.from, step.to];
    this.editor.replace(from, to, "", Math.min(from, step.from));
    this.tell(`Step ${step.number} is removed.`);
  }

  move(by) {
    if (!this.ready() || !this.step) return;
    const all = siblings(this.outline, this.step);
    const [one, other] = [this.step, all[all.indexOf(this.step) + by]];
    if (!other) return;
    const [first, second] = by < 0 ? [other, one] : [one, other];
    const { text } = this.editor;
    const [a, between, b] = [text.slice(first.from, first.to), text.slice(first.to, second.from), text.slice(second.from, second.to)];
    this.editor.replace(first.from, second.to, b + between + a, by < 0 ? first.from : first.from + b.length + between.length);
  }

  tidy() {
    if (this.ready()) this.editor.text = JSON.stringify(this.outline.value, null, 2);
  }
}
