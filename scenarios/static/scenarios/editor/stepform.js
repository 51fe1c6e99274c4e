// The step at the cursor as a form: its params by the schema of its type, and what every step has.

import { Form } from "../../emulator/json/form.js";
import { made } from "../../emulator/words.js";

export class StepForm {
  // table: of GET /api/scenario-steps; actions: all of OCPP; edited(value): the step as it is now
  constructor(place, { table, edited }) {
    Object.assign(this, { place, edited, about: table.about, types: new Map(table.types.map((each) => [each.type, each])), suggestions: { action: table.actions, call: table.actions } });
    this.head = made("h2", { class: "se-head" });
    this.help = made("p", { class: "st-help" });
    this.fields = made("div", {});
    this.said = made("p", { class: "st-said st-error", role: "status" });
    place.replaceChildren(this.head, this.help, this.fields, this.said);
    this.fields.addEventListener("input", () => this.read());
  }

  typeOf(step) {
    const kind = String(step?.type ?? "");
    return this.types.get(kind) ?? this.types.get(kind.replaceAll("_", "-"));
  }

  // Draw the form anew only where it is of another type: a field that is typed in stays.
  show(step, number) {
    this.said.textContent = "";
    const value = step && typeof step === "object" && !Array.isArray(step) ? step : null;
    const type = value && this.typeOf(value);
    this.head.textContent = !value ? "No step here" : `Step ${number}: ${type?.label ?? value.type ?? "without a type"}`;
    if (!type) {
      this.kind = null;
      this.fields.replaceChildren();
      this.help.textContent = value ? `There is no type “${value.type ?? ""}”: insert a step from the palette.` : "Insert a step from the palette.";
      return;
    }
    if (this.kind !== type.type) this.make(type);
    this.base = value;
    this.params.fill(value.params);
    this.rest.fill(value);
    const inner = type.inner.length ? " The steps within it are edited in the text: put the cursor into one." : "";
    const versions = type.versions.length < 3 ? ` Of OCPP ${type.versions.join(" and ")} only.` : "";
    this.help.textContent = `${type.help}${versions}${inner}`;
  }

  make(type) {
    this.kind = type.type;
    this.params = new Form(type.params, { open: true, suggestions: this.suggestions });
    this.rest = new Form(this.about, { open: true });
    const more = made("details", { class: "lf-nested se-more" }, made("summary", {}, "Description, timeout, versions …"), this.rest.element);
    this.fields.replaceChildren(made("code", { class: "se-type" }, type.type), ...(this.params.fields.size ? [this.params.element] : [made("p", { class: "st-help" }, "It takes nothing.")]), more);
  }

  read() {
    let value;
    try {
      const params = this.params.read();
      value = this.rest.read();
      if (Object.keys(params).length || "params" in this.base) value.params = params;
    } catch (error) {
      this.said.textContent = error.message;
      return;
    }
    this.said.textContent = "";
    this.edited(value);
  }
}
