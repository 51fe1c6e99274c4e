// A card for each connector: its picture, state, figures, what 2.1 knows beside, and quick commands.

import { clockTime, made, scaled } from "../../emulator/words.js";
import { picture } from "./drawing.js";

const QUICK = [
  ["plug", "Plug in"], ["start-transaction", "Start charging"], ["stop-transaction", "Stop charging"],
  ["unplug", "Unplug"], ["clear", "Mend"],
];

// What a person could do at this outlet now; the station itself has the last word.
function possible(command, live, running) {
  if (!running || !live) return false;
  const { status } = live;
  const busy = Boolean(live.transaction);
  if (status === "Faulted") return command === "clear";
  if (command === "clear") return false;
  if (command === "plug") return !busy && (status === "Available" || status === "Reserved");
  if (command === "unplug") return !["Available", "Unavailable", "Reserved"].includes(status);
  if (command === "start-transaction") return !busy && status !== "Unavailable";
  return busy;
}

// What 2.1 knows of an outlet beside its cost: its tariff, who pays and how, the battery in a slot.
function notesOf({ battery, cost, paying_until: until, payment_url: url, settlement }) {
  const notes = [];
  if (battery) notes.push(`Battery ${battery.serialNumber} · health ${Math.round(battery.soH)} %`);
  if (cost?.tariff) notes.push(`Tariff ${cost.tariff}`);
  if (until) notes.push(["Kept for a payment on the web until ", clockTime(until)]);
  if (url) notes.push(`QR code ${url}`);
  if (settlement) {
    const { status, settlementAmount: amount, statusInfo: why, receipt, receiptId } = settlement;
    const paid = `${Number(amount).toFixed(2)}${receipt ? ` ${receipt.currency}` : ""}`;
    notes.push([`Last payment ${status}`, paid, why, receiptId && `receipt ${receiptId}`].filter(Boolean).join(" · "));
  }
  return notes;
}

// What the CSMS has told the driver, where the station works no cost out itself (2.0.1).
function toldCost(station, outlet) {
  const lines = (station.display || []).find((each) => each.evse === outlet.evse)?.lines ?? [];
  const line = lines.find((each) => each.kind === "cost" || each.kind === "total");
  return line?.amount == null ? undefined : { amount: Number(line.amount), currency: line.currency ?? "" };
}

const percent = (value) => (value == null ? "–" : `${Math.round(value)} %`);

export class Outlets {
  constructor(context, { chosen, more }) {
    Object.assign(this, context, { onChosen: chosen, onMore: more });
    this.cards = new Map();
    const box = this.root.querySelector("[data-outlets]");
    for (const outlet of this.told.connectors) {
      const card = this.card(outlet);
      this.cards.set(outlet.id, { outlet, card });
      box.append(card);
    }
  }

  card(outlet) {
    const fact = (name, title) => made("div", {}, made("dt", {}, title), made("dd", { "data-cell": name }, "–"));
    const own = `${outlet.kind} ${outlet.max_power_w / 1000} kW` + (outlet.evse !== outlet.id ? `, EVSE ${outlet.evse}` : "");
    const pick = made("button", { type: "button", class: "lf-pick", "aria-pressed": "false", title: "Show its curves and give it commands" }, `${outlet.id} · ${own}`);
    pick.addEventListener("click", () => this.choose(outlet.id));
    const buttons = QUICK.filter(([name]) => this.allowed.has(name === "clear" ? "fault" : name)).map(([name, label]) => {
      const button = made("button", { type: "button", class: "fg-button", "data-connector-command": name }, label);
      button.addEventListener("click", () => this.quick(outlet, name, label));
      return button;
    });
    if (this.allowed.has("plug")) {
      const more = made("button", { type: "button", class: "fg-button", "data-own-car": "" }, "A car of your own …");
      more.addEventListener("click", () => this.onMore(outlet, "plug"));
      buttons.push(more);
    }
    return made("article", { class: "fg-card lf-outlet", "data-connector": outlet.id, "aria-label": `Connector ${outlet.id}` },
      made("header", {}, pick, made("span", { class: "lf-status", "data-cell": "status" }, "–")),
      made("div", { "data-picture": "" }),
      made("dl", { class: "lf-facts" }, fact("power", "Power"), fact("meter", "Meter"), fact("soc", "SoC"), fact("limit", "Limit"), fact("cost", "Cost")),
      made("p", { "data-cell": "transaction", class: "lf-transaction" }, "–"),
      made("div", { class: "fg-buttons lf-quick" }, ...buttons));
  }

