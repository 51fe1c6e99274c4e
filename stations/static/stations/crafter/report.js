// What each station did with a frame: whether it sent it, and what the CSMS answered. Asked for
// again while answers may come.

import { counted, made } from "../../emulator/words.js";

const EVERY = 1000;
const MOST_ROWS = 500;

export class Report {
  // show(answer): of one station, in the card of the answer
  constructor(root, api, show) {
    Object.assign(this, { api, show, card: root.querySelector("#cr-report"), rows: root.querySelector("[data-report]"), sum: root.querySelector("[data-report-sum]"), only: root.querySelector("[name=failures]") });
    this.only.addEventListener("change", () => this.draw());
  }

  async open(id) {
    clearTimeout(this.timer);
    this.id = id;
    this.card.hidden = false;
    await this.ask();
    this.card.scrollIntoView({ block: "nearest" });
  }

  take(told) {
    clearTimeout(this.timer);
    this.id = told.id;
    this.card.hidden = false;
    this.told = told;
    this.draw();
    if (told.waiting) this.timer = setTimeout(() => this.ask(), EVERY);
  }

  async ask() {
    const { id } = this;
    const { ok, told, why } = await this.api.ask("GET", `crafter/sends/${id}`);
    if (id !== this.id) return;
    if (ok) this.take(told);
    else this.sum.textContent = why;
  }

  draw() {
    const { results, waiting, sent, stations, action } = this.told;
    const kinds = {};
    for (const { answer } of results) if (answer) kinds[answer.kind] = (kinds[answer.kind] ?? 0) + 1;
    const parts = [`${action || "The frame"}: sent by ${sent} of ${counted(stations, "station")}`, ...Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`), waiting ? `${waiting} ${waiting === 1 ? "waits" : "wait"} for an answer` : ""];
    this.sum.textContent = `${parts.filter(Boolean).join(", ")}.`;
    this.card.dataset.waiting = waiting;
    const bad = (each) => each.error || (each.answer ? each.answer.kind !== "CallResult" : !waiting);
    const chosen = results.filter((each) => !this.only.checked || bad(each)).slice(0, MOST_ROWS);
    this.rows.replaceChildren(...chosen.map((each) => this.row(each, waiting)));
  }

  row({ station, error, unique_id: uid, answer }, waiting) {
    const words = error || (answer ? [answer.kind, answer.error].filter(Boolean).join(": ") : waiting && uid ? "…" : "no answer");
    const cell = made("td", {}, words);
    if (answer) {
      const opener = made("button", { type: "button", class: "cr-open", "aria-label": `${words}: the answer to ${station}` }, words);
      opener.addEventListener("click", () => this.show(answer));
      cell.replaceChildren(opener);
    }
    const state = error || (answer && answer.kind !== "CallResult") ? "bad" : answer ? "good" : "open";
    return made("tr", { "data-station": station, "data-outcome": state }, made("th", { scope: "row" }, station), made("td", { class: "fg-frame" }, uid || "–"), cell,
      made("td", { class: "fg-num" }, answer?.latency_ms == null ? "" : `${Math.round(answer.latency_ms)} ms`));
  }
}
