// The panel with one message and its request or response beside it.
import { dayAndClock, element, inUtc, kindNames, latency, showJson, size } from "./format.js";
import { message, page } from "./history.js";

export class Detail {
  constructor(root, { closed, station }) {
    this.root = root;
    this.closed = closed;
    this.station = station;
    this.id = null;
  }

  // Show what is at hand at once, then what the history says; it may come a moment later.
  async show(item, pair) {
    this.id = item.id;
    this.request?.abort();
    this.request = new AbortController();
    this.render(item, pair, item.cut || pair?.cut ? "Loading the whole frame." : "");
    for (const pause of [0, 700, 2000, 5000]) {
      await new Promise((done) => setTimeout(done, pause));
      if (this.id !== item.id) return;
      try {
        const got = await message(item.id, this.request.signal);
        if (this.id !== item.id) return;
        this.render(got.message, got.pair ?? pair, "");
        await this.showOriginal(got.message);
        if (got.pair || got.message.kind !== "Call") return;
      } catch (error) {
        if (error.name === "AbortError") return;
        if (error.status && error.status !== 404) {
          this.render(item, pair, error.message);
          return;
        }
      }
    }
  }

  // What an operator edited stands in the log as it came, too.
  async showOriginal(item) {
    if (!item.mark?.includes("edited by hand")) return;
    const wanted = { station: item.station, direction: item.direction, marked: true };
    const found = await page(wanted, { last_id: item.id, limit: 50 }, this.request.signal);
    const first = found.items.find((other) => other.mark.endsWith("held") && (!item.uid || other.uid === item.uid));
    if (!first || this.id !== item.id) return;
    this.root.append(element("h3", "lv-before", "Before the edit"), this.card(first, false));
  }

  hide() {
    this.id = null;
    this.request?.abort();
    this.root.hidden = true;
    this.root.replaceChildren();
  }

  render(item, pair, note) {
    const place = this.root.scrollTop;
    const isCall = item.kind === "Call";
    const [first, second] = isCall ? [item, pair] : [pair, item];
    const spent = (isCall ? pair : item)?.latency;
    const top = element("header");
    top.append(element("h2", "", item.action || kindNames[item.kind] || item.kind));
    if (spent !== null && spent !== undefined) {
      top.append(element("span", "lv-tag", `answered in ${latency(spent)}`));
    }
    if (item.station) {
      const only = element("button", "lv-link", "Only this station");
      only.type = "button";
      only.onclick = () => this.station(item.station);
      top.append(only);
    }
    const close = element("button", "lv-close", "\u00d7");
    close.type = "button";
    close.title = "Close (Esc)";
    close.setAttribute("aria-label", "Close");
    close.onclick = () => this.closed();
    top.append(close);
    const cards = element("div", "lv-pair");
    const paired = isCall || ["CallResult", "CallError", "CallResultError"].includes(item.kind);
    const before = item.kind === "CallResultError" ? "The refused answer" : "The request";
    if (first) cards.append(this.card(first, first.id === item.id));
    else if (paired) cards.append(element("div", "lv-none", `${before} is not in the log.`));
    if (second) cards.append(this.card(second, second.id === item.id));
    else if (paired) cards.append(element("div", "lv-none", "No response yet."));
    this.root.replaceChildren(top, cards);
    if (note) this.root.append(element("div", "lv-none", note));
    this.root.hidden = false;
    this.root.scrollTop = place;
  }

  card(item, isThis) {
    const card = element("section", isThis ? "lv-card lv-this" : "lv-card");
    const title = element("h3");
    const sides = { sent: "station \u2192 CSMS", received: "CSMS \u2192 station" };
    title.append(element("span", "", kindNames[item.kind] ?? item.kind));
    title.append(element("span", "lv-tag", sides[item.direction] ?? "note"));
    const tools = element("span", "lv-tools");
    title.append(tools);
    const facts = element("dl");
    const add = (name, value, className) => {
      if (value === "" || value === null || value === undefined) return;
      facts.append(element("dt", "", name), element("dd", className, value));
    };
    add("Time", dayAndClock(item.time));
    facts.lastElementChild.title = inUtc(item.time);
    add("Station", item.station);
    add("Unique id", item.uid);
    add("Number", item.seq ? `${item.seq} of run ${item.run}` : "");
    add("Size", size(item.bytes));
    add("Latency", latency(item.latency));
    add("Error", item.error, "lv-error");
    add("Mark", item.mark, "lv-marked-text");
    add("By", item.cause, "lv-marked-text");
    const body = element("pre");
    showJson(body, item.text);
    let raw = false;
    tools.append(
      this.tool("Raw", (button) => {
        raw = !raw;
        button.textContent = raw ? "Pretty" : "Raw";
        if (raw) body.textContent = item.text;
        else showJson(body, item.text);
      }),
      this.tool("Copy", async (button) => {
        await navigator.clipboard?.writeText(item.text);
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = "Copy"), 1200);
      }),
    );
    card.append(title, facts, body);
    return card;
  }

  tool(text, act) {
    const button = element("button", "lv-link", text);
    button.type = "button";
    button.onclick = () => act(button);
    return button;
  }
}
