// The messages this page holds: ordered by id, each once, and never more than `most`.
import { pairKinds } from "./format.js";

export class Rows {
  constructor(most) {
    this.most = most;
    this.items = []; // ascending by id; shown newest first
    this.ids = new Set();
    this.let_go = 0;
  }

  get length() {
    return this.items.length;
  }

  // Row `index` of the list as shown, 0 being the newest.
  at(index) {
    return this.items[this.items.length - 1 - index];
  }

  indexOf(id) {
    const place = this.place(id);
    return this.items[place]?.id === id ? this.items.length - 1 - place : -1;
  }

  place(id) {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.items[middle].id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // Add messages in any order; returns those that were new.
  add(messages) {
    const fresh = messages.filter((m) => !this.ids.has(m.id) && this.ids.add(m.id));
    if (!fresh.length) return fresh;
    const last = this.items.at(-1)?.id ?? "";
    fresh.sort((a, b) => (a.id < b.id ? -1 : 1));
    if (fresh[0].id > last) {
      for (const message of fresh) this.items.push(message);
    } else {
      this.items = this.items.concat(fresh).sort((a, b) => (a.id < b.id ? -1 : 1));
    }
    // Let go in steps, so that a full list does not move all its items at each batch.
    if (this.items.length > this.most * 1.1) {
      const gone = this.items.splice(0, this.items.length - this.most);
      for (const message of gone) this.ids.delete(message.id);
      this.let_go += gone.length;
    }
    return fresh;
  }

  clear() {
    this.items = [];
    this.ids.clear();
    this.let_go = 0;
  }

  pairOf(item) {
    if (!item.uid) return null;
    const wanted = pairKinds(item.kind);
    const isCall = item.kind === "Call";
    const fits = (other) => other.uid === item.uid && other.station === item.station &&
      other.direction !== item.direction && wanted.includes(other.kind) && (other.id > item.id) === isCall;
    // The first answer after a Call, the last Call before an answer.
    return (isCall ? this.items.find(fits) : this.items.findLast(fits)) ?? null;
  }
}
