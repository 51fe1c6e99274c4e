// The answer to what was sent, by the live stream; what the stream has missed, by the log.

import { made } from "../../emulator/words.js";
import { showJson } from "../../messaging/format.js";
import { Stream } from "../../messaging/stream.js";

const KINDS = ["CallResult", "CallError", "CallResultError", "Invalid"];

export class Answer {
  constructor(root, api) {
    Object.assign(this, { api, sees: Boolean(root.dataset.messages), kind: root.querySelector("[data-kind]"), frame: root.querySelector("[data-frame]"), found: new Map(), wanted: "" });
    this.links = root.querySelector("[data-answer-links]");
    this.liveView = root.dataset.liveView;
  }

  listen(station) {
    if (!this.sees || this.stream?.filter.stationId === station) return;
    this.stream?.close();
    this.stream = new Stream(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/messages`, {
      state: () => {}, hello: () => {}, messages: (items) => items.forEach((item) => this.take(item)),
    });
    this.stream.filter = { stationId: station };
    this.stream.open();
  }

  take(item) {
    if (item.direction !== "received" || !KINDS.includes(item.kind)) return;
    this.found.set(item.uid, item);
    if (this.found.size > 100) this.found.delete(this.found.keys().next().value);
    this.show();
  }

  wait(words) {
    this.wanted = "";
    this.kind.textContent = "";
    this.links.replaceChildren();
    this.frame.textContent = words;
  }

  // uid: of what was sent.
  expect(uid) {
    this.wanted = uid;
    this.show();
  }

  show() {
    const item = this.found.get(this.wanted);
    if (!item || !this.wanted) return;
    this.kind.textContent = `${item.kind}${item.error ? `, ${item.error}` : ""}${item.latency == null ? "" : `, after ${Math.round(item.latency)} ms`}`;
    showJson(this.frame, item.text);
    const moment = Date.parse(item.time) / 1000;
    const query = new URLSearchParams({ mode: "history", station: item.station, from: Math.floor(moment) - 5, to: Math.ceil(moment) + 5 });
    this.links.replaceChildren(made("a", { class: "st-anchor", href: `${this.liveView}?${query}` }, "This moment in the log"));
  }

  // From a report: {id, kind, error, latency_ms} of a message in the log.
  async read(answer) {
    const { ok, told, why } = await this.api.ask("GET", `messages/${encodeURIComponent(answer.id)}`);
    if (!ok) this.wait(why);
    else {
      this.found.set(told.message.uid, told.message);
      this.expect(told.message.uid);
    }
  }
}
