// The head of the page: state, power, age; and what drivers read and the CSMS got wrong.

import { clockTime, made, scaled, since } from "../../emulator/words.js";

export class Facts {
  constructor({ root }) {
    this.root = root;
    this.time = null;
    setInterval(() => this.age(), 1000);
  }

  set(name, text) {
    const place = this.root.querySelector(`[data-fact="${name}"]`);
    if (place.textContent !== text) place.textContent = text;
    return place;
  }

  socket(state, text) {
    this.set("socket", text).dataset.state = state;
  }

  age() {
    this.set("age", this.time == null ? "–" : since(this.time, Date.now() / 1000));
  }

  news({ station, look, running }) {
    const badge = this.root.querySelector('[data-live="badge"]');
    if (badge.textContent !== station.text) badge.textContent = station.text;
    badge.className = `st-badge st-${station.tone}`;
    this.time = station.last_message;
    this.age();
    // As the connectors tell theirs: the state that is kept is as old as its last change.
    const power = look ? look.connectors.reduce((sum, { power_w }) => sum + power_w, 0) : station.power_w;
    this.set("power", running ? scaled(power, "W") : "–");
    this.set("registration", (running && station.registration) || "not registered");
    this.set("link_error", station.link_error || "").hidden = !station.link_error;
    const shown = { running, stopped: !running && station.state !== "held back", held: station.state === "held back" };
    for (const button of this.root.querySelectorAll("[data-show]")) button.hidden = !shown[button.dataset.show];
    this.display((running && station.display) || []);
    this.breaches(station.breaches || []);
  }

  // Texts of the CSMS are text here, HTML included.
  display(displays) {
    const box = this.root.querySelector("[data-display]");
    const told = JSON.stringify(displays);
    box.closest("[data-display-card]").hidden = !displays.length;
    if (box.dataset.told === told) return;
    box.dataset.told = told;
    box.replaceChildren(...displays.flatMap(({ evse, lines }) => [
      made("dt", {}, `Display of EVSE ${evse}`),
      ...lines.map((line) => made("dd", {
        "data-kind": line.kind,
        title: [line.kind, line.id, line.priority, line.format, line.language].filter((part) => part !== undefined).join(" · "),
      }, line.text)),
    ]));
  }

  breaches(breaches) {
    const box = this.root.querySelector("[data-breaches]");
    const told = JSON.stringify(breaches);
    box.hidden = !breaches.length;
    if (box.dataset.told === told) return;
    box.dataset.told = told;
    const count = breaches.reduce((sum, breach) => sum + breach.count, 0);
    box.querySelector("summary").textContent = `The CSMS broke the specification ${count === 1 ? "once" : `${count} times`}`;
    box.querySelector("tbody").replaceChildren(...breaches.map((breach) => made("tr", { title: breach.detail },
      ...[[breach.action, breach.kind].filter(Boolean).join(" · "), breach.what, breach.count,
        clockTime(breach.last), breach.read ? "read all the same" : "refused",
      ].map((told) => made("td", {}, told)))));
  }
}
