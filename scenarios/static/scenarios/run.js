// The page that runs a scenario: stations to pick from, and what the run would come to on each OCPP
// version of those that are chosen, before it begins.

import { counted, made } from "../emulator/words.js";
import { Api } from "../stations/life/api.js";

const page = document.querySelector("[data-run-page]");
const form = page.querySelector("form");
const api = new Api("/api", form.elements.csrfmiddlewaretoken.value);
const named = () => [...new Set(form.elements.stations.value.split(/[\r\n,]/).map((name) => name.trim()).filter(Boolean))];

// --- picking

function picker() {
  const search = made("input", { type: "search", class: "st-input st-wide", placeholder: "Search stations by name, make or model", "aria-label": "Search stations" });
  const list = made("ul", { class: "sc-picks", "aria-label": "Stations that fit" });
  const said = made("p", { class: "st-help", role: "status" });
  const all = made("button", { type: "button", class: "st-button st-small" }, "Take all that are shown");
  const box = made("details", { class: "sc-picker" }, made("summary", {}, "Pick stations"), search, list, made("div", { class: "sc-with" }, all, said));
  let serial = 0;
  async function load() {
    serial += 1;
    const mine = serial;
    const { ok, told, why } = await api.ask("GET", `stations?${new URLSearchParams({ search: search.value.trim(), limit: 50 })}`);
    if (mine !== serial) return;
    if (!ok) {
      said.textContent = why;
      return;
    }
    const chosen = new Set(named());
    list.replaceChildren(...told.items.map((station) => {
      const tick = made("input", { type: "checkbox", value: station.identity, ...(chosen.has(station.identity) ? { checked: "" } : {}) });
      tick.addEventListener("change", () => take([station.identity], tick.checked));
      return made("li", {}, made("label", {}, tick, " ", made("b", {}, station.identity), ` OCPP ${station.ocpp_version}, ${station.state.state}`));
    }));
    said.textContent = told.next ? "The first 50 are shown: search for others." : `${counted(told.items.length, "station")}.`;
  }
  let timer;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(load, 250); });
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  all.addEventListener("click", () => {
    const ticks = [...list.querySelectorAll("input")];
    for (const tick of ticks) tick.checked = true;
    take(ticks.map((tick) => tick.value), true);
  });
  box.addEventListener("toggle", () => { if (box.open && !list.childElementCount) load(); });
  return box;
}

function take(identities, chosen) {
  const found = new Set(named());
  for (const identity of identities) {
    if (chosen) found.add(identity);
    else found.delete(identity);
  }
  form.elements.stations.value = [...found].join(", ");
  soon();
}

// --- before the run

const place = page.querySelector("[data-preview]");
let timer;
let serial = 0;

function soon() {
  clearTimeout(timer);
  timer = setTimeout(look, 300);
}

async function look() {
  serial += 1;
  const mine = serial;
  const scenario = page.dataset.scenario || form.elements.scenario?.value;
  const { tag, template, number } = form.elements;
  const asked = { stations: named(), tag: tag.value.trim(), template: template.value, number: Number(number.value) || 0 };
  if (!scenario || !(asked.stations.length || asked.tag || asked.template)) {
    place.replaceChildren();
    return;
  }
  const { ok, told, why } = await api.ask("POST", `scenarios/${encodeURIComponent(scenario)}/preview`, asked);
  if (mine !== serial) return;
  place.replaceChildren(...(ok ? words(told) : [made("p", { class: "st-error" }, why)]));
}

function words(told) {
  const starts = form.elements.start_stations.checked;
  const off = told.off ? `, ${told.off} of them off${starts ? " (they are started)" : ": tick “Start stations that do not run”, or they fail"}` : "";
  const rest = told.disabled ? `, ${told.disabled} disabled` : "";
  const lines = told.versions.map(({ version, stations, steps, left_out: left, foreign }) => made("li", { class: foreign.length ? "sc-bad-fit" : "" },
    made("b", {}, `OCPP ${version}`), `: ${counted(stations, "station")}, ${counted(steps, "step")}${left ? `, ${left} left out` : ""}`,
    ...(foreign.length ? [made("ul", {}, ...foreign.map(({ sentence }) => made("li", {}, sentence)))] : [])));
  const choosing = told.choosing ? [made("p", {}, `${told.choosing} of them let the CSMS choose the version: theirs is known when they are connected.`)] : [];
  return [made("p", {}, made("b", {}, counted(told.stations, "station")), `${off}${rest}`), made("ul", {}, ...lines), ...choosing];
}

if (page.dataset.mayPick) {
  page.querySelector("[data-picker]").append(picker());
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  page.addEventListener("click", (event) => { if (event.target.closest("[data-pick]")) soon(); });
  look();
}
