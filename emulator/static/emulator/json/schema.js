// What is wrong with a value by a JSON schema, of the words that OCPP's schemas use; and an example.
// The CSMS has the last word, and the station's log what its own check says.

import { resolved } from "./form.js";
import { part as pointed } from "./positions.js";

const MOST = 50;
const TYPES = {
  object: (value) => value !== null && typeof value === "object" && !Array.isArray(value), array: Array.isArray,
  string: (value) => typeof value === "string", boolean: (value) => typeof value === "boolean",
  number: (value) => typeof value === "number", integer: (value) => Number.isInteger(value),
};
const ZONED = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)$/;

// [{path: "/a/0/b", words}], the first 50.
export function faultsOf(schema, value) {
  const found = [];
  look(schema, schema, value, "", found);
  return found.slice(0, MOST);
}

function look(given, whole, value, path, found) {
  if (found.length > MOST) return;
  const schema = resolved(given, whole);
  const say = (words, place = path) => found.push({ path: place, words });
  if (schema.type && TYPES[schema.type] && !TYPES[schema.type](value)) {
    say(`${schema.type} is wanted`);
    return;
  }
  if (schema.enum && !schema.enum.includes(value)) say(`one of ${schema.enum.join(", ")} is wanted`);
  if (typeof value === "string") {
    if (schema.maxLength != null && [...value].length > schema.maxLength) say(`at most ${schema.maxLength} characters`);
    if (schema.format === "date-time" && !ZONED.test(value)) say("a time with a zone is wanted, such as 2026-01-31T12:00:00Z");
  }
  if (typeof value === "number") {
    if (schema.minimum != null && value < schema.minimum) say(`not below ${schema.minimum}`);
    if (schema.maximum != null && value > schema.maximum) say(`not above ${schema.maximum}`);
    const parts = schema.multipleOf ? value / schema.multipleOf : 0;
    if (schema.multipleOf && Math.abs(parts - Math.round(parts)) > 1e-6) say(`a multiple of ${schema.multipleOf} is wanted`);
  }
  if (Array.isArray(value)) {
    if (schema.minItems != null && value.length < schema.minItems) say(`at least ${schema.minItems} items`);
    if (schema.maxItems != null && value.length > schema.maxItems) say(`at most ${schema.maxItems} items`);
    if (schema.items) value.forEach((item, number) => look(schema.items, whole, item, `${path}/${number}`, found));
  } else if (TYPES.object(value) && (schema.properties || schema.required)) {
    const known = schema.properties ?? {};
    for (const name of schema.required ?? []) if (!(name in value)) say(`${name} is missing`);
    for (const [name, part] of Object.entries(value)) {
      if (Object.hasOwn(known, name)) look(known[name], whole, part, `${path}/${pointed(name)}`, found);
      else if (schema.additionalProperties === false) say("there is no such field", `${path}/${pointed(name)}`);
    }
  }
}

// A value of the required fields alone; `hints`: {name of a field: its value} from the station.
export function exampleOf(given, whole, hints, name = "") {
  const schema = resolved(given, whole);
  if (name in hints && TYPES[schema.type]?.(hints[name])) return hints[name];
  if (schema.enum) return schema.enum[0];
  if (schema.type === "object") {
    return Object.fromEntries((schema.required ?? []).map((each) => [each, exampleOf(schema.properties?.[each] ?? {}, whole, hints, each)]));
  }
  if (schema.type === "array") return Array.from({ length: schema.minItems ?? 1 }, () => exampleOf(schema.items ?? {}, whole, hints, name));
  if (schema.format === "date-time") return new Date().toISOString();
  if (schema.type === "string") return "text".slice(0, schema.maxLength ?? 4);
  if (schema.type === "boolean") return false;
  return schema.type === "number" || schema.type === "integer" ? Math.max(0, schema.minimum ?? 0) : null;
}
