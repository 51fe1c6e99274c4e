// The fields of a form: each gives {element, show(value or undefined), read() -> value or undefined}.

import { made } from "../words.js";

let number = 0;

// `label` is of our own pages; OCPP's names stay as they are.
const label = (name, part) => part?.label ?? name.replaceAll("_", " ");

function bounds(part) {
  // What only says how many bits it has is of no use to a person.
  const said = (bound) => (bound == null || Math.abs(bound) >= 2 ** 31 - 1 ? null : bound);
  const low = said(part.minimum ?? part.exclusiveMinimum);
  const high = said(part.maximum ?? part.exclusiveMaximum);
  if (low != null && high != null) return `${low} to ${high}`;
  if (low != null) return `from ${low}`;
  if (high != null) return `up to ${high}`;
  return part.maxLength != null && part.maxLength < 1000 ? `at most ${part.maxLength} characters` : "";
}

// Descriptions of OCPP's schemas begin with a name of the information model and its URN.
export function described(part) {
  const words = (part.description ?? "").replace(/^[^]*?urn:x-\S+\s*/, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
  return words.replaceAll("`", "").replace(/\s+/g, " ").trim();
}

const wordsOf = (part) => [described(part), part.enum ? "" : bounds(part)].filter(Boolean).join("; ");
const star = () => made("span", { class: "st-star", "aria-hidden": "true" }, " *");

// --- objects within

export function objectField(form, name, part) {
  const box = made("details", { class: "lf-nested" }, made("summary", {}, name === "ev" ? "The car" : label(name, part)),
    ...(described(part) ? [made("p", { class: "st-help" }, described(part))] : []));
  let inner = null;
  let base;
  let strange = false; // what was shown is no object
  const make = () => {
    if (inner) return inner;
    inner = form.within(part);
    box.append(inner.element);
    return inner;
  };
  box.addEventListener("toggle", () => { if (box.open) make(); });
  return {
    element: box,
    show(value) {
      base = value;
      strange = value !== undefined && (value === null || typeof value !== "object" || Array.isArray(value));
      box.open = value !== undefined;
      if (value !== undefined || inner) make().fill(strange ? {} : value);
    },
    read() {
      if (!inner) return base;
      const value = inner.read();
      if (Object.keys(value).length) return value;
      return strange || (base !== undefined && !Object.keys(base).length) ? base : undefined;
    },
  };
}

// --- lists

export function listField(form, name, item, part, required) {
  number += 1;
  const head = `lf-field-${number}`;
  const rows = [];
  let base;
  const holder = made("div", { class: "lf-rows" });
  const most = part.maxItems ?? 1000;
  const adder = made("button", { type: "button", class: "fg-button lf-small", "data-add": name }, `Add to ${label(name, part)}`);
  const box = made("div", { class: "lf-list lf-nested", role: "group", "aria-labelledby": head },
    made("span", { id: head, class: "lf-list-head" }, label(name, part), ...(required ? [star()] : [])),
    ...(described(part) ? [made("p", { class: "st-help" }, described(part))] : []), holder, adder);

  const told = () => box.dispatchEvent(new Event("input", { bubbles: true }));
  function numbered() {
    rows.forEach((row, place) => {
      row.remover.setAttribute("aria-label", `Remove ${label(name)} ${place + 1}`);
      row.field.element.querySelector(":scope > summary, :scope > label")?.replaceChildren(`${label(name)} ${place + 1}`);
    });
    adder.disabled = rows.length >= most;
  }
  function add(value) {
    const field = form.field(name, item, false);
    const row = { field, remover: made("button", { type: "button", class: "fg-button lf-small" }, "Remove") };
    row.element = made("div", { class: "lf-list-row" }, field.element, row.remover);
    row.remover.addEventListener("click", () => {
      rows.splice(rows.indexOf(row), 1);
      row.element.remove();
      numbered();
      adder.focus();
      told();
    });
    rows.push(row);
    holder.append(row.element);
    field.show(value);
    if (field.element.tagName === "DETAILS") field.element.open = true;
    numbered();
    return row;
  }
  adder.addEventListener("click", () => {
    const row = add(undefined);
    row.field.element.querySelector("input, select, textarea")?.focus();
    told();
  });
  return {
    element: box,
    show(value) {
      base = value;
      rows.splice(0);
      holder.replaceChildren();
      if (Array.isArray(value)) for (const each of value.slice(0, 200)) add(each);
      numbered();
    },
    read() {
      const shown = rows.map((row) => row.field.read() ?? (item.type === "object" ? {} : item.type === "string" ? "" : null));
      if (Array.isArray(base)) return shown.length || !base.length || required ? [...shown, ...base.slice(200)] : undefined;
      return shown.length ? shown : base;
    },
  };
}

// --- one value

export function plainField(form, name, part, required) {
  number += 1;
  const id = `lf-field-${number}`;
  const { box, input, put, get } = inputOf(form, name, part, required, id);
  const words = wordsOf(part);
  if (words) input.setAttribute("aria-describedby", `${id}-help`);
  const element = made("div", { class: "lf-field" },
    made("label", { for: id }, label(name, part), ...(required ? [star()] : [])), box,
    ...(words ? [made("p", { class: "st-help", id: `${id}-help` }, words)] : []));
  let base;
  let shown = null; // what the input had when `base` was put in
  return {
    element,
    show(value) {
      base = value;
      put(value);
      shown = input.value;
    },
    read() {
      return shown !== null && input.value === shown ? base : get();
    },
  };
}

// Of a field that takes several kinds: a number, true or false, JSON, or a text such as a variable.
function typed(text) {
  const plain = text.trim();
  if (/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(plain)) return Number(plain);
  if (plain === "true" || plain === "false") return plain === "true";
  if (!/^[[{]/.test(plain)) return text;
  try {
    return JSON.parse(plain);
  } catch {
    return text;
  }
}

// {box, input, put(value), get()}; box is what holds the input.
function inputOf(form, name, part, required, id) {
  const common = { id, class: "st-input", "data-name": name };
  if (required) common.required = "";
  const given = part.default ?? "";
  const chosen = form.choices[name] ?? (part.enum ?? (part.const === undefined ? null : [part.const]))?.map((value) => [value, String(value)])
    ?? (part.type === "boolean" ? [[true, "yes"], [false, "no"]] : null);
  if (chosen) return choice(common, chosen, part, required);
  if ((part.type === "number" || part.type === "integer") && !form.open) {
    const input = made("input", { ...common, type: "number", step: part.type === "integer" ? "1" : "any", value: given });
    if (part.minimum != null) input.min = part.minimum;
    if (part.maximum != null) input.max = part.maximum;
    return { box: input, input, put: (value) => { input.value = typeof value === "number" ? value : ""; }, get: () => (input.value === "" ? undefined : Number(input.value)) };
  }
  if (["string", "text", "number", "integer"].includes(part.type)) {
    const input = made("input", { ...common, type: "text", value: given, spellcheck: "false", autocomplete: "off" });
    const inWords = (value) => (form.open && part.type !== "string" ? JSON.stringify(value) : "");
    const put = (value) => {
      input.value = value === undefined ? "" : typeof value === "object" && value !== null ? inWords(value) : String(value);
      if (form.open && part.default != null) input.placeholder = String(part.default);
    };
    const get = () => (input.value === "" ? undefined : part.type === "string" || (part.type === "text" && !form.open) ? input.value : typed(input.value));
    const list = form.suggestions[name] ?? part.examples;
    if (!list) return { box: input, input, put, get };
    input.setAttribute("list", `${id}-list`);
    const box = made("span", {}, input, made("datalist", { id: `${id}-list` }, ...list.map((value) => made("option", { value }))));
    return { box, input, put, get };
  }
  const input = made("textarea", { ...common, rows: "3", spellcheck: "false", placeholder: "JSON" }, given === "" ? "" : JSON.stringify(given));
  return {
    box: input, input,
    put: (value) => { input.value = value === undefined ? "" : JSON.stringify(value, null, 1); },
    get: () => {
      if (!input.value.trim()) return undefined;
      try {
        return JSON.parse(input.value);
      } catch (error) {
        throw new Error(`${label(name)} is no JSON: ${error.message}`);
      }
    },
  };
}

function choice(common, chosen, part, required) {
  const options = chosen.map(([value, text]) => made("option", { value: JSON.stringify(value), ...(value === part.default ? { selected: "" } : {}) }, text));
  if (!required && (part.default === undefined || part.default === null)) options.unshift(made("option", { value: "", selected: "" }, "–"));
  const input = made("select", common, ...options);
  const put = (value) => {
    input.querySelector("[data-strange]")?.remove();
    const wanted = value === undefined ? "" : JSON.stringify(value);
    if (![...input.options].some((option) => option.value === wanted)) {
      // Nothing yet where one must be, or what the schema does not have: shown as it is.
      input.append(made("option", { value: wanted, "data-strange": "" }, value === undefined ? "–" : wanted));
    }
    input.value = wanted;
  };
  return { box: input, input, put, get: () => (input.value === "" ? undefined : JSON.parse(input.value)) };
}
