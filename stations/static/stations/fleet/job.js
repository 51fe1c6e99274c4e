// One job: its progress, and what came of each station, while it goes on and afterwards.

import { answered, counted, localTime, made, span } from "../../emulator/words.js";
import { apiOf, cell, isOpen, repeat } from "./api.js";

const root = document.getElementById("fleet-job");
const api = apiOf(root);
const path = `jobs/${root.dataset.job}`;
const rows = root.querySelector("[data-rows]");
const more = root.querySelector("[data-more]");
const stop = root.querySelector("[data-stop]");
const set = (name, text) => { for (const each of root.querySelectorAll(`[data-of="${name}"]`)) if (each.textContent !== text) each.textContent = text; };
let chosen = "";
let next = null;
let asked = 0;

for (const element of root.querySelectorAll("time")) localTime(element);

function show(job) {
  root.dataset.state = job.state;
  const open = isOpen(job.state);
  root.querySelector("progress").value = job.done;
  set("said", `${job.done.toLocaleString("en")} of ${job.total.toLocaleString("en")}`);
  set("state", job.stopping ? "stopping" : job.state);
  set("message", job.message);
  set("pace", job.per_second ? `${counted(job.per_second, "station")} a second` : "as fast as it goes");
  for (const [name, count] of Object.entries(job.counts)) root.querySelector(`[data-count="${name}"]`).textContent = count.toLocaleString("en");
  const spent = job.started ? ((job.ended ? new Date(job.ended) : new Date()) - new Date(job.started)) / 1000 : null;
  const left = open && spent > 2 && job.done ? (spent / job.done) * (job.total - job.done) : null;
  set("left", left != null ? `about ${span(left)} left` : spent != null ? `took ${span(spent)}` : "");
  if (stop) {
    stop.hidden = !open;
    stop.disabled = job.stopping;
  }
}

function row({ station, result, message, answer }) {
  const link = made("a", { href: `${root.dataset.station}?q=${encodeURIComponent(station)}` }, station);
  const words = [message, answer ? answered(answer) : ""].filter(Boolean).join(" ");
  return made("tr", { "data-result": result }, cell(link), cell(result), cell(words, { class: "fg-why" }));
}

async function load(anew) {
  const mine = ++asked;
  const query = new URLSearchParams({ limit: "100" });
  if (chosen) query.set("result", chosen);
  if (!anew && next) query.set("cursor", next);
  const { ok, told } = await api.ask("GET", `${path}/stations?${query}`);
  if (!ok || mine !== asked) return;
  const found = told.items.map(row);
  if (anew) rows.replaceChildren(...found);
  else rows.append(...found);
  if (!rows.children.length) rows.append(made("tr", {}, cell("None so far.", { colspan: "3", class: "fg-empty" })));
  next = told.next;
  more.hidden = !next;
}

async function refresh() {
  const { ok, told } = await api.ask("GET", path);
  if (!ok) return true;
  show(told);
  // The first page alone moves by itself; who has asked for more is left to read.
  if (rows.children.length <= 100) await load(true);
  return isOpen(told.state);
}

for (const button of root.querySelectorAll("button[data-result]")) {
  button.addEventListener("click", () => {
    chosen = button.dataset.result;
    for (const each of root.querySelectorAll("button[data-result]")) each.setAttribute("aria-pressed", String(each === button));
    load(true);
  });
}
more.addEventListener("click", () => load(false));
stop?.addEventListener("click", async () => {
  stop.disabled = true;
  const { ok, told, why } = await api.ask("POST", `${path}/stop`);
  if (ok) show(told);
  else set("message", why);
});

if (await refresh()) repeat(refresh, 1000);
