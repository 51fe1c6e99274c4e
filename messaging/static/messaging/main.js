// The live view: puts the stream, the history, the list and the panel together.
import { counted } from "../emulator/words.js";
import { Detail } from "./detail.js";
import { element, failed } from "./format.js";
import { exportUrl, page, recordingUrl, refill } from "./history.js";
import { Intercept } from "./intercept.js";
import { notices } from "./notices.js";
import { Rows } from "./rows.js";
import { Stream } from "./stream.js";
import { Table } from "./table.js";

const MOST_LIVE = 20000;
const MOST_PAUSED = 20000;
const MOST_HISTORY = 50000;
const MOST_REFILL = 5000;
const PAGE = 200;

const $ = (id) => document.getElementById(id);
const root = $("live");
const form = $("lv-filter");
const view = { mode: root.dataset.mode, paused: false, waiting: [], waitingLost: 0, cursor: null, older: true, loading: false };
const live = new Rows(MOST_LIVE);
const old = new Rows(MOST_HISTORY);
const actions = new Set();
for (const name of ["from", "to"]) { // of a link here: unix seconds, shown in the browser's zone
  const seconds = Number(root.dataset[name]);
  const local = (moment) => new Date(moment - moment.getTimezoneOffset() * 60000);
  if (seconds) form.elements[name].value = local(new Date(seconds * 1000)).toISOString().slice(0, 19);
}
let epoch = new AbortController(); // ends with the filter or mode: answers that come later are stale

