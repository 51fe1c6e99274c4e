// The past day in lanes: the link, each connector's states, its sessions; boots, faults and power
// cuts as marks. The same as a list, for who cannot or need not look at a picture.

import { counted, inUtc, localTime, made, scaled } from "../../emulator/words.js";

const AGAIN = 60000;
const RETRY = 5000;
const MOST_ROWS = 100;
const SOON = 3000; // after the station's news say that something has changed
const LINK = { true: "connected", false: "disconnected" };
const utc = (moment) => inUtc(new Date(moment * 1000)).slice(11);
const clock = (moment) => new Date(moment * 1000).toLocaleTimeString("sv", { hour: "2-digit", minute: "2-digit" });

// [[from, to, state]] of a lane, of what was noted: [time, before, after], null where that is not
// known; `now`: its state at the end.
export function stretches(begin, end, changes, now) {
  const found = [];
  let at = begin;
  let state = null;
  for (const [time, before, after] of changes) {
    found.push([at, time, before ?? state]);
    at = time;
    state = after;
  }
  found.push([at, end, now ?? state]);
  return found.filter(([from, to]) => to > from);
}

export function lanesOf(told, connectors, now) {
  const { from, to, moments, sessions } = told;
  const of = (...kinds) => moments.filter(([, kind]) => kinds.includes(kind));
  // A station that is started or stopped has no link, and nobody charges there.
  const power = of("started", "resumed", "stopped", "power");
  const link = [];
  for (const [time, kind, made] of of("link", "stopped", "started")) {
    if (kind === "link") link.push([time, LINK[!made], LINK[Boolean(made)]]);
    // What was before the first that is known of it, nobody knows.
    else link.push([time, kind === "started" && link.length ? "stopped" : null, kind === "started" ? "disconnected" : "stopped"]);
  }
  const state = now.running ? LINK[Boolean(now.connected)] : "stopped";
  const lanes = [{ name: "Link", parts: stretches(from, to, link, state), marks: of("boot").map(([time]) => [time, "boot", "Boot"]) }];
  lanes[0].marks.push(...power.filter(([, kind]) => kind !== "resumed").map(([time, kind, there]) => [time, kind === "power" && !there ? "fault" : "power", kind === "power" ? (there ? "Power is back" : "Power cut") : kind === "started" ? "Started" : "Stopped"]));
  for (const { id } of connectors) {
    const changes = of("status").filter(([, , number]) => number === id);
    const rests = of("started", "stopped").map(([time, kind], at) => (kind === "stopped" ? [time, null, "Unavailable"] : [time, at ? "Unavailable" : null, null]));
    const told = changes.map(([time, , , before, after]) => [time, before, after]);
    lanes.push({
      name: `Connector ${id}`,
      parts: stretches(from, to, [...told, ...rests].sort((one, other) => one[0] - other[0]), now.statuses.get(id) ?? null),
      marks: changes.filter(([, , , , after]) => after === "Faulted").map(([time, , , , , error]) => [time, "fault", `Fault ${error}`]),
      sessions: sessions.filter((session) => session.connector === id),
    });
  }
  return lanes;
}

const TEXTS = {
  started: () => "The station was started", stopped: () => "The station was stopped",
  resumed: () => "Another worker has taken it over", boot: () => "Accepted by the CSMS after a boot",
  link: ([, , there, why]) => (there ? "Connected" : `The link was lost${why ? `: ${why}` : ""}`),
  power: ([, , there]) => (there ? "The power is back" : "The power was cut"),
  status: ([, , , before, after, error]) => `${before} → ${after}${error && error !== "NoError" ? ` (${error})` : ""}`,
};

export class Timeline {
  constructor(context) {
    Object.assign(this, context);
    this.card = this.root.querySelector("#lf-timeline");
    this.now = { running: false, connected: false, statuses: new Map() };
    setInterval(() => { if (!document.hidden) this.load(); }, AGAIN);
    this.load();
  }

  news({ station, running }) {
    this.now = { running, connected: station.connected, statuses: new Map((station.connectors ?? []).map((each) => [each.id, each.status])) };
    const shape = JSON.stringify([running, station.connected, [...this.now.statuses]]);
    if (shape === this.shape) return;
    const first = this.shape === undefined;
    this.shape = shape;
    if (first) this.draw();
    else setTimeout(() => this.load(), SOON);
  }

