// The list of jobs: those that are under way move.

import { localTime } from "../../emulator/words.js";
import { apiOf, counted, isOpen, repeat } from "./api.js";

const root = document.getElementById("fleet-jobs");
const api = apiOf(root);
for (const element of root.querySelectorAll("time")) localTime(element);

async function refresh() {
  const open = [...root.querySelectorAll("[data-job]")].filter((row) => isOpen(row.dataset.state));
  if (!open.length) return false;
  const { ok, told } = await api.ask("GET", "jobs?limit=50");
  if (!ok) return true;
  for (const job of told.items) {
    const row = root.querySelector(`[data-job="${job.id}"]`);
    if (!row) continue;
    row.dataset.state = job.state;
    row.querySelector('[data-of="state"]').textContent = job.stopping ? "stopping" : job.state;
    row.querySelector('[data-of="done"]').textContent = job.done;
    row.querySelector('[data-of="counts"]').textContent = counted(job.counts);
  }
  return true;
}

refresh();
repeat(refresh, 2000);
