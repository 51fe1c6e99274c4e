// The list of sessions: times in the browser's zone, the filter's times, the totals.

import { count, localTime, scaled, span } from "../../emulator/words.js";

const root = document.getElementById("sessions");
const form = document.getElementById("fg-filter");
const set = (name, text) => (root.querySelector(`[data-total="${name}"]`).textContent = text);

for (const element of root.querySelectorAll("time")) localTime(element);
for (const cell of root.querySelectorAll("[data-wh]")) {
  if (cell.dataset.wh) cell.textContent = scaled(Number(cell.dataset.wh), "Wh");
}
for (const cell of root.querySelectorAll("[data-begin]")) {
  const end = cell.dataset.end ? new Date(cell.dataset.end) : new Date();
  cell.textContent = span(Math.max(0, (end - new Date(cell.dataset.begin)) / 1000));
}

// What is chosen is of the browser's zone, what is asked for of UTC.
for (const input of form.querySelectorAll("[data-for]")) {
  const asked = form.elements[input.dataset.for];
  const held = new Date(asked.value);
  if (asked.value && !Number.isNaN(held.getTime())) {
    input.value = new Date(held - held.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  }
  input.addEventListener("change", () => {
    asked.value = input.value ? new Date(input.value).toISOString() : "";
  });
}
form.addEventListener("submit", () => {
  for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
});
window.addEventListener("pageshow", () => {
  for (const field of form.elements) field.disabled = false;
});

const answer = await fetch(root.dataset.totals, { headers: { Accept: "application/json" } });
if (answer.ok) {
  const told = await answer.json();
  set("sessions", count(told.sessions) + (told.more ? "+" : ""));
  set("active", `${count(told.active)} active` + (told.more ? "; totals are of the newest" : ""));
  set("energy", scaled(told.energy_wh, "Wh"));
  set("mean_energy", told.mean_energy_wh == null ? "" : `${scaled(told.mean_energy_wh, "Wh")} a session`);
  set("duration", span(told.mean_seconds));
  const reasons = Object.entries(told.reasons);
  set("reason", reasons.length ? reasons[0][0] : "–");
  set("reasons", reasons.slice(0, 4).map(([name, number]) => `${name} ${count(number)}`).join(", "));
  root.dataset.counted = "yes";
}
