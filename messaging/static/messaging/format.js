// How a message looks as text. Everything goes through textContent: frames come from strangers.

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const two = (n) => String(n).padStart(2, "0");

export function clock(iso) {
  const t = new Date(iso);
  if (Number.isNaN(t.getTime())) return "";
  return `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}.${String(t.getMilliseconds()).padStart(3, "0")}`;
}

export function dayAndClock(iso) {
  const t = new Date(iso);
  if (Number.isNaN(t.getTime())) return "";
  return `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ${clock(iso)}`;
}

// For a title beside a time in the browser's zone.
export function inUtc(iso) {
  const t = new Date(iso);
  return Number.isNaN(t.getTime()) ? "" : `${t.toISOString().replace("T", " ").slice(0, 23)} UTC`;
}

export function latency(ms) {
  if (ms === null || ms === undefined) return "";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export const kindNames = { CallResult: "Result", CallError: "Error", CallResultError: "Refusal" };

const passing = ["Call", "CallResult", "Send", "Note"];
// The kinds that a frame of a kind belongs with; as the history's API has it.
const pairedWith = { Call: ["CallResult", "CallError", "Invalid"], CallResultError: ["CallResult", "Invalid"], Send: [] };

export function pairKinds(kind) {
  return pairedWith[kind] ?? ["Call"];
}

export function failed(item) {
  return Boolean(item.error) || !passing.includes(item.kind);
}

export function arrow(direction) {
  return { sent: "\u2191", received: "\u2193" }[direction] ?? "";
}

// Indent JSON without parsing it, so that numbers and repeated keys stay as they were sent.
function indented(text) {
  const out = [];
  let depth = 0;
  const pad = () => "\n" + "  ".repeat(Math.min(depth, 60));
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gy;
  const skip = /\s*/y;
  let at = 0;
  const peek = () => {
    skip.lastIndex = at;
    at += skip.exec(text)[0].length;
    return text[at];
  };
  while (peek() !== undefined) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (!match) return null;
    const part = match[0];
    at = token.lastIndex;
    if (part === "{" || part === "[") {
      const close = part === "{" ? "}" : "]";
      if (peek() === close) {
        at += 1;
        out.push(["", part + close]);
      } else {
        depth += 1;
        out.push(["", part + pad()]);
      }
    } else if (part === "}" || part === "]") {
      depth -= 1;
      out.push(["", pad() + part]);
    } else if (part === ",") {
      out.push(["", "," + pad()]);
    } else if (part === ":") {
      out.push(["", ": "]);
    } else if (part[0] === '"') {
      out.push([peek() === ":" ? "j-key" : "j-string", part]);
    } else {
      out.push([/^-?\d/.test(part) ? "j-number" : "j-word", part]);
    }
  }
  return out;
}

export function showJson(into, text) {
  into.replaceChildren();
  let parts = null;
  if (text.length <= 300000) {
    try {
      JSON.parse(text);
      parts = indented(text);
    } catch {
      parts = null;
    }
  }
  if (!parts) {
    into.textContent = text;
    return;
  }
  for (const [name, part] of parts) {
    into.append(name ? element("span", name, part) : document.createTextNode(part));
  }
}
