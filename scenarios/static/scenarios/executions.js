// Keeps the list of executions and the page of one fresh: a small request every second or two, none
// while the page is hidden or when all have ended.

import { counted, made } from "../emulator/words.js";
import { ENDED, TONES, messageLink, momentLink, seconds, stepRow } from "./runs.js";

const EVERY = 1500;
const LEVELS = { fail: "danger", warn: "warning", allowed: "default" };
const ORDER = [...ENDED, "running"];

const setText = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };
const isOpen = (state) => state === "pending" || state === "running";

function showBadge(node, state, interrupted, warnings) {
  const warned = warnings ? `, ${warnings} warning${warnings > 1 ? "s" : ""}` : "";
  setText(node, (interrupted ? "interrupted" : state) + warned);
  node.className = `st-badge st-${TONES[state]}`;
  node.dataset.state = state;
}

function showBar(bar, counts, total) {
  bar.replaceChildren(...ORDER.filter((name) => counts[name]).map((name) => {
    const part = made("i", { class: `sc-${name}`, title: `${counts[name]} ${name}` });
    part.style.width = `${(100 * counts[name]) / Math.max(1, total)}%`;
    return part;
  }));
}

async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } }).catch(() => null);
  return answer && answer.ok ? answer.json() : null;
}

// --- the list

async function refreshList(source) {
  const open = [...document.querySelectorAll("[data-execution]")].filter((node) => isOpen(node.dataset.state));
  if (!open.length) return;
  const told = await ask(`${source.dataset.executionsSource}?limit=100`);
  for (const item of told ? told.items : []) {
    const badge = document.querySelector(`[data-execution="${item.id}"]`);
    const progress = document.querySelector(`[data-progress="${item.id}"]`);
    if (!badge) continue;
    showBadge(badge, item.state, item.interrupted, item.warnings);
    showBar(progress.querySelector(".sc-bar"), item.counts, item.stations);
    const ended = ENDED.reduce((sum, name) => sum + (item.counts[name] || 0), 0);
    setText(progress.querySelector(".st-number"), `${ended} / ${item.stations}`);
    const cells = badge.closest("tr");
    const reason = cells.querySelector(".sc-reason");
    setText(reason, item.message);
    reason.title = item.message;
    const until = item.ended ? Date.parse(item.ended) : Date.now();
    if (item.started) setText(cells.querySelector(".sc-took"), seconds(Date.parse(item.started) / 1000, until / 1000));
  }
}

// --- one execution

// What the wire watch found over the whole run.
function findingsTable(page, run) {
  const table = made("table", { class: "sc-steps sc-findings" }, made("caption", {}, "The wire watch"));
  const body = table.createTBody();
  for (const found of run.findings) {
    const text = made("td", {}, found.sentence);
    found.frames.forEach((id, place) => text.append(" ", messageLink(page, id, `message ${place + 1}`)));
    text.append(" ", momentLink(page, run.station, found.first, found.first, "this moment"));
    body.append(made("tr", { "data-level": found.level }, made("td", {}, made("span", { class: `st-badge st-${LEVELS[found.level]}` }, found.level)),
      made("td", { class: "sc-type" }, found.rule), text, made("td", { class: "sc-time" }, found.count > 1 ? `${found.count} times` : "")));
  }
  return table;
}

function showRun(page, holder, run, alone) {
  let box = holder.querySelector(`[data-run="${CSS.escape(run.station)}"]`);
  if (!box) {
    box = made("details", { class: "sc-run", "data-run": run.station }, made("summary", {}));
    box.open = alone;
    holder.append(box);
  }
  const version = JSON.stringify([run.state, run.step, run.done, run.message, run.findings.length]);
  if (box.dataset.version === version) return;
  box.dataset.version = version;
  const summary = box.querySelector("summary");
  summary.replaceChildren(made("span", { class: `st-badge st-${TONES[run.state]}` }, run.state), made("b", {}, run.station),
    made("span", { class: "sc-now" }, ["pending", "running", "failed"].includes(run.state) ? run.step : ""), made("span", { class: "st-number st-fact" }, `${counted(run.done, "step")} done`));
  if (run.message) summary.append(made("span", { class: "sc-why" }, run.message));
  const table = made("table", { class: "sc-steps" });
  const body = table.createTBody();
  if (run.dropped) body.append(made("tr", {}, made("td", {}), made("td", { colspan: "4" }, `Not kept: ${counted(run.dropped, "step")} before these.`)));
  run.steps.forEach((step) => body.append(stepRow(page, run.station, step)));
  box.querySelectorAll(":scope > .sc-steps").forEach((old) => old.remove());
  if (run.findings.length) box.append(findingsTable(page, run));
  box.append(table);
}

function showPage(page, told) {
  const part = (name) => page.querySelector(`[data-part="${name}"]`);
  const links = { liveView: page.dataset.liveView };
  showBadge(part("badge"), told.state, told.interrupted, told.warnings);
  showBar(part("bar"), told.counts, told.stations);
  const counts = Object.entries(told.counts).filter(([, count]) => count);
  setText(part("stations"), told.stations > 1 ? counts.map(([name, count]) => `${count} ${name}`).join(", ") : "1");
  // Of one station its own row says why.
  setText(part("message"), told.stations > 1 || told.state === "cancelled" || told.interrupted ? told.message : "");
  const until = told.ended ? Date.parse(told.ended) : Date.now();
  setText(part("took"), told.started ? seconds(Date.parse(told.started) / 1000, until / 1000) : "–");
  const cancelling = page.querySelector("[data-cancel]");
  if (cancelling) cancelling.hidden = !isOpen(told.state);
  told.runs.forEach((run) => showRun(links, part("runs"), run, told.runs.length === 1));
  part("more").hidden = told.runs.length >= told.stations;
  setText(part("more"), `Shown: ${told.runs.length} of ${counted(told.stations, "station")}, failed ones first; all: GET ${page.dataset.api}/stations`);
}

async function cancel(page) {
  const answer = await fetch(`${page.dataset.api}/cancel`, {
    method: "POST", headers: { "X-CSRFToken": page.querySelector("[name=csrfmiddlewaretoken]").value },
  }).catch(() => null);
  const message = page.querySelector('[data-part="message"]');
  if (!answer) setText(message, "The server cannot be reached.");
  else if (!answer.ok) setText(message, (await answer.json()).message);
}

const source = document.querySelector("[data-executions-source]");
const page = document.querySelector("[data-execution-page]");
let over = false;
let asking = false;

async function refresh() {
  if (document.hidden || asking || over) return;
  asking = true;
  if (source) await refreshList(source);
  if (page) {
    const told = await ask(page.dataset.api);
    if (told) showPage(page, told);
    over = Boolean(told) && !isOpen(told.state);
  }
  asking = false;
}

if (source || page) {
  page?.querySelector("[data-cancel]")?.addEventListener("click", () => cancel(page).then(refresh));
  setInterval(refresh, EVERY);
  document.addEventListener("visibilitychange", refresh);
  refresh();
}