  async load() {
    const { ok, told, why } = await this.api.ask("GET", "timeline");
    if (!ok) {
      // What is shown stays; where nothing is yet, the reason stands, and it is asked again.
      if (this.past) return;
      this.card.querySelector("[data-count]").textContent = why;
      setTimeout(() => this.load(), RETRY);
      return;
    }
    this.past = told;
    this.draw();
  }

  draw() {
    if (!this.past) return;
    const { from, to } = this.past;
    const share = (moment) => `${(100 * (Math.max(from, Math.min(to, moment)) - from)) / (to - from)}%`;
    const stretch = (element, begin, end) => {
      element.style.left = share(begin);
      element.style.width = `max(2px, ${(100 * (Math.min(to, end) - Math.max(from, begin))) / (to - from)}%)`;
      return element;
    };
    const lanes = lanesOf(this.past, this.told.connectors, this.now).map(({ name, parts, marks, sessions }) => {
      const bar = made("div", { class: "lf-lane", role: "img", "aria-label": `${name}: ${counted(parts.length, "state")}, ${counted(marks.length, "event")} in the past day` });
      for (const [begin, end, state] of parts) {
        bar.append(stretch(made("i", { "data-status": state ?? "", title: `${state ?? "not known"}, ${clock(begin)} to ${clock(end)} (${utc(begin)} to ${utc(end)})` }), begin, end));
      }
      for (const session of sessions ?? []) {
        const title = `Session ${session.transaction || session.id}, ${scaled(session.energy_wh, "Wh")}${session.reason ? `, ${session.reason}` : ""}`;
        bar.append(stretch(made("b", { title }), session.started, session.ended ?? to));
      }
      for (const [time, kind, title] of marks) {
        const mark = made("u", { "data-mark": kind, title: `${title}, ${clock(time)} (${utc(time)})` });
        mark.style.left = share(time);
        bar.append(mark);
      }
      return made("div", { class: "lf-row" }, made("span", {}, name), bar);
    });
    const hours = made("div", { class: "lf-row lf-hours", "aria-hidden": "true" }, made("span", {}), made("div", { class: "lf-lane" },
      ...[0, 6, 12, 18].map((hour) => {
        const at = from + hour * 3600;
        const text = made("em", { title: inUtc(new Date(at * 1000)) }, clock(at));
        text.style.left = share(at);
        return text;
      })));
    this.card.querySelector("[data-lanes]").replaceChildren(...lanes, hours);
    this.list();
  }

  list() {
    const rows = this.past.moments.map((moment) => [moment[0], moment[1] === "status" ? `Connector ${moment[2]}` : "Station", TEXTS[moment[1]]?.(moment) ?? moment[1]]);
    for (const session of this.past.sessions) {
      const words = `Session ${session.transaction || ""} of ${session.id_tag ?? "nobody"}`;
      rows.push([session.started, `Connector ${session.connector}`, `${words} began`, session.id]);
      if (session.ended) rows.push([session.ended, `Connector ${session.connector}`, `${words} ended: ${session.reason ?? ""}, ${scaled(session.energy_wh, "Wh")}`, session.id]);
    }
    rows.sort((one, other) => other[0] - one[0]);
    this.card.querySelector("[data-count]").textContent = rows.length > MOST_ROWS ? `the last ${MOST_ROWS} of ${rows.length} events` : counted(rows.length, "event");
    const body = rows.slice(0, MOST_ROWS).map(([moment, where, what, session]) => {
      const time = made("time", { datetime: new Date(moment * 1000).toISOString() });
      localTime(time);
      const link = session && this.root.dataset.session;
      const text = link ? made("a", { href: link.replace("ID", encodeURIComponent(session)) }, what) : what;
      return made("tr", {}, made("td", {}, time), made("td", {}, where), made("td", {}, text));
    });
    const none = made("tr", {}, made("td", { class: "fg-empty", colspan: 3 }, "Nothing is known of the past day."));
    this.card.querySelector("tbody").replaceChildren(...(body.length ? body : [none]));
    this.card.dataset.events = rows.length;
  }
}
