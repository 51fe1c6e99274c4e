// What came of steps, as rows of a table; a failed one has what was expected beside what came.
// `page`: {liveView}, the address of the live view, "" for one who may not see messages.

import { made } from "../emulator/words.js";

export const TONES = { pending: "default", running: "info", passed: "success", failed: "danger", cancelled: "warning", skipped: "default" };
export const ENDED = ["passed", "failed", "cancelled", "skipped"];
const AROUND = 5; // seconds of the log before and after a moment

export function seconds(from, to) {
  const spent = Math.max(0, to - from);
  if (spent < 10) return `${spent.toFixed(2)} s`;
  if (spent < 120) return `${spent.toFixed(1)} s`;
  return spent < 7200 ? `${Math.round(spent / 60)} min` : `${(spent / 3600).toFixed(1)} h`;
}

// A link to one message of the log; empty for one who may not see messages.
export function messageLink(page, id, words) {
  if (!id || !page.liveView) return "";
  return made("a", { class: "st-anchor", href: `/api/messages/${encodeURIComponent(id)}`, title: `Message ${id} in the log` }, words);
}

// The log around a moment (unix seconds), in the live view.
export function momentLink(page, station, from, to, words) {
  if (!page.liveView) return "";
  const query = new URLSearchParams({ mode: "history", station, from: Math.max(0, Math.floor(from - AROUND)), to: Math.ceil((to ?? from) + AROUND) });
  return made("a", { class: "st-anchor", href: `${page.liveView}?${query}` }, words);
}

// The time of day in the browser's zone; UTC is its title.
function clockTime(iso) {
  const moment = new Date(iso);
  return made("time", { datetime: iso, title: `${moment.toISOString().replace("T", " ").slice(0, 23)} UTC` }, `${moment.toLocaleTimeString("sv")}.${iso.slice(20, 23)}`);
}

// What came instead of what a step expected.
function seenList(page, seen) {
  return made("ul", { class: "sc-seen" }, ...seen.map((frame) => made("li", {},
    messageLink(page, frame.id, "message"), " ", clockTime(frame.time), " ", made("b", {}, `${frame.direction} ${frame.action || ""} ${frame.kind}`), " ", made("code", {}, frame.text),
    ...(frame.error ? [made("small", {}, frame.error)] : []))));
}

const isObject = (value) => value !== null && typeof value === "object";
const isRule = (value) => isObject(value) && Object.keys(value).length === 1 && Object.keys(value)[0].startsWith("@");

// Lines of a value as JSON. marks: "all" marks each plain line that the other side has not so,
// "named" only those of which the other side says something.
function lines(value, other, depth, name, comma, out, marks) {
  const pad = "  ".repeat(depth);
  const head = name === null ? "" : `${JSON.stringify(name)}: `;
  if (!isObject(value) || isRule(value)) {
    const differs = (marks === "all" || other !== undefined) && !isRule(value) && !isRule(other) && JSON.stringify(value) !== JSON.stringify(other);
    out.push([`${pad}${head}${JSON.stringify(value)}${comma}`, differs]);
    return;
  }
  const list = Array.isArray(value);
  const entries = list ? value.map((each, place) => [place, each]) : Object.entries(value);
  out.push([`${pad}${head}${list ? "[" : "{"}`, (marks === "all" || other !== undefined) && !isObject(other)]);
  entries.forEach(([key, part], place) => {
    // Lists match by any element, so of their elements nothing is said.
    const there = !list && isObject(other) && Object.hasOwn(other, key) ? other[key] : undefined;
    lines(part, there, depth + 1, list ? null : key, place + 1 < entries.length ? "," : "", out, list ? "named" : marks);
  });
  out.push([`${pad}${list ? "]" : "}"}${comma}`, false]);
}

function json(value, other, marks, label) {
  const out = [];
  lines(value, other, 0, null, "", out, marks);
  return made("pre", { class: "sc-json-side", tabindex: "0", "aria-label": label }, ...out.map(([text, differs]) => made("span", differs ? { class: "sc-differs" } : {}, `${text}\n`)));
}

function payloadOf(frame) {
  try {
    const parsed = JSON.parse(frame.text);
    if (frame.kind === "Call" || frame.kind === "Send") return parsed[3];
    return frame.kind === "CallError" ? { code: parsed[2], description: parsed[3], details: parsed[4] } : parsed[2];
  } catch {
    return frame.text; // cut short, or no JSON
  }
}

// Expected against received; the last of `seen` is the nearest.
export function comparison(page, station, step) {
  if (!step.expected) return "";
  const { payload, ...frame } = step.expected;
  const near = step.seen?.length && step.frame ? step.seen.find((each) => each.id === step.frame) : null;
  const received = near ? payloadOf(near) : undefined;
  const what = Object.entries(frame).filter(([, value]) => value !== "" && value != null && value !== false).map(([name, value]) => `${name} ${value}`).join(", ");
  const side = (title, words, body) => made("div", {}, made("h3", {}, title), made("p", {}, ...words), body);
  const wanted = payload && Object.keys(payload).length ? json(payload, received, near ? "all" : "named", "The expected payload") : made("p", { class: "sc-any" }, "Any payload.");
  const came = near ? json(received, payload, "named", "The payload that came") : made("p", { class: "sc-any" }, step.seen?.length ? "None of its kind; see below." : "Nothing came.");
  return made("div", { class: "sc-compare", "data-compare": "" }, side("Expected", [what || "any frame"], wanted), side("Received", near ? [`${near.direction} ${near.action} ${near.kind} at `, clockTime(near.time)] : ["–"], came));
}

export function stepRow(page, station, step) {
  const text = made("td", {}, step.description || "");
  if (step.message) text.append(made("small", {}, step.message));
  text.append(" ", messageLink(page, step.frame, "message"));
  if (step.state === "failed") {
    text.append(" ", momentLink(page, station, step.started, step.ended, "this moment in the live view"), comparison(page, station, step));
  }
  if (step.seen?.length) text.append(seenList(page, step.seen));
  return made("tr", { "data-state": step.state }, made("td", {}, step.path), made("td", { class: "sc-type" }, step.type), text,
    made("td", { class: "sc-time" }, step.ended ? seconds(step.started, step.ended) : ""),
    made("td", { class: "sc-mark" }, made("span", { class: `st-badge st-${TONES[step.state]}` }, step.state)));
}
