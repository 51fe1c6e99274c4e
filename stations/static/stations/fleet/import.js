// The import of a file of stations: the file stays here; it is sent to be looked at, and once more
// to be imported.

import { made } from "../../emulator/words.js";
import { cell } from "./api.js";

const root = document.getElementById("fleet-import");
const fields = root.querySelector("form").elements;
const look = root.querySelector("[data-look]");
const take = root.querySelector("[data-import]");
const said = root.querySelector("[data-said]");
const MOST = 500;
// Unfold's script would look for its own text field beside a field for a file; there is none here.
fields.file.hasChangeListener = true;

function table(id, rows, count) {
  const card = root.querySelector(id);
  card.hidden = !rows.length;
  card.querySelector("[data-count]").textContent = count > rows.length ? `the first ${rows.length} of ${count.toLocaleString("en")}` : String(count);
  card.querySelector("tbody").replaceChildren(...rows);
}

// "Line 7: Give ..." -> [7, "Give ..."]
function parted([place, text]) {
  const found = /^Line (\d+)(?:, column \d+)?: (.*)$/s.exec(text);
  return found ? [Number(found[1]), place, found[2]] : [0, place, text];
}

function showErrors(answer) {
  const found = Object.entries(answer.fields ?? { file: answer.message }).map(parted).sort((a, b) => a[0] - b[0]);
  table("#fl-errors", found.slice(0, MOST).map(([line, place, text]) => made("tr", {}, cell(line || "–", { class: "fg-num" }), cell(place), cell(text, { class: "fg-why" }))), found.length);
  table("#fl-outcomes", [], 0);
  said.textContent = answer.message;
}

function remarks({ changed, ignored }) {
  return [...Object.entries(changed), ...Object.entries(ignored)].map(([name, text]) => `${name}: ${text}`).join(" ");
}

function showOutcomes(answer) {
  const found = answer.stations;
  table("#fl-errors", [], 0);
  table("#fl-outcomes", found.slice(0, MOST).map((each) => made("tr", {}, cell(each.identity), cell(answer.dry_run ? `to be ${each.action}` : each.action), cell(remarks(each), { class: "fg-why" }))), found.length);
  const counts = ["created", "updated", "skipped"].filter((name) => answer[name]).map((name) => `${answer[name].toLocaleString("en")} ${name}`).join(", ") || "no station";
  said.textContent = answer.dry_run ? `The file is right. To be imported: ${counts}.` : `Imported: ${counts}.`;
  if (!answer.dry_run) said.append(" ", made("a", { class: "st-anchor", href: root.dataset.stations }, "To the stations"));
}

async function send(dry) {
  const [file] = fields.file.files;
  if (!file) return;
  look.disabled = take.disabled = true;
  said.textContent = dry ? "Looking at it…" : "Importing…";
  const query = new URLSearchParams({ on_existing: fields.on_existing.value, dry_run: dry, start: Boolean(fields.start?.checked) });
  const type = /\.csv$/i.test(file.name) || file.type === "text/csv" ? "text/csv" : "application/json";
  let right = false;
  try {
    const answer = await fetch(`/api/stations/import?${query}`, {
      method: "POST", body: file,
      headers: { Accept: "application/json", "Content-Type": type, "X-CSRFToken": root.querySelector("[name=csrfmiddlewaretoken]").value },
    });
    const told = await answer.json();
    right = answer.ok;
    (right ? showOutcomes : showErrors)(told);
  } catch {
    said.textContent = "The server cannot be reached.";
  }
  look.disabled = false;
  take.disabled = !(right && dry);
}

function changed() {
  look.disabled = !fields.file.files.length;
  take.disabled = true;
  said.textContent = fields.file.files.length ? "Not looked at yet." : "Choose a file.";
  table("#fl-errors", [], 0);
  table("#fl-outcomes", [], 0);
}

root.querySelector("form").addEventListener("change", changed);
root.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
look.addEventListener("click", () => send(true));
take.addEventListener("click", () => send(false));
