// Faults on demand on a station's page: what is wrong with it on purpose, a form for more, mending.
// live.js tells the news of the station; the commands go to the API.
(() => {
  "use strict";
  const USES = { // fields of the form, by the fault
    latency: ["delay_ms", "jitter_ms"], reorder: ["delay_ms"], malformed: ["form"],
  };
  const NUMBERS = new Set(["probability", "count", "seconds", "delay_ms", "jitter_ms"]);

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function button(text, act) {
    const made = element("button", "st-button st-small", text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }

  function setUp(box) {
    const panel = box.closest("[data-panel]");
    const said = box.querySelector("[data-fault-said]");
    const list = box.querySelector("[data-fault-list]");
    const form = box.querySelector("[data-fault-form]");
    const field = (name) => form.querySelector(`[data-name="${name}"]`);
    let shown = "";
    let held = 0;

    async function ask(method, path, body) {
      said.classList.remove("st-error");
      said.textContent = "…";
      try {
        const answer = await fetch(`${panel.dataset.api}/${path}`, {
          method,
          headers: {
            "Content-Type": "application/json",
            "X-CSRFToken": panel.querySelector("[name=csrfmiddlewaretoken]").value,
          },
          body: body === undefined ? undefined : JSON.stringify(body),
        });
        const told = await answer.json();
        said.classList.toggle("st-error", !answer.ok);
        said.textContent = answer.ok ? "Done." : told.fields ? Object.values(told.fields).join(" ") : told.message;
        if (answer.ok) load();
      } catch (error) {
        said.classList.add("st-error");
        said.textContent = "The server cannot be reached.";
      }
    }

    async function load() {
      const answer = await fetch(`${panel.dataset.api}/faults`, { headers: { Accept: "application/json" } }).catch(() => null);
      if (answer && answer.ok) show(await answer.json());
    }

    function describe(rule) {
      const parts = [];
      if (rule.direction !== "both") parts.push(rule.direction);
      if (rule.action) parts.push(rule.action);
      if (rule.kind) parts.push(rule.kind);
      if (rule.delay_ms) parts.push(`${rule.delay_ms} ms`);
      if (rule.jitter_ms) parts.push(`+ up to ${rule.jitter_ms} ms`);
      if (rule.form) parts.push(rule.form);
      if (rule.probability < 1) parts.push(`${+(rule.probability * 100).toFixed(2)} %`);
      if (rule.count !== null) parts.push(`the next ${rule.count}`);
      if (rule.until !== null) parts.push(`until ${new Date(rule.until * 1000).toLocaleTimeString()}`);
      return parts.join(" · ") || "every frame";
    }

    function line(name, text, act, label) {
      const row = element("li", "st-fault-row");
      row.append(element("span", "st-badge st-warning", name), element("span", "", text), button(label, act));
      list.append(row);
    }

    function show(faults) {
      const text = JSON.stringify([faults, held]);
      if (text === shown) return;
      shown = text;
      list.replaceChildren();
      for (const rule of faults.frames) {
        line(rule.fault, describe(rule), () => ask("DELETE", `faults/${rule.id}`), "Clear");
      }
      if (faults.clock) {
        const { off_seconds: off, ppm, follow } = faults.clock;
        line("clock", `${off} s off, ${ppm} ppm${follow ? "" : " · does not follow the CSMS"}`, () => ask("POST", "clock", {}), "Mend");
      }
      if (faults.half_open) line("half-open", "nothing is read or written", () => ask("POST", "heal"), "Heal");
      if (faults.power === "off") {
        const back = faults.power_back ? `back at ${new Date(faults.power_back * 1000).toLocaleTimeString()}` : "until it is switched on";
        line("no power", back, () => ask("POST", "power-on"), "Power on");
      }
      if (held) {
        const row = element("li", "st-fault-row");
        row.append(element("span", "st-badge st-warning", "held"), element("span", "", `${held} of its frames wait for you in the live view`));
        list.append(row);
      }
      if (faults.frames.length > 1) {
        const row = element("li", "st-fault-row");
        row.append(button("Clear all faults of frames", () => ask("DELETE", "faults")));
        list.append(row);
      }
      box.querySelector("[data-fault-none]").hidden = list.children.length > 0;
    }

    function fields() {
      const uses = USES[field("fault").value] || [];
      // The usual case: the station takes the CSMS's Calls and never answers.
      if (field("fault").value === "no-answer") field("direction").value = "sent";
      for (const name of ["delay_ms", "jitter_ms", "form"]) {
        field(name).closest("label").hidden = !uses.includes(name);
      }
    }

    function add() {
      const body = {};
      for (const input of form.querySelectorAll("[data-name]")) {
        const name = input.dataset.name;
        const value = input.value.trim();
        if (!value || input.closest("label").hidden) continue;
        body[name] = NUMBERS.has(name) ? Number(value) : value;
      }
      ask("POST", "faults", body);
    }

    const seconds = (name) => {
      const value = box.querySelector(`[data-seconds="${name}"]`).value.trim();
      return value ? { seconds: Number(value) } : {};
    };
    field("fault").addEventListener("change", fields);
    form.querySelector("[data-add-fault]").addEventListener("click", add);
    box.querySelector("[data-half-open]").addEventListener("click", () => ask("POST", "half-open", seconds("half-open")));
    box.querySelector("[data-power-cut]").addEventListener("click", () => ask("POST", "power-cut", seconds("power-cut")));
    box.querySelector("[data-set-clock]").addEventListener("click", () => ask("POST", "clock", {
      offset_seconds: Number(box.querySelector("[data-clock=offset]").value || 0),
      ppm: Number(box.querySelector("[data-clock=ppm]").value || 0),
      follow: box.querySelector("[data-clock=follow]").checked,
    }));
    // The list is asked for when the station's news say that something about it has changed.
    let known;
    panel.addEventListener("station-news", (event) => {
      const { state, faults } = event.detail;
      const running = !["stopped", "disabled"].includes(state);
      box.hidden = !running;
      const text = JSON.stringify(faults ?? null);
      if (!running || text === known) return;
      const first = known === undefined;
      known = text;
      held = faults?.held ?? 0;
      if (faults) box.open = true;
      if (faults || !first) load();
    });
    fields();
  }

  function ready() {
    document.querySelectorAll("[data-faults]").forEach(setUp);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
