// A command or a change to many: which stations, what, at what pace; a preview, then the job.

import { counted, made } from "../../emulator/words.js";
import { Form } from "../../emulator/json/form.js";
import { apiOf, cell } from "./api.js";

const root = document.getElementById("fleet-new");
const told = JSON.parse(document.getElementById("fleet-told").textContent);
const api = apiOf(root);
const shown = root.querySelector("[data-shown]");
const select = root.querySelector("[data-command]");
const go = root.querySelector("[data-go]");
const forms = new Map();
let kind = told.commands.length ? "command" : "edit";

// --- what is to be done

function addCommands() {
  const groups = new Map();
  for (const command of told.commands) {
    if (!groups.has(command.group)) groups.set(command.group, made("optgroup", { label: command.group }));
    groups.get(command.group).append(made("option", { value: command.name }, command.label));
  }
  select.append(...groups.values());
}

const command = () => told.commands.find(({ name }) => name === select.value);

function commandForm() {
  const found = command();
  if (!found) return null;
  if (!forms.has(found.name)) forms.set(found.name, new Form(found.schema ?? {}, { choices: { profile: told.ev_profiles } }));
  return forms.get(found.name);
}

function showCommand() {
  root.querySelector("[data-command-help]").textContent = (command()?.help ?? "").replaceAll("`", "");
  root.querySelector("[data-command-fields]").replaceChildren(...(commandForm() ? [commandForm().element] : []));
}

const edits = told.fields.map((schema) => new Form(schema));
edits.forEach((form, place) => root.querySelector(place ? "[data-edit-rest]" : "[data-edit-first]").append(form.element));

function choose(name) {
  kind = name;
  for (const button of root.querySelectorAll("[data-kind]")) button.setAttribute("aria-pressed", String(button.dataset.kind === name));
  for (const pane of root.querySelectorAll("[data-pane]")) pane.hidden = pane.dataset.pane !== name;
  shown.replaceChildren();
}

// --- which stations

function which() {
  const ticked = root.querySelector("[data-chosen]");
  if (ticked) return { chosen: ticked.dataset.chosen };
  const fields = root.querySelector("#fl-which form").elements;
  const found = {};
  for (const name of ["search", "tag", "template", "version", "state"]) if (fields[name].value) found[name] = fields[name].value;
  const names = fields.identities.value.split("\n").map((name) => name.trim()).filter(Boolean);
  if (names.length) found.identities = names;
  if (fields.all.checked) found.all = true;
  return found;
}

const words = (text) => text.split(",").map((word) => word.trim()).filter(Boolean);

function body() {
  const pace = { per_second: Number(root.querySelector("[data-pace]").value || 0) };
  if (kind === "command") return { ...which(), ...pace, command: select.value, arguments: command().schema ? commandForm().read() : {} };
  const sent = { ...which(), ...pace, set: Object.assign({}, ...edits.map((form) => form.read())) };
  for (const field of root.querySelectorAll("[data-tags]")) if (field.value.trim()) sent[field.dataset.tags] = words(field.value);
  const region = root.querySelector("[data-region]").value.trim();
  return region ? { ...sent, region } : sent;
}

// --- preview and begin

function say(text, wrong) {
  shown.replaceChildren(made("p", { class: wrong ? "fg-alert" : "fl-said", ...(wrong ? { role: "alert" } : {}) }, text));
}

async function send(query) {
  let sent;
  try {
    sent = body();
  } catch (error) {
    say(error.message, true);
    return null;
  }
  say("…");
  const { ok, told: answer, why } = await api.ask("POST", `jobs/${kind}${query}`, sent);
  if (ok) return answer;
  say(why, true);
  return null;
}

// Of many the first and the last are told.
function named({ count, identities }) {
  if (count <= identities.length) return identities.join(", ");
  const half = Math.ceil(identities.length / 2);
  return `${identities.slice(0, half).join(", ")} … ${identities.slice(half).join(", ")}`;
}

function refusedRows(refused) {
  const rows = Object.entries(refused).map(([name, why]) => made("tr", {}, cell(name), cell(why, { class: "fg-why" })));
  return made("table", { class: "fg-table" }, made("thead", {}, made("tr", {}, made("th", { scope: "col" }, "Station"), made("th", { scope: "col" }, "Why it would refuse"))), made("tbody", {}, ...rows));
}

root.querySelector("[data-preview]").addEventListener("click", async () => {
  const answer = await send("?dry_run=true");
  if (!answer) return;
  say(`${counted(answer.count, "station")}: ${named(answer)}`);
  if (answer.checked != null) shown.append(made("p", { class: "fl-said" }, `The change was tried on ${answer.checked} of them: ${Object.keys(answer.refused).length ? "some would refuse it." : "none refuses it."}`));
  if (Object.keys(answer.refused).length) shown.append(refusedRows(answer.refused));
});

go.addEventListener("click", async () => {
  go.disabled = true;
  const job = await send("");
  go.disabled = false;
  if (job) location.assign(root.dataset.job.replace("/0/", `/${job.id}/`));
});

select.addEventListener("change", () => { showCommand(); shown.replaceChildren(); });
for (const button of root.querySelectorAll("[data-kind]")) {
  button.hidden = !(button.dataset.kind === "command" ? told.commands.length : told.fields.length);
  button.addEventListener("click", () => choose(button.dataset.kind));
}
addCommands();
showCommand();
choose(kind);
root.dataset.ready = "yes";
