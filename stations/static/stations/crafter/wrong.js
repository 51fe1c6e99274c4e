// What is wrong on purpose: changes of a payload, and of the frame around it.

import { resolved } from "../../emulator/json/form.js";
import { part } from "../../emulator/json/positions.js";

export const OF_PAYLOAD = [
  ["drop", "Drop the field"], ["type", "Wrong type"], ["value", "A value outside the schema"], ["extra", "A field that is unknown"],
];
export const OF_FRAME = [
  ["same-id", "The message id of the last frame again"], ["empty-id", "An empty message id"], ["long-id", "A message id of 37 characters"],
  ["number-id", "A message id that is a number"], ["result", "As a CallResult (3) that nobody asked for"], ["error", "As a CallError (4) that nobody asked for"],
  ["unknown-type", "Of message type 9"], ["short", "Without its last element"], ["cut", "Cut off in the middle: no JSON"],
];

// Every place of a payload by its pointer, the objects before what is in them.
export function places(value, path = "", found = []) {
  if (found.length > 400) return found;
  if (path) found.push(path);
  if (value && typeof value === "object") for (const [name, inner] of Object.entries(value)) places(inner, `${path}/${part(name)}`, found);
  return found;
}

const names = (path) => path.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));

function schemaAt(whole, path) {
  let found = resolved(whole, whole);
  for (const name of names(path)) found = resolved(found.type === "array" ? found.items : found.properties?.[name], whole);
  return found;
}

function outside(schema, value) {
  if (schema.enum) return "NoSuchValue";
  if (schema.maxLength != null) return "x".repeat(schema.maxLength + 1);
  if (schema.format === "date-time") return "yesterday";
  if (typeof value === "number") return schema.minimum != null ? schema.minimum - 1 : schema.maximum != null ? schema.maximum + 1 : -1e9;
  if (typeof value === "string") return "x".repeat(300);
  if (Array.isArray(value)) return [];
  return typeof value === "boolean" ? "true" : { unknownField: true };
}

function otherType(value) {
  if (typeof value === "string") return 7;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? { 0: value[0] ?? null } : "an object was here";
}

// A copy of the payload that is wrong at the place.
export function spoilt(payload, schema, kind, path) {
  const made = structuredClone(payload);
  const way = names(path);
  const last = way.pop();
  let holder = made;
  for (const name of way) holder = holder[name];
  if (kind === "extra") {
    const inner = last === undefined ? made : holder[last];
    const into = inner && typeof inner === "object" && !Array.isArray(inner) ? inner : holder;
    into.unknownField = "not of this message";
    return made;
  }
  if (kind === "drop") {
    if (Array.isArray(holder)) holder.splice(Number(last), 1);
    else delete holder[last];
  } else holder[last] = kind === "type" ? otherType(holder[last]) : outside(schemaAt(schema, path), holder[last]);
  return made;
}

export const newId = () => crypto.getRandomValues(new Uint32Array(4)).reduce((text, n) => text + n.toString(16).padStart(8, "0"), "");

// The text of a frame, as OCPP-J has it or not.
export function frameOf(kind, action, payload, lastId) {
  const id = newId();
  const call = [2, { "same-id": lastId || id, "empty-id": "", "long-id": id.padEnd(37, "x"), "number-id": 42 }[kind] ?? id, action, payload];
  const text = (frame) => JSON.stringify(frame, null, 2);
  switch (kind) {
    case "result": return text([3, id, payload]);
    case "error": return text([4, id, "InternalError", "Sent on purpose", {}]);
    case "unknown-type": return text([9, ...call.slice(1)]);
    case "short": return text(call.slice(0, 3));
    case "cut": return JSON.stringify(call).slice(0, -Math.ceil(JSON.stringify(payload).length / 2) - 1);
    default: return text(call);
  }
}
