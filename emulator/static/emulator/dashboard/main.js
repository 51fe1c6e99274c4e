// The first page: live figures by ws/dashboard, and charts of the chosen time.

import { Charts } from "./charts.js";
import { firstSteps } from "./first-steps.js";
import { Socket } from "./socket.js";
import { Tables } from "./tables.js";

const AGAIN = { "15m": 20, "1h": 30, "6h": 60, "24h": 120, "7d": 600, "30d": 600 }; // seconds
const KEPT = "dashboard-range";
const root = document.getElementById("dashboard");
const charts = new Charts(root);
const tables = new Tables(root);
const state = document.getElementById("fg-state");
const buttons = [...root.querySelectorAll("[data-range]")];
let range = localStorage.getItem(KEPT);
if (!(range in AGAIN)) range = "1h";
let asked = 0;

function ask() {
  asked = Date.now();
  socket.send({ type: "range", range });
}

function choose(name) {
  range = name;
  localStorage.setItem(KEPT, name);
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.range === name));
}

const socket = new Socket({
  state(name, text) {
    if (state.dataset.state !== name || state.textContent !== text) {
      state.dataset.state = name;
      state.textContent = text;
    }
  },
  hello: ask,
  figures(message) {
    tables.figures(message);
    charts.figures(message);
    root.dataset.looks = Number(root.dataset.looks ?? 0) + 1;
    if (Date.now() - asked > AGAIN[range] * 1000) ask();
  },
  history(message) {
    if (message.range !== range) return;
    charts.history(message);
    const label = buttons.find((button) => button.dataset.range === range).textContent;
    if (message.messages) tables.actions(message.messages.actions, label);
    root.dataset.range = range;
  },
  error: (message) => console.warn(message.message),
});

for (const button of buttons) {
  button.addEventListener("click", () => {
    choose(button.dataset.range);
    ask();
  });
}
firstSteps(document.getElementById("fg-first"));
choose(range);
