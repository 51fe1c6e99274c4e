// The message crafter: station and action, a form and the same as JSON, what the schema says of it
// line by line, and the answer beside it. What is wrong may be sent all the same.

import { JsonEditor } from "../../emulator/json/editor.js";
import { Form } from "../../emulator/json/form.js";
import { parsed } from "../../emulator/json/positions.js";
import { faultsOf } from "../../emulator/json/schema.js";
import { made } from "../../emulator/words.js";
import { Api } from "../life/api.js";
import { Answer } from "./answer.js";
import { Kept } from "./kept.js";
import { Report } from "./report.js";
import { Known } from "./stations.js";
import { ToScenario } from "./step.js";
import { OF_FRAME, OF_PAYLOAD, frameOf, places, spoilt } from "./wrong.js";

const root = document.getElementById("crafter");
const $ = (selector) => root.querySelector(selector);
const station = $("[name=station]");
const action = $("[name=action]");
const mode = $("[name=mode]");
const api = new Api("/api", $("[name=csrfmiddlewaretoken]").value);
const known = new Known(api);
const answer = new Answer(root, api);
const now = { schema: null, version: "", form: null, lastId: "", payload: "{}" };

function tell(place, words, bad = false) {
  const box = $(place);
  box.classList.toggle("st-error", bad);
  box.textContent = words;
}

const editor = new JsonEditor($("[data-editor]"), { label: "JSON that is sent", describedBy: "cr-errors cr-keys", text: "{}", changed: () => look() });
const framed = () => mode.value === "frame";
const current = () => ({ version: now.version, action: action.value, frame: framed(), text: editor.text });

// --- station and action

async function chooseStation() {
  const name = station.value.trim();
  $("[data-send]").disabled = true;
  if (!name) return;
  const why = await known.choose(name);
  if (why === null) return;
  if (why) {
    action.disabled = true;
    tell("[data-about]", why, true);
    return;
  }
  const { version } = known;
  tell("[data-about]", `OCPP ${version}, ${known.state.connected ? "connected" : "not connected"}.`, !known.state.connected);
  if (now.version !== version || !action.options.length) {
    const list = await known.actionsOf(version);
    now.version = version;
    const kept = action.value || root.dataset.action || "Heartbeat";
    action.replaceChildren(...list.map((each) => made("option", { value: each }, each)));
    if (list.includes(kept)) action.value = kept;
  }
  action.disabled = false;
  $("[data-send]").disabled = false;
  answer.listen(name);
  await chooseAction();
}

// text: what shall stand in the editor; without it, an example
async function chooseAction(text = null) {
  const wanted = action.value;
  const schema = await known.schemaOf(now.version, wanted);
  if (!schema || wanted !== action.value) return;
  now.schema = schema;
  now.form = null;
  $("[data-example]").disabled = false;
  if (text !== null) put(text);
  else example();
}

function example() {
  mode.value = "payload";
  put(JSON.stringify(known.example(now.schema), null, 2));
}

function put(text) {
  editor.text = text;
  look(true);
}

// --- form and text, each from the other

function look(anew = false) {
  const found = parsed(editor.text);
  const schema = framed() ? {} : now.schema ?? {};
  const faults = found.error ? [{ line: found.line, words: found.error, span: [found.at, found.at] }]
    : faultsOf(schema, found.value).map(({ path, words }) => ({ line: found.lines.get(path) ?? 1, words: `${path.slice(1) || "payload"}: ${words}`, span: found.spans.get(path) ?? [0, 0] }));
  editor.mark(faults.map(({ span, words }) => ({ from: span[0], to: Math.min(span[1], span[0] + 200), words })));
  $("#cr-errors").replaceChildren(...faults.map(({ line, words, span }) => {
    const go = made("button", { type: "button" }, `line ${line}`);
    go.addEventListener("click", () => editor.goTo(span[0]));
    return made("li", {}, go, words);
  }));
  const verdict = framed() ? "A whole frame is sent as it is." : faults.length ? "It is sent as it is, wrong or not." : "Valid by the schema.";
  tell("[data-verdict]", found.error && !framed() ? "No payload yet: send it as a whole frame, or mend it." : verdict);
  root.dataset.errors = faults.length;
  $("#cr-form").hidden = framed();
  $("[data-columns]").classList.toggle("cr-framed", framed());
  if (framed() || found.error) return;
  fillPlaces(found.value);
  if (anew || !$("#cr-form").contains(document.activeElement)) drawForm(found.value);
}

function drawForm(value) {
  if (!now.schema) return;
  if (!now.form) {
    now.form = new Form(now.schema);
    $("[data-none]").hidden = true;
    $("[data-fields]").replaceChildren(now.form.element);
  }
  now.form.fill(value);
}

function fromForm() {
  try {
    editor.text = JSON.stringify(now.form.read(), null, 2);
    tell("[data-said]", "");
  } catch (error) {
    tell("[data-said]", error.message, true);
  }
}

// --- wrong on purpose

function fillPlaces(value) {
  const place = $("[name=place]");
  const kept = place.value;
  place.replaceChildren(made("option", { value: "" }, "the payload itself"), ...places(value).map((path) => made("option", { value: path }, path.slice(1))));
  if ([...place.options].some((option) => option.value === kept)) place.value = kept;
}

