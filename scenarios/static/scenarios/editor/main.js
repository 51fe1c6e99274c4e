// The editor of a scenario: its fields for JSON, the palette and the forms of its steps, what the
// server says of them, and trying them. The form of the admin is what is saved.

import { JsonEditor } from "../../emulator/json/editor.js";
import { counted, made } from "../../emulator/words.js";
import { Api } from "../../stations/life/api.js";
import { Checking } from "./checking.js";
import { outlined } from "./outline.js";
import { StepsEditor } from "./steps.js";
import { Trying } from "./trying.js";

const CARRIED = "scenario-steps"; // of the message crafter
const told = document.querySelector("[data-scenario-editor]");
const form = document.querySelector("#scenario_form");
const fields = {};

function plain(field, label, changed) {
  const faults = made("ol", { class: "je-faults", id: `${field.id}-faults`, "aria-label": `What is wrong with ${label.toLowerCase()}` });
  const holder = made("div", {});
  field.after(holder, made("div", { role: "status" }, faults));
  field.hidden = true;
  const editor = new JsonEditor(holder, {
    text: field.value, label, describedBy: faults.id,
    changed: (text) => {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      changed();
    },
  });
  const empty = field.id === "id_variables" || field.id === "id_watch" ? "{}" : "[]";
  return { editor, faults, outline: () => outlined(editor.text.trim() ? editor.text : empty) };
}

function values() {
  const text = (name) => form.elements[name]?.value ?? "";
  return { name: text("name"), scenarioId: text("slug"), tags: text("tags").split(",").map((tag) => tag.trim()).filter(Boolean) };
}

function versionsOf(found, why) {
  const place = document.querySelector("[data-versions]");
  place.classList.toggle("sc-bad", !found || found.problems.length > 0);
  if (!found) place.textContent = why;
  else if (found.problems.length) place.textContent = `${found.problems.length} to correct: it cannot be saved as it is.`;
  else {
    place.textContent = found.versions.map(({ version, left_out: left, foreign }) => {
      const parts = [foreign.length ? `${counted(foreign.length, "step")} ${foreign.length === 1 ? "fails" : "fail"} there (${foreign[0].sentence})` : "", left ? `${counted(left, "step")} left out` : ""].filter(Boolean);
      return `OCPP ${version}: ${parts.length ? parts.join(", ") : "all steps"}`;
    }).join(" · ");
  }
}

async function begin() {
  const api = new Api("/api", form.elements.csrfmiddlewaretoken.value);
  const { ok, told: table } = await api.ask("GET", "scenario-steps");
  if (!ok) return;
  const checking = new Checking(api, fields, { values, told: versionsOf });
  const changed = () => checking.soon();
  for (const [name, label] of [["steps", "Steps"], ["cleanup", "Cleanup"]]) {
    const field = form.elements[name];
    if (!field) return; // one who may only look
    const editor = new StepsEditor(field, { table, label, changed });
    fields[name] = { steps: editor, editor: editor.editor, faults: editor.faults, outline: () => editor.outline };
  }
  for (const [name, label] of [["variables", "Variables"], ["watch", "Wire watch"]]) fields[name] = plain(form.elements[name], label, changed);
  for (const label of form.querySelectorAll("label[for]")) {
    const name = Object.keys(fields).find((each) => label.htmlFor === `id_${each}`);
    if (name) label.addEventListener("click", () => fields[name].editor.view.focus());
  }
  const { steps } = fields.steps;
  steps.element.append(made("p", { class: "sc-hint", role: "status", "data-versions": "" }));
  if (told.dataset.mayTry) {
    steps.side.append(new Trying(api, {
      steps: (whole) => (steps.outline.error ? null : whole ? steps.outline.value : steps.step && [steps.step.value]),
      variables: () => fields.variables.outline().value ?? {}, liveView: told.dataset.liveView, execution: told.dataset.execution,
    }).element);
  }
  if (told.dataset.mayRun) steps.element.querySelector(".se-bar").append(made("button", { type: "submit", name: "_run", value: "1", class: "st-button st-small" }, "Save and run…"));
  for (const name of ["name", "slug", "tags"]) form.elements[name]?.addEventListener("change", changed);
  carry(steps);
  document.body.dataset.editor = "ready";
  checking.now();
}

// What the message crafter has made of a message.
function carry(steps) {
  const carried = sessionStorage.getItem(CARRIED);
  if (!carried) return;
  sessionStorage.removeItem(CARRIED);
  const list = JSON.parse(carried);
  for (const step of list) steps.insert(step, true);
  steps.tell(`${counted(list.length, "step")} came from the message crafter. Save, to keep ${list.length === 1 ? "it" : "them"}.`);
}

if (told && form) begin();
