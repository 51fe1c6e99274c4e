// The last 50 messages: those that are kept, and then those that come.

import { inUtc, made } from "../../emulator/words.js";
import { arrow, clock, failed, kindNames, latency, showJson } from "../../messaging/format.js";
import { Stream } from "../../messaging/stream.js";

const MOST = 50;

export class Messages {
  constructor({ root, told }) {
    this.rows = root.querySelector("#lf-messages [data-rows]");
    this.state = root.querySelector("[data-stream]");
    this.station = told.identity;
    this.known = new Set();
    this.waiting = [];
    this.stream = new Stream(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/messages`, {
      state: (state, text) => {
        if (this.state.textContent === text) return;
        this.state.dataset.state = state;
        this.state.textContent = text;
      },
      hello: () => this.load(),
      messages: (items) => this.take(items),
      missed: () => this.load(),
      gap: () => this.load(),
    });
    this.stream.filter = { stationId: this.station };
    this.stream.open();
  }

  async load() {
    const query = new URLSearchParams({ station: this.station, limit: MOST });
    const answer = await fetch(`/api/messages?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok) this.take((await answer.json()).items.reverse());
  }

  // One redraw a frame, however many come.
  take(items) {
    this.waiting.push(...items.filter((item) => item.station === this.station));
    if (this.waiting.length > 4 * MOST) this.waiting = this.waiting.slice(-MOST);
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.draw();
    });
  }

  draw() {
    const fresh = this.waiting.filter((item) => !this.known.has(item.id)).slice(-MOST);
    this.waiting = [];
    for (const item of fresh) {
      this.known.add(item.id);
      const row = this.row(item);
      let after = this.rows.firstElementChild;
      while (after && after.dataset.id > item.id) after = after.nextElementSibling;
      this.rows.insertBefore(row, after);
    }
    while (this.rows.childElementCount > MOST) {
      this.known.delete(this.rows.lastElementChild.dataset.id);
      this.rows.lastElementChild.remove();
    }
  }

  row(item) {
    const text = item.text || item.mark || item.error || "";
    const row = made("li", { "data-id": item.id, class: failed(item) ? "lf-failed" : "" });
    const head = made("summary", {},
      made("time", { datetime: item.time, title: inUtc(new Date(item.time)) }, clock(item.time)), made("span", { "aria-hidden": "true" }, arrow(item.direction)),
      made("b", {}, item.action || item.kind), made("span", { class: "fg-name" }, [kindNames[item.kind] ?? item.kind, item.direction, latency(item.latency), item.error, item.mark].filter(Boolean).join(" · ")));
    const box = made("details", {}, head);
    box.addEventListener("toggle", () => {
      if (!box.open || box.childElementCount > 1) return;
      const frame = made("pre", { class: "lf-frame", tabindex: "0" });
      showJson(frame, text);
      box.append(frame);
    });
    row.append(box);
    return row;
  }
}
