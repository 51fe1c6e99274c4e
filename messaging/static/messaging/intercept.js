// Interception: breakpoints of the station that the filter names, and the frames they hold.
// The stations' API does it; this page only asks.
import { element, kindNames } from "./format.js";
import { HeldCard } from "./held.js";

const LOOK = 2000; // while there is something to look at

export class Intercept {
  // `station()`: the one station of the filter, or "". `notice(text, ms)`: a line above the list.
  constructor(root, button, { station, notice }) {
    this.root = root;
    this.button = button;
    this.station = station;
    this.notice = notice;
    this.cards = new Map();
    this.shown = null; // whose frames are shown
    this.closed = false; // by the person: then it stays so, and the button tells the number
    this.form = root.querySelector("form");
    this.chips = root.querySelector("[data-breakpoints]");
    this.list = root.querySelector("[data-held-list]");
    this.said = root.querySelector("[data-said]");
    button.onclick = () => {
      this.closed = !this.root.hidden;
      this.open(this.root.hidden);
    };
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.set();
    });
    root.querySelector("[data-lift]").onclick = () => this.ask("DELETE", "breakpoints");
    root.querySelector("[data-release-all]").onclick = () => this.ask("POST", "held/release");
    setInterval(() => this.tick(), 1000);
    setInterval(() => {
      if (!document.hidden && (this.cards.size || this.chips.children.length)) this.load();
    }, LOOK);
  }

  open(wanted) {
    this.root.hidden = !wanted;
    this.button.classList.toggle("lv-on", wanted);
    this.button.setAttribute("aria-expanded", String(wanted));
    if (wanted) this.load();
  }

  // The filter or the mode has changed.
  stationChanged() {
    if (this.station() !== this.shown) this.load();
  }

  // New messages have come: those that are held concern us.
  seen(items) {
    const held = items.filter((item) => item.mark && /(^|; )held$/.test(item.mark));
    if (!held.length && !(this.cards.size && items.some((item) => item.mark))) return;
    if (items.some((item) => item.station === this.station())) {
      this.load();
    } else if (held.length && !this.station()) {
      this.notice(`${held[0].station} holds a frame: filter by that station to decide on it.`, 15000);
    }
  }

  async ask(method, path, body) {
    const station = this.shown;
    if (!station) return null;
    const answer = await this.request(station, method, path, body);
    if (answer && method !== "GET") await this.load();
    return answer;
  }

  async request(station, method, path, body, quiet = false) {
    try {
      const answer = await fetch(`/api/stations/${encodeURIComponent(station)}/${path}`, {
        method,
        credentials: "same-origin",
        headers: {
          Accept: "application/json",
          "Content-Type": "application/json",
          "X-CSRFToken": this.root.querySelector("[name=csrfmiddlewaretoken]").value,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const told = await answer.json().catch(() => ({}));
      if (answer.ok) {
        if (!quiet) this.say("");
        return told;
      }
      const words = told.fields ? Object.values(told.fields).join(" ") : told.message;
      if (!quiet || !this.root.hidden) this.say(words ?? `The server answered ${answer.status}.`);
      if (answer.status === 404 && !quiet) this.load(); // somebody else was quicker
    } catch {
      this.say("The server cannot be reached.");
    }
    return null;
  }

  say(text) {
    this.said.textContent = text;
    this.said.hidden = !text;
  }

  set() {
    const data = new FormData(this.form);
    const body = { direction: data.get("direction"), kind: data.get("kind"), action: data.get("action").trim() };
    for (const name of ["count", "hold_seconds"]) if (data.get(name)) body[name] = Number(data.get(name));
    this.ask("POST", "breakpoints", body);
  }

  async load() {
    const station = this.station();
    if (station !== this.shown) {
      this.shown = station;
      this.closed = false;
      this.show({ breakpoints: [], held: [] });
      this.say("");
    }
    this.root.querySelector("[data-choose]").hidden = Boolean(station);
    this.form.hidden = !station;
    if (!station) return;
    const got = await this.request(station, "GET", "interception", undefined, true);
    if (!got || station !== this.shown) return;
    this.show(got);
    if ((got.held.length || got.breakpoints.length) && this.root.hidden && !this.closed) {
      this.open(true);
    }
  }

  // Cards that are there stay as they are: somebody may be typing in one.
  show({ breakpoints, held }) {
    this.chips.replaceChildren(...breakpoints.map((each) => this.chip(each)));
    this.root.querySelector("[data-lift]").hidden = breakpoints.length < 2;
    const ids = new Set(held.map((frame) => frame.id));
    for (const [id, card] of this.cards) {
      if (ids.has(id)) continue;
      card.root.remove();
      this.cards.delete(id);
    }
    for (const frame of held) {
      if (this.cards.has(frame.id)) continue;
      const card = new HeldCard(frame, (path, body) => this.ask("POST", path, body));
      this.cards.set(frame.id, card);
      this.list.append(card.root);
    }
    this.root.querySelector("[data-release-all]").hidden = held.length < 2;
    this.button.textContent = held.length ? `Intercept (${held.length} held)` : "Intercept";
  }

  chip(each) {
    const words = [
      each.direction === "both" ? "" : each.direction,
      each.kind.split(",").map((kind) => kindNames[kind] ?? kind).join(", "),
      each.action,
      each.count === null ? "" : `the next ${each.count}`,
      `${each.hold_seconds} s`,
    ].filter(Boolean);
    const made = element("span", "lv-chip", words.length > 1 ? words.join(" \u00b7 ") : `every frame \u00b7 ${words[0]}`);
    const lift = element("button", "", "\u00d7");
    lift.type = "button";
    lift.title = "Lift this breakpoint";
    lift.setAttribute("aria-label", "Lift this breakpoint");
    lift.onclick = () => this.ask("DELETE", `breakpoints/${each.id}`);
    made.append(lift);
    return made;
  }

  tick() {
    for (const card of this.cards.values()) card.tick();
  }
}
