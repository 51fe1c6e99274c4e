// The life of a station: puts socket, cards, curves, commands, settings, timeline and messages
// together. What came last from ws/station is the news that all of them get.

import { Socket } from "../../emulator/dashboard/socket.js";
import { Api } from "./api.js";
import { Commands } from "./commands.js";
import { Curves } from "./curves.js";
import { Facts } from "./facts.js";
import { Faults } from "./faults.js";
import { Messages } from "./messages.js";
import { Outlets } from "./outlets.js";
import { Schedule } from "./schedule.js";
import { Settings } from "./settings.js";
import { Timeline } from "./timeline.js";

const KEPT = 10; // seconds
const root = document.getElementById("life");
const told = JSON.parse(document.getElementById("life-told").textContent);
const allowed = new Set(told.allowed);
const api = new Api(told.api, root.querySelector("[name=csrfmiddlewaretoken]").value);
const said = root.querySelector("[data-said]");

function say(text, bad = false) {
  said.classList.toggle("st-error", bad);
  said.textContent = text;
}

// Give a command; its end is told in words, and what it has changed is looked at soon.
async function give(name, body, label = name) {
  say(`${label} …`);
  const answer = await api.ask("POST", name, body);
  say(answer.ok ? `${label}: done.` : `${label}: ${answer.why}`, !answer.ok);
  for (const wait of [100, 700, 1500]) setTimeout(() => socket.send({ type: "look" }), wait);
  return answer;
}

const context = { root, told, allowed, api, give, say };
const facts = new Facts(context);
const commands = new Commands(context);
const curves = new Curves(context);
const schedule = new Schedule(context);
const outlets = new Outlets(context, {
  chosen: (outlet) => {
    commands.choose(outlet.id);
    curves.choose(outlet);
    schedule.choose(outlet);
  },
  more: (outlet, name) => {
    outlets.choose(outlet.id);
    commands.open(name);
  },
});
const parts = [facts, outlets, curves, schedule, commands, new Faults(context), new Settings(context), new Timeline(context)];
if (root.dataset.messages) new Messages(context);

let last = null; // the last look of the worker, which may be late with the next

function news(message) {
  const running = !["stopped", "disabled", "held back"].includes(message.station.state);
  if (message.look) last = message;
  const kept = running && last && message.time - last.time < KEPT ? last.look : null;
  for (const part of parts) part.news({ ...message, look: message.look ?? kept, running });
  root.dataset.looks = Number(root.dataset.looks ?? 0) + 1;
}

const socket = new Socket({
  state: (name, text) => facts.socket(name, text),
  figures: news,
  gone: (message) => say(message.message, true),
  error: (message) => say(message.message, true),
}, `ws/station?station=${encodeURIComponent(told.identity)}`);

for (const button of root.querySelectorAll("[data-command]")) {
  button.addEventListener("click", () => give(button.dataset.command, {}, button.textContent));
}
// Where something is going on, if anywhere.
const busy = (told.live.connectors ?? []).find(({ transaction }) => transaction);
outlets.choose((busy ?? told.connectors[0])?.id);
news({ time: Date.now() / 1000, station: told.live, look: null });