  choose(id) {
    const found = this.cards.get(id);
    if (!found) return;
    for (const [number, { card }] of this.cards) card.querySelector(".lf-pick").setAttribute("aria-pressed", String(number === id));
    this.onChosen(found.outlet);
  }

  quick(outlet, name, label) {
    const body = { connector: outlet.id };
    if (name === "clear") body.error_code = "NoError";
    this.give(name === "clear" ? "fault" : name, body, `${label} at connector ${outlet.id}`);
  }

  news({ station, look, running }) {
    for (const { outlet, card } of this.cards.values()) {
      const found = (station.connectors || []).find((each) => each.id === outlet.id);
      const seen = look?.connectors.find((each) => each.id === outlet.id) ?? null;
      const live = found && { ...found, cost: seen?.cost ?? found.cost ?? toldCost(station, outlet) };
      this.show(card, outlet, live, seen, running);
    }
  }

  show(card, outlet, live, seen, running) {
    const cell = (name, text) => {
      const place = card.querySelector(`[data-cell="${name}"]`);
      if (place.textContent !== text) place.textContent = text;
      return place;
    };
    const on = running && live;
    const status = cell("status", on ? live.status : "–");
    status.title = (live && live.error) || "";
    status.dataset.status = on ? live.status : "";
    cell("power", on ? scaled(seen ? seen.power_w : live.power_w, "W") : "–");
    cell("meter", live ? `${((seen?.energy_wh ?? live.energy_wh) / 1000).toFixed(2)} kWh` : "–");
    cell("soc", percent(seen ? seen.soc : live?.soc));
    cell("limit", seen ? scaled(seen.limit_w ?? seen.limits[0]?.watts, "W").replace("–", "none") : "–");
    cell("cost", live?.cost ? `${live.cost.amount.toFixed(2)} ${live.cost.currency}` : "–").parentElement.hidden = !live?.cost;
    const begun = live && live.transaction ? `Transaction ${live.transaction}${live.id_tag ? ` · ${live.id_tag}` : ""}${running ? "" : ", goes on when the station is started"}` : "No transaction";
    this.lines(card.querySelector('[data-cell="transaction"]'), [begun, ...(on ? notesOf(live) : [])]);
    const shape = JSON.stringify([seen?.plugged, seen?.locked, seen?.cable, seen?.car, Math.sign(seen?.power_w ?? 0)]);
    const place = card.querySelector("[data-picture]");
    if (place.dataset.shape !== shape) {
      place.dataset.shape = shape;
      place.replaceChildren(picture(outlet, running ? seen : null));
    }
    for (const button of card.querySelectorAll("[data-connector-command]")) {
      button.hidden = !possible(button.dataset.connectorCommand, live, running);
    }
    const own = card.querySelector("[data-own-car]");
    if (own) own.hidden = !possible("plug", live, running);
  }

  // The first line as it is, the others smaller below it.
  lines(place, lines) {
    const told = JSON.stringify(lines, (_, each) => (each instanceof Node ? each.dateTime : each));
    if (place.dataset.told === told) return;
    place.dataset.told = told;
    const [first, ...more] = lines;
    place.replaceChildren(first, ...more.map((text) => made("small", { class: "st-note" }, ...[text].flat())));
  }
}