function fillWrong() {
  const group = (label, rows) => made("optgroup", { label }, ...rows.map(([value, words]) => made("option", { value }, words)));
  $("[name=wrong]").replaceChildren(group("The payload", OF_PAYLOAD), group("The frame", OF_FRAME));
  $("[name=wrong]").addEventListener("change", wrongChosen);
  wrongChosen();
}

function wrongChosen() {
  $("[data-place]").hidden = !OF_PAYLOAD.some(([kind]) => kind === $("[name=wrong]").value);
}

function makeWrong() {
  const found = parsed(framed() ? now.payload : editor.text);
  if (found.error) return tell("[data-said]", `Line ${found.line}: ${found.error}. Mend it first, or write the frame yourself.`, true);
  const kind = $("[name=wrong]").value;
  tell("[data-said]", "");
  if (OF_PAYLOAD.some(([each]) => each === kind)) {
    const place = $("[name=place]").value || (kind === "extra" ? "" : places(found.value)[0] ?? "");
    if (!place && kind !== "extra") return tell("[data-said]", "There is no field to spoil: choose another fault.", true);
    mode.value = "payload";
    put(JSON.stringify(spoilt(found.value, now.schema, kind, place), null, 2));
  } else {
    now.payload = JSON.stringify(found.value);
    mode.value = "frame";
    put(frameOf(kind, action.value, found.value, now.lastId));
  }
}

function modeChanged() {
  if (framed()) {
    const found = parsed(editor.text);
    now.payload = found.error ? "{}" : editor.text;
    put(frameOf("", action.value, found.error ? {} : found.value));
  } else {
    const frame = parsed(editor.text).value;
    const payload = Array.isArray(frame) && frame[0] === 2 ? frame[3] : JSON.parse(now.payload);
    put(JSON.stringify(payload ?? {}, null, 2));
  }
}

// --- sending

function body() {
  if (framed()) return { text: compact(editor.text) };
  const found = parsed(editor.text);
  if (found.error) throw new Error(`Line ${found.line}: ${found.error}. To send text that is no JSON, choose “Whole frame”.`);
  return { action: action.value, payload: found.value };
}

// A frame that is JSON goes out as one line, as stations send it; any other as it stands.
function compact(text) {
  const found = parsed(text);
  return found.error ? text : JSON.stringify(found.value);
}

async function send(whom, place) {
  let made_;
  try {
    made_ = { ...body(), ...whom };
  } catch (error) {
    return tell(place, error.message, true);
  }
  const { ok, told, why } = await api.ask("POST", "crafter/sends", made_);
  if (!ok) {
    tell(place, why, true);
    return null;
  }
  kept.loadHistory();
  return told;
}

// Whether a whole frame is a CallResult or a CallError, which ask for nothing.
function isAnswer() {
  const frame = framed() ? parsed(editor.text).value : null;
  return Array.isArray(frame) && (frame[0] === 3 || frame[0] === 4);
}

async function sendOne() {
  answer.wait(!answer.sees ? "You may not see messages." : isAnswer() ? "Nobody answers an answer: what the CSMS does then is in the live view." : "It is waited for …");
  const told = await send({ stations: [station.value.trim()] }, "[data-said]");
  const result = told?.results[0];
  if (!result || result.error) {
    if (result) tell("[data-said]", result.error, true);
    answer.wait("–");
    return;
  }
  now.lastId = result.unique_id;
  tell("[data-said]", result.unique_id ? `Sent as ${result.unique_id}.` : "Sent.");
  if (result.unique_id) answer.expect(result.unique_id);
  else answer.wait("Without a message id no answer is told from others: see the live view.");
}

async function sendMany(event) {
  event.preventDefault();
  const { elements } = event.target;
  const stations = elements.stations.value.split(/[\s,]+/).filter(Boolean);
  const whom = { stations, tag: elements.tag.value.trim(), template: elements.template.value, every_ms: Number(elements.every_ms.value) || 0 };
  tell("[data-many-said]", "It is being sent …");
  const told = await send({ ...whom, ...(elements.same_version.checked ? { version: now.version } : {}) }, "[data-many-said]");
  if (!told) return;
  tell("[data-many-said]", "");
  report.take(told);
}

async function use(request) {
  if (request.station && request.station !== station.value) {
    station.value = request.station;
    await chooseStation();
  }
  mode.value = request.frame ? "frame" : "payload";
  if (request.action && [...action.options].some((option) => option.value === request.action)) action.value = request.action;
  else if (request.action && !request.frame) tell("[data-said]", `OCPP ${now.version} has no ${request.action}.`, true);
  if (now.version) await chooseAction(request.text);
  else put(request.text);
  $("#cr-raw").scrollIntoView({ block: "nearest" });
}

const report = new Report(root, api, (found) => { answer.read(found); $("#cr-answer").scrollIntoView({ block: "nearest" }); });
const kept = new Kept(root, api, { use, open: (id) => report.open(id), current });
new ToScenario(root, api, current);
fillWrong();
station.addEventListener("change", chooseStation);
action.addEventListener("change", () => { mode.value = "payload"; chooseAction(); });
mode.addEventListener("change", modeChanged);
$("[data-fields]").addEventListener("input", fromForm);
$("[data-example]").addEventListener("click", example);
$("[data-make-wrong]").addEventListener("click", makeWrong);
$("[data-send]").addEventListener("click", sendOne);
$("[data-many]").addEventListener("submit", sendMany);
chooseStation();
kept.load();
