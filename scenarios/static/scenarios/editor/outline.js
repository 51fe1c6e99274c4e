// The steps of a text of JSON, as rules/validation.py walks them: a list of steps, and the lists
// within `if`, `repeat`, `parallel` and `choose`.

import { parsed } from "../../emulator/json/positions.js";

const CONTAINERS = ["if", "repeat", "parallel", "choose"];

// {error, line, at} or {value, lines, spans, steps: [{pointer, list, number, depth, from, to, value}]}, outer
// steps before those within.
export function outlined(text) {
  const found = parsed(text.trim() ? text : "[]");
  if (found.error) return found;
  const steps = [];
  walk(found.value, "", found.spans, steps, "", 0);
  return { ...found, steps };
}

function walk(list, pointer, spans, steps, before, depth) {
  if (!Array.isArray(list)) return;
  list.forEach((value, place) => {
    const here = `${pointer}/${place}`;
    const [from, to] = spans.get(here);
    const number = `${before}${place + 1}`;
    steps.push({ pointer: here, list: pointer, number, depth, from, to, value });
    const params = value?.params;
    if (!CONTAINERS.includes(value?.type) || !params || typeof params !== "object") return;
    for (const name of ["steps", "else"]) walk(params[name], `${here}/params/${name}`, spans, steps, `${number}.`, depth + 1);
    if (!Array.isArray(params.branches)) return;
    params.branches.forEach((branch, order) => {
      const inner = Array.isArray(branch) ? [branch, ""] : [branch?.steps, "/steps"];
      walk(inner[0], `${here}/params/branches/${order}${inner[1]}`, spans, steps, `${number}.${order + 1}.`, depth + 1);
    });
  });
}

// The innermost step that a position stands in, else the last that begins before it.
export function stepAt(outline, position) {
  let found = null;
  for (const step of outline.steps ?? []) {
    if (step.from <= position && position <= step.to && (!found || step.from >= found.from)) found = step;
  }
  return found ?? (outline.steps ?? []).filter((step) => step.depth === 0 && step.from <= position).pop() ?? outline.steps?.[0] ?? null;
}

export const siblings = (outline, step) => outline.steps.filter((each) => each.list === step.list);

// A value as text that begins at this place of the text: its further lines are indented as that line.
export function written(value, text, from) {
  const begin = text.lastIndexOf("\n", from - 1) + 1;
  const indent = /^ */.exec(text.slice(begin))[0];
  return JSON.stringify(value, null, 2).replaceAll("\n", `\n${indent}`);
}

// The innermost place of a pointer that the text has.
export function spanOf(outline, pointer) {
  let at = pointer;
  while (at && !outline.spans.has(at)) at = at.slice(0, at.lastIndexOf("/"));
  return outline.spans.get(at) ?? [0, 0];
}
