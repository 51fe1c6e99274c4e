// The message crafter: station and action, a form and the same as JSON, what the schema says of it
// line by line, and the answer beside it. What is wrong may be sent all the same.

import { made } from "../../emulator/words.js";
import { showJson } from "../../messaging/format.js";
import { Stream } from "../../messaging/stream.js";
import { Api } from "../life/api.js";
import { Form } from "../life/form.js";
import { parsed } from "./positions.js";
import { exampleOf, faultsOf } from "./schema.js";

const root = document.getElementById("crafter");
const $ = (selector) => root.querySelector(selector);
const station = $("[name=station]");
const action = $("[name=action]");
const text = $("[data-text]");
const token = $("[name=csrfmiddlewaretoken]").value;
const api = new Api("/api", token);
const now = { schema: null, version: "", state: null, form: null, wanted: "", answers: new Map() };

function tell(place, words, bad = false) {
  const box = $(place);
  box.classList.toggle("st-error", bad);
  box.textContent = words;
}

const path = () => `stations/${encodeURIComponent(station.value.trim())}`;

// --- station and action

async function chooseStation() {
  const name = station.value.trim();
  action.disabled = true;
  $("[data-send]").disabled = true;
  if (!name) return;
  const { ok, told, why } = await api.ask("GET", `${path()}/state`);
  if (name !== station.value.trim()) return;
  if (!ok) {
    tell("[data-about]", why, true);
    return;
  }
  now.state = told;
  if (!told.ocpp_version) {
    tell("[data-about]", "This station does not run: start it first.", true);
    return;
  }
  tell("[data-about]", `OCPP ${told.ocpp_version}, ${told.connected ? "connected" : "not connected"}.`, !told.connected);
  if (now.version !== told.ocpp_version || !action.options.length) {
    const list = await api.ask("GET", `schemas/${told.ocpp_version}`);
    if (!list.ok) return;
    now.version = told.ocpp_version;
    const kept = action.value || root.dataset.action || "Heartbeat";
    action.replaceChildren(...list.told.actions.map((each) => made("option", { value: each }, each)));
    if (list.told.actions.includes(kept)) action.value = kept;
  }
  action.disabled = false;
  $("[data-send]").disabled = false;
  listen(name);
  await chooseAction();
}

async function chooseAction() {
  const wanted = action.value;
  const { ok, told } = await api.ask("GET", `schemas/${now.version}/${encodeURIComponent(wanted)}`);
  if (!ok || wanted !== action.value) return;
  now.schema = told;
  $("[data-example]").disabled = false;
  example();
}

function hints() {
  const outlet = now.state.connectors.find((each) => each.transaction) ?? now.state.connectors[0] ?? {};
  const meter = Math.round(outlet.energy_wh ?? 0);
  const transaction = now.version === "1.6" ? Number(outlet.transaction) || 0 : String(outlet.transaction ?? "");
  return {
    connectorId: now.version === "1.6" ? outlet.id : 1, evseId: outlet.evse, id: outlet.evse, idTag: outlet.id_tag || "EMULATOR", idToken: outlet.id_tag || "EMULATOR",
    transactionId: transaction, meterStart: meter, meterStop: meter, value: now.version === "1.6" ? String(meter) : meter,
    chargePointVendor: "OCPP Emulator", chargePointModel: "Virtual", vendorName: "OCPP Emulator", model: "Virtual", vendorId: "Emulator", status: outlet.status, errorCode: "NoError", seqNo: 0,
  };
}

function example() {
  text.value = JSON.stringify(exampleOf(now.schema, now.schema, hints()), null, 2);
  fromText(true);
}

// --- form and text, each from the other

function fromText(anew = false) {
  const found = parsed(text.value);
  const errors = found.error ? [[found.line, found.error]]
    : faultsOf(now.schema ?? {}, found.value).map(({ path: place, words }) => [found.lines.get(place) ?? 1, `${place.slice(1) || "payload"}: ${words}`]);
  $("#cr-errors").replaceChildren(...errors.map(([line, words]) => made("li", {}, made("b", {}, `line ${line}`), words)));
  tell("[data-verdict]", errors.length ? "It is sent as it is, wrong or not." : "Valid by the schema.");
  root.dataset.errors = errors.length;
  if (!found.error && (anew || !$("#cr-form").contains(document.activeElement))) drawForm(found.value);
}

function drawForm(value) {
  if (!now.schema) return;
  now.form = new Form(now.schema);
  now.form.fill(value);
  $("[data-none]").hidden = true;
  $("[data-fields]").replaceChildren(now.form.element);
}

function fromForm() {
  try {
    text.value = JSON.stringify(now.form.read(), null, 2);
    tell("[data-said]", "");
  } catch (error) {
    tell("[data-said]", error.message, true);
    return;
  }
  fromText();
}

// --- sending, and the answer

function listen(name) {
  if (!root.dataset.messages || now.stream?.filter.stationId === name) return;
  now.stream?.close();
  now.stream = new Stream(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/messages`, {
    state: () => {}, hello: () => {}, messages: (items) => items.forEach(take),
  });
  now.stream.filter = { stationId: name };
  now.stream.open();
}

function take(item) {
  if (item.direction !== "received" || !["CallResult", "CallError", "Invalid"].includes(item.kind)) return;
  now.answers.set(item.uid, item);
  if (now.answers.size > 100) now.answers.delete(now.answers.keys().next().value);
  show();
}

function show() {
  const item = now.answers.get(now.wanted);
  if (!item) return;
  $("[data-kind]").textContent = `${item.kind}${item.error ? `, ${item.error}` : ""}${item.latency == null ? "" : `, after ${Math.round(item.latency)} ms`}`;
  showJson($("[data-frame]"), item.text);
}

async function send() {
  const found = parsed(text.value);
  if (found.error) {
    tell("[data-said]", `Line ${found.line}: ${found.error}. A whole frame of any text is sent from the station's page.`, true);
    return;
  }
  now.wanted = "";
  $("[data-kind]").textContent = "";
  $("[data-frame]").textContent = root.dataset.messages ? "It is waited for …" : "You may not see messages.";
  const { ok, told, why } = await api.ask("POST", `${path()}/messages`, { action: action.value, payload: found.value });
  tell("[data-said]", ok ? `Sent as ${told.result.unique_id}.` : why, !ok);
  if (!ok) {
    $("[data-frame]").textContent = "–";
    return;
  }
  now.wanted = told.result.unique_id;
  show();
}

station.addEventListener("change", chooseStation);
action.addEventListener("change", chooseAction);
text.addEventListener("input", () => fromText());
$("[data-fields]").addEventListener("input", fromForm);
$("[data-example]").addEventListener("click", example);
$("[data-send]").addEventListener("click", send);
chooseStation();