const notice = notices($("lv-notices"));
const table = new Table($("lv-scroll"), $("lv-space"), live, { picked: pick, moved });
const detail = new Detail($("lv-detail"), { closed: unpick, station: onlyStation });
const intercept = new Intercept($("lv-intercept"), $("lv-intercept-button"), { station: oneStation, notice });
const socketUrl = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/messages`;
const stream = new Stream(socketUrl, {
  state: (state, text) => {
    $("lv-state").dataset.state = state;
    $("lv-state").textContent = text;
  },
  hello: () => joinUp(),
  messages: (items) => arrive(items),
  missed: (notice) => catchUp(`This browser was too slow for ${counted(notice.count, "message")}`, notice, true),
  gap: (notice) =>
    catchUp(`${counted(notice.count, "message")} did not come through the stream`, {
      first: notice.after, last: notice.before, count: filtered() ? null : notice.count,
    }, true),
  beat: (rates) => {
    $("lv-rate").textContent =
      `${rates.rate} messages/s` + (rates.errorRate ? `, ${rates.errorRate} failing` : "");
  },
  error: (message) => notice(message.message, 8000),
});

// ---- filters

function filter() {
  const data = new FormData(form);
  const wanted = {
    station: data.get("station").trim(), direction: data.get("direction"), kind: data.get("kind"),
    action: data.get("action").trim(), text: data.get("text").trim(), errors: data.has("errors"), marked: data.has("marked"),
  };
  if (view.mode === "history") {
    for (const name of ["from", "to"]) {
      const value = data.get(name);
      wanted[name] = value ? new Date(value).toISOString() : "";
    }
  }
  return wanted;
}

function filtered() {
  return Object.values(filter()).some((value) => value);
}

function streamFilter() {
  const { station, direction, kind, action, text, errors, marked } = filter();
  return { stationId: station, direction, messageType: kind, action, text, errorsOnly: errors, marked };
}

function oneStation() {
  const { station } = filter();
  return view.mode === "live" && !station.includes(",") ? station : "";
}

let filterTimer;
function filterChanged(pause) {
  clearTimeout(filterTimer);
  filterTimer = setTimeout(() => {
    restart();
    if (view.mode === "history") loadOlder();
    else {
      stream.setFilter(streamFilter());
      joinUp();
    }
  }, pause);
}

function restart() {
  intercept.stationChanged();
  epoch.abort();
  epoch = new AbortController();
  rowsInView().clear();
  view.waiting = [];
  view.waitingLost = 0;
  view.cursor = null;
  view.older = true;
  view.loading = false;
  $("lv-notices").replaceChildren();
  $("lv-jsonl").href = exportUrl(filter(), "jsonl");
  $("lv-csv").href = exportUrl(filter(), "csv");
  const recording = recordingUrl(filter());
  $("lv-record").hidden = !recording;
  $("lv-record").href = recording;
  table.toTop();
  changed(0);
}

// ---- rows

function rowsInView() {
  return view.mode === "live" ? live : old;
}

function arrive(items) {
  learnActions(items);
  if (view.mode !== "live") return;
  intercept.seen(items);
  view.joined ??= items[0].id;
  if (view.paused) {
    view.waiting.push(...items);
    if (view.waiting.length > MOST_PAUSED * 1.1) {
      view.waitingLost += view.waiting.splice(0, view.waiting.length - MOST_PAUSED).length;
    }
    showPause();
    return;
  }
  changed(live.add(items).length);
}

function learnActions(items) {
  for (const { action, error } of items) {
    if (!action || error || actions.has(action) || actions.size > 300) continue;
    actions.add(action);
    const option = element("option");
    option.value = action;
    $("lv-actions").append(option);
  }
}

let unseen = 0;
function changed(added) {
  if (!table.atTop) unseen += added;
  table.changed(added);
  const rows = rowsInView();
  $("lv-count").textContent = counted(rows.length, "message");
  showMore();
  $("lv-empty").textContent = rows.length || view.loading ? "" : emptyText();
}

function emptyText() {
  if (view.mode === "history") return "No message matches.";
  return filtered() ? "Waiting for messages that match the filter." : "Waiting for messages. Start a station to see it talk.";
}

function showMore() {
  const more = $("lv-more");
  if (view.mode === "live") {
    more.textContent = live.let_go ? "Older ones are in the history." : "";
  } else if (view.loading) {
    more.textContent = "Searching";
  } else if (view.note) {
    more.textContent = view.note;
  } else {
    more.textContent = view.older ? "Scroll down for older ones." : "These are all.";
  }
}

function moved({ last, atTop }) {
  if (atTop) unseen = 0;
  $("lv-newest").hidden = atTop || view.mode !== "live";
  if (!atTop) $("lv-newest").textContent = unseen ? `${unseen.toLocaleString()} newer` : "Back to the newest";
  if (view.mode === "history" && last > old.length - 50) loadOlder();
}

// ---- history

async function loadOlder() {
  if (view.loading || !view.older || view.mode !== "history") return;
  const { signal } = epoch;
  view.loading = true;
  view.note = "";
  changed(0);
  try {
    // A page may be short while older messages remain: the server looks at so many at a time.
    for (let got = 0; got < PAGE && view.older; ) {
      const answer = await page(filter(), { limit: PAGE, cursor: view.cursor }, signal);
      if (signal.aborted) return;
      view.cursor = answer.next;
      view.older = Boolean(answer.next) && old.length < MOST_HISTORY;
      got += answer.items.length;
      learnActions(answer.items);
      old.add(answer.items);
      if (answer.searched_to) $("lv-more").textContent = `Searched back to ${new Date(answer.searched_to).toLocaleString("sv")}`;
      table.changed(0);
    }
  } catch (error) {
    if (signal.aborted) return;
    view.older = false;
    view.note = error.message;
    notice(error.message, 10000);
  }
  view.loading = false;
  changed(0);
}

// Join the stream to what is shown already, or to the newest of the history. The log is some
// tenths of a second behind the stream, so what lies between is asked for a little later.
async function joinUp() {
  const { signal } = epoch;
  view.joined = null;
  let first = live.items.at(-1)?.id;
  if (!first) {
    try {
      const answer = await page(filter(), { limit: PAGE }, signal);
      if (signal.aborted) return;
      learnActions(answer.items);
      changed(live.add(answer.items).length);
      first = answer.items[0]?.id;
    } catch (error) {
      if (!signal.aborted) notice(`The history is not reached: ${error.message}`, 10000);
      return;
    }
  }
  // Several workers' messages do not come in one order: look a second further.
  catchUp("", { first, last: () => view.joined && later(view.joined, 1), count: null }, false);
}

// The least id a message can have that many seconds after another: ids begin with microseconds.
function later(id, seconds) {
  return (parseInt(id.slice(0, 14), 16) + seconds * 1e6).toString(16).padStart(14, "0");
}

// Fill a hole of the stream from the history, and say so.
async function catchUp(what, hole, tell) {
  const { signal } = epoch;
  const line = tell ? notice(`${what}: fetching them`) : null;
  let found = 0;
  const add = (items) => {
    const fresh = live.add(items);
    found += fresh.length;
    changed(fresh.length);
    return fresh;
  };
  try {
    await refill(filter(), { ...hole, most: MOST_REFILL }, add, signal);
    if (signal.aborted) return;
    const short = hole.count !== null && found < hole.count;
    const rest = short ? `; the other ${hole.count - found} are in the history` : "";
    line?.say(`${what}: ${found} fetched${rest}`, short ? 20000 : 6000);
  } catch (error) {
    // Without a line it is the joining; that is done again when the stream is back.
    if (!signal.aborted) line?.say(`${what}: ${error.message}`, 20000);
  }
}

// ---- picking a row

function pick(id) {
  const rows = rowsInView();
  const item = rows.at(rows.indexOf(id));
  if (!item) return;
  table.select(id);
  detail.show(item, rows.pairOf(item));
}

function unpick() {
  table.select(null);
  detail.hide();
}

function step(by) {
  const rows = rowsInView();
  const at = rows.indexOf(table.selected);
  const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1);
  if (rows.length) pick(rows.at(next).id);
}

function onlyStation(station) {
  form.elements.station.value = station;
  filterChanged(0);
}

// ---- pause and modes

function setPaused(paused) {
  view.paused = paused;
  if (!paused) {
    const waiting = view.waiting;
    const lost = view.waitingLost;
    view.waiting = [];
    view.waitingLost = 0;
    changed(live.add(waiting).length);
    if (lost) notice(`${counted(lost, "message")} of the pause: only in the history.`, 20000);
  }
  showPause();
}

function showPause() {
  const count = view.waiting.length + view.waitingLost;
  $("lv-pause").textContent = view.paused ? `Resume (${count.toLocaleString()} new)` : "Pause";
  $("lv-pause").classList.toggle("lv-on", view.paused);
}

function setMode(mode) {
  view.mode = mode;
  root.dataset.mode = mode;
  for (const tab of root.querySelectorAll(".lv-modes button")) {
    tab.setAttribute("aria-selected", tab.dataset.mode === mode ? "true" : "false");
  }
  table.rows = rowsInView();
  table.withDay = mode === "history";
  unpick();
  setPaused(false);
  restart();
  const url = new URL(location.href);
  if (mode === "history") url.searchParams.set("mode", "history");
  else url.searchParams.delete("mode");
  history.replaceState(null, "", url);
  if (mode === "history") {
    stream.close();
    loadOlder();
  } else {
    stream.filter = streamFilter();
    stream.open();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  filterChanged(0);
});
form.addEventListener("input", (event) => filterChanged(event.target.tagName === "SELECT" ? 0 : 350));
$("lv-reset").onclick = () => {
  for (const field of form.elements) {
    if (field.type === "checkbox") field.checked = false;
    else if (field.name) field.value = "";
  }
  filterChanged(0);
};
// The filter waits for a pause in typing; a download takes it as it stands.
for (const format of ["jsonl", "csv"]) {
  $(`lv-${format}`).addEventListener("click", (event) => {
    event.currentTarget.href = exportUrl(filter(), format);
  });
}
$("lv-pause").onclick = () => setPaused(!view.paused);
$("lv-clear").onclick = () => {
  live.clear();
  unpick();
  changed(0);
};
$("lv-newest").onclick = () => table.toTop();
for (const tab of root.querySelectorAll(".lv-modes button")) tab.onclick = () => setMode(tab.dataset.mode);
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 };
  if (event.key === "Escape") unpick();
  else if (event.key === " " && view.mode === "live" && !event.target.closest("button, a")) setPaused(!view.paused);
  else if (event.key in moves && document.activeElement === $("lv-scroll")) step(moves[event.key]);
  else return;
  event.preventDefault();
});

setMode(view.mode);
// For browser tests and the curious.
window.liveView = { live, old, table, stream, failed };
