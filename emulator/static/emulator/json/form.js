// A form made from a JSON schema (pydantic's or OCPP's): fields with their types, choices, bounds
// and words, objects within and lists of any of them. What is left empty is left out; `read` gives
// the JSON, or throws for a value that is none. A value that was shown and not touched is read as
// it was, also where its field could not hold it, and so is what no field is for.

import { made } from "../words.js";
import { listField, objectField, plainField } from "./fields.js";

// The schema that a $ref means, and of `anyOf` with null the other one.
export function resolved(schema, whole) {
  let found = schema ?? {};
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

export class Form {
  // suggestions: {field: [values]}; choices: {field: [[value, text]]}, in the place of a free field;
  // open: a number or a choice may also be a variable ("$n"); whole: what $ref leads into
  constructor(schema, { suggestions = {}, choices = {}, open = false, whole = schema } = {}) {
    Object.assign(this, { schema, suggestions, choices, open, whole, fields: new Map(), rest: {}, order: [] });
    this.element = made("div", { class: "lf-fields" });
    const required = new Set(schema.required ?? []);
    for (const [name, part] of Object.entries(schema.properties ?? {})) {
      this.add(name, resolved(part, whole), required.has(name));
    }
  }

  add(name, part, required) {
    const field = this.field(name, part, required);
    this.fields.set(name, field);
    this.element.append(field.element);
  }

  // {element, show(value), read()} for a part of a schema.
  field(name, part, required) {
    if (part.type === "object" && part.properties) return objectField(this, name, part);
    if (part.type === "array" && part.items) return listField(this, name, resolved(part.items, this.whole), part, required);
    return plainField(this, name, part, required);
  }

  // Of an object within. Made when it is opened or filled: some nest deep.
  within(part, choices = this.choices) {
    return new Form(part, { suggestions: this.suggestions, choices, open: this.open, whole: this.whole });
  }

  set(name, value) {
    const input = this.element.querySelector(`[data-name="${name}"]`);
    if (input) input.value = input.tagName === "SELECT" ? JSON.stringify(value) : value;
  }

  // Show these values and nothing else.
  fill(values) {
    const given = values && typeof values === "object" && !Array.isArray(values) ? values : {};
    this.order = Object.keys(given);
    this.rest = {};
    for (const name of this.order) if (!this.fields.has(name)) this.rest[name] = given[name];
    for (const [name, field] of this.fields) field.show(Object.hasOwn(given, name) ? given[name] : undefined);
  }

  // In the order that was filled in, then in the schema's.
  read() {
    const found = {};
    for (const name of [...this.order, ...this.fields.keys()]) {
      if (name in found && Object.hasOwn(found, name)) continue;
      const given = this.fields.has(name) ? this.fields.get(name).read() : this.rest[name];
      if (given !== undefined) found[name] = given;
    }
    return found;
  }
}
