// What may stand at the cursor: types of steps, names of their params, values of a choice, actions.

import { stepAt } from "./outline.js";

const KEY = /"([\w-]*)$/;
const VALUE = /"([\w-]+)"\s*:\s*"?([\w-]*)$/;

function choicesOf(part) {
  const ways = part?.anyOf ?? [part];
  return ways.flatMap((way) => way?.enum ?? (way?.type === "boolean" ? [true, false] : []));
}

// A source for CodeMirror; outline(): of the text, as it was when it could last be read.
export function completions(table, outline) {
  const types = new Map(table.types.map((each) => [each.type, each]));
  return (context) => {
    const before = context.state.sliceDoc(Math.max(0, context.pos - 200), context.pos).split("\n").pop();
    const found = VALUE.exec(before);
    const step = outline().error ? null : stepAt(outline(), context.pos)?.value;
    const type = types.get(String(step?.type ?? "").replaceAll("_", "-")) ?? types.get(step?.type);
    if (found) {
      const [, name, begun] = found;
      let options = choicesOf(type?.params.properties?.[name] ?? table.about.properties[name]).map((value) => ({ label: String(value) }));
      if (name === "type") options = table.types.map((each) => ({ label: each.type, detail: each.label }));
      if (name === "action" || name === "call") options = table.actions.map((label) => ({ label }));
      if (!options.length || !/"$/.test(before.slice(0, before.length - begun.length))) return null;
      return { from: context.pos - begun.length, options, validFor: /^[\w-]*$/ };
    }
    const key = KEY.exec(before);
    if (!key || (!context.explicit && !key[1])) return null;
    const names = [...Object.keys(type?.params.properties ?? {}), ...(type?.inner ?? []), "type", "params", ...Object.keys(table.about.properties)];
    return { from: context.pos - key[1].length, options: [...new Set(names)].map((label) => ({ label, type: "property" })), validFor: /^[\w-]*$/ };
  };
}
