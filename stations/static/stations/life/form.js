// A form made from a JSON schema (pydantic's or OCPP's): fields with their types, choices, bounds
// and words. What is left empty is left out; `read` gives the JSON, or throws for a value that is
// none.

import { made } from "../../emulator/words.js";

let number = 0;

// The schema that a $ref means, and of `anyOf` with null the other one.
export function resolved(schema, whole) {
  let found = schema;
  if (found.$ref) {
    const target = found.$ref.replace(/^#\//, "").split("/").reduce((part, name) => part?.[name], whole);
    found = { ...target, ...found, $ref: undefined };
  }
  if (found.allOf?.length === 1) found = { ...resolved(found.allOf[0], whole), ...found, allOf: undefined };
  const ways = found.anyOf?.filter((way) => way.type !== "null");
  if (!ways) return found;
  if (ways.length === 1) return { ...resolved(ways[0], whole), ...found, anyOf: undefined };
  return { ...found, anyOf: undefined, type: "text" }; // text or a number: as it is typed
}

const label = (name) => name.replaceAll("_", " ");

function bounds(schema) {
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  if (low != null && high != null) return `${low} to ${high}`;
  if (low != null) return `from ${low}`;
  return high != null ? `up to ${high}` : "";
}

export class Form {
  // suggestions: {field: [values]}; choices: {field: [[value, text]]}, in the place of a free field
  constructor(schema, { suggestions = {}, choices = {} } = {}) {
    Object.assign(this, { schema, suggestions, choices, fields: new Map() });
    this.element = made("div", { class: "lf-fields" });
    const required = new Set(schema.required ?? []);
    for (const [name, part] of Object.entries(schema.properties ?? {})) {
      this.add(name, resolved(part, schema), required.has(name));
    }
  }

  add(name, part, required) {
    if (part.type === "object" && part.properties) {
      const inner = new Form({ ...part, $defs: this.schema.$defs, definitions: this.schema.definitions }, { suggestions: this.suggestions, choices: {} });
      const box = made("details", { class: "lf-nested" }, made("summary", {}, name === "ev" ? "The car" : label(name)),
        ...(part.description ? [made("p", { class: "st-help" }, part.description)] : []), inner.element);
      this.element.append(box);
      this.fields.set(name, { box, inner, read: () => { const value = inner.read(); return Object.keys(value).length ? value : undefined; } });
      return;
    }
    number += 1;
    const id = `lf-field-${number}`;
    const [input, read] = this.input(name, part, required, id);
    const words = [part.description?.replaceAll("`", ""), bounds(part)].filter(Boolean).join("; ");
    if (words) input.setAttribute("aria-describedby", `${id}-help`);
    this.element.append(made("div", { class: "lf-field" },
      made("label", { for: id }, label(name), ...(required ? [made("span", { class: "st-star", "aria-hidden": "true" }, " *")] : [])), input,
      ...(words ? [made("p", { class: "st-help", id: `${id}-help` }, words)] : [])));
    this.fields.set(name, { input, read });
  }

  // [element, what gives its value or undefined]
  input(name, part, required, id) {
    const common = { id, class: "st-input", "data-name": name };
    if (required) common.required = "";
    const given = part.default ?? "";
    const chosen = this.choices[name] ?? (part.enum ?? (part.const === undefined ? null : [part.const]))?.map((value) => [value, String(value)])
      ?? (part.type === "boolean" ? [[true, "yes"], [false, "no"]] : null);
    if (chosen) {
      const options = chosen.map(([value, text]) => made("option", { value: JSON.stringify(value), ...(value === part.default ? { selected: "" } : {}) }, text));
      if (!required && (part.default === undefined || part.default === null)) options.unshift(made("option", { value: "", selected: "" }, "–"));
      const select = made("select", common, ...options);
      return [select, () => (select.value === "" ? undefined : JSON.parse(select.value))];
    }
    if (part.type === "number" || part.type === "integer") {
      const field = made("input", { ...common, type: "number", step: part.type === "integer" ? "1" : "any", value: given });
      if (part.minimum != null) field.min = part.minimum;
      if (part.maximum != null) field.max = part.maximum;
      return [field, () => (field.value === "" ? undefined : Number(field.value))];
    }
    if (part.type === "string" || part.type === "text") {
      const field = made("input", { ...common, type: "text", value: given, spellcheck: "false", autocomplete: "off" });
      const list = this.suggestions[name];
      if (!list) return [field, () => (field.value === "" ? undefined : field.value)];
      field.setAttribute("list", `${id}-list`);
      const both = made("span", {}, field, made("datalist", { id: `${id}-list` }, ...list.map((value) => made("option", { value }))));
      return [both, () => (field.value === "" ? undefined : field.value)];
    }
    const area = made("textarea", { ...common, rows: "3", spellcheck: "false", placeholder: "JSON" }, given === "" ? "" : JSON.stringify(given));
    return [area, () => {
      if (!area.value.trim()) return undefined;
      try {
        return JSON.parse(area.value);
      } catch (error) {
        throw new Error(`${label(name)} is no JSON: ${error.message}`);
      }
    }];
  }

  set(name, value) {
    const input = this.element.querySelector(`[data-name="${name}"]`);
    if (input) input.value = input.tagName === "SELECT" ? JSON.stringify(value) : value;
  }

  // Put these values in; what is of another kind than its field is left as it is.
  fill(values) {
    for (const [name, value] of Object.entries(values ?? {})) {
      const { box, inner } = this.fields.get(name) ?? {};
      if (inner) {
        box.open = true;
        if (value && typeof value === "object") inner.fill(value);
        continue;
      }
      const input = this.element.querySelector(`:scope > .lf-field [data-name="${CSS.escape(name)}"]`);
      if (!input || value == null) continue;
      if (input.tagName === "SELECT") input.value = JSON.stringify(value);
      else input.value = typeof value === "object" ? JSON.stringify(value, null, 1) : value;
    }
  }

  read() {
    const value = {};
    for (const [name, { read }] of this.fields) {
      const given = read();
      if (given !== undefined) value[name] = given;
    }
    return value;
  }
}
