// Keeps the station list and a station's panel fresh: one small JSON request every two seconds,
// none while the page is hidden. Buttons of the panel call the API.
(() => {
  "use strict";
  const EVERY = 2000;
  const AT_ONCE = 500;
  let timer = null;
  let asking = false;

  const byStation = () => [...new Set(
    [...document.querySelectorAll("[data-station]")].map((node) => node.dataset.station))];

  function ageText(time) {
    if (time === null || time === undefined || time === "") return "–";
    const seconds = Math.max(0, Math.floor(Date.now() / 1000 - Number(time)));
    for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
      if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
    }
    return `${seconds} s`;
  }
  const powerText = (watts) => (watts ? `${(watts / 1000).toFixed(1)} kW` : "–");
  const setText = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };

  function showRow(node, data) {
    const badge = node.querySelector('[data-live="badge"]');
    if (badge) {
      setText(badge, data.text);
      badge.className = `st-badge st-${data.tone}`;
      badge.title = data.link_error || "";
    }
    if (node.dataset.live === "power") setText(node, powerText(data.power_w));
    if (node.dataset.live === "age") node.dataset.time = data.last_message ?? "";
  }

  function showAges() {
    document.querySelectorAll('[data-live="age"]').forEach((node) => setText(node, ageText(node.dataset.time)));
    document.querySelectorAll("[data-panel]").forEach((panel) =>
      setText(panel.querySelector('[data-fact="age"]'), ageText(panel.dataset.time)));
  }

  // --- the panel of one station

  const COMMANDS = [
    ["plug", "Plug in"], ["start-transaction", "Start"], ["stop-transaction", "Stop"],
    ["unplug", "Unplug"], ["fault", "Fault"], ["clear", "Clear fault"],
  ];

  function makeRow(panel, outlet) {
    const row = document.createElement("tr");
    row.dataset.connector = outlet.id;
    for (const name of ["id", "outlet", "status", "power", "meter", "soc", "transaction"]) {
      const cell = row.insertCell();
      cell.dataset.cell = name;
    }
    setText(row.querySelector('[data-cell="id"]'), String(outlet.id));
    setText(row.querySelector('[data-cell="outlet"]'),
      `${outlet.kind} ${outlet.max_power_w / 1000} kW` + (outlet.evse !== outlet.id ? `, EVSE ${outlet.evse}` : ""));
    const buttons = row.insertCell();
    buttons.className = "st-buttons";
    const allowed = new Set(panel.dataset.allowed.split(" "));
    for (const [command, text] of COMMANDS) {
      if (!allowed.has(command === "clear" ? "fault" : command)) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "st-button st-small";
      button.dataset.connectorCommand = command;
      button.textContent = text;
      buttons.append(button);
    }
    return row;
  }

  // What a person could do at this outlet now; the station itself has the last word.
  function possible(command, live, running) {
    if (!running || !live) return false;
    const status = live.status;
    const busy = Boolean(live.transaction);
    if (status === "Faulted") return command === "clear";
    if (command === "clear") return false;
    if (command === "plug") return !busy && (status === "Available" || status === "Reserved");
    if (command === "unplug") return !["Available", "Unavailable", "Reserved"].includes(status);
    if (command === "start-transaction") return !busy && status !== "Unavailable";
    if (command === "stop-transaction") return busy;
    return true;
  }

  function showPanel(panel, data) {
    const running = !["stopped", "disabled", "held back"].includes(data.state);
    const shown = { running, stopped: !running, held: data.state === "held back" };
    panel.dataset.time = data.last_message ?? "";
    panel.dispatchEvent(new CustomEvent("station-news", { detail: data }));
    setText(panel.querySelector('[data-fact="power"]'), powerText(data.power_w));
    setText(panel.querySelector('[data-fact="registration"]'), data.registration || "not registered");
    const error = panel.querySelector('[data-fact="link_error"]');
    error.hidden = !data.link_error;
    setText(error, data.link_error || "");
    panel.querySelectorAll("[data-show]").forEach((button) => {
      button.hidden = !shown[button.dataset.show];
    });
    showDisplay(panel, (running && data.display) || []);
    showBreaches(panel, data.breaches || []);
    for (const row of panel.querySelectorAll("[data-connector]")) {
      const live = (data.connectors || []).find((c) => String(c.id) === row.dataset.connector);
      const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
      setText(cell("status"), running && live ? live.status : "–");
      cell("status").title = (live && live.error) || "";
      cell("status").dataset.status = running && live ? live.status : "";
      setText(cell("power"), running && live ? powerText(live.power_w) : "–");
      setText(cell("meter"), live ? `${(live.energy_wh / 1000).toFixed(2)} kWh` : "–");
      setText(cell("soc"), live && live.soc !== null && live.soc !== undefined ? `${Math.round(live.soc)} %` : "–");
      setLines(cell("transaction"), [
        live && live.transaction ? `${live.transaction}${live.id_tag ? ` · ${live.id_tag}` : ""}` : "–",
        ...(running && live ? notesOf(live) : []),
      ]);
      row.querySelectorAll("[data-connector-command]").forEach((button) => {
        button.hidden = !possible(button.dataset.connectorCommand, live, running);
      });
    }
  }

  // What 2.1 knows of an outlet beside: its price, who pays and how, the battery in a slot.
  function notesOf({ battery, cost, paying_until: until, payment_url: url, settlement }) {
    const notes = [];
    if (battery) notes.push(`Battery ${battery.serialNumber} · health ${Math.round(battery.soH)} %`);
    if (cost) {
      const tariff = cost.tariff ? ` · tariff ${cost.tariff}` : "";
      notes.push(`Cost ${cost.amount.toFixed(2)} ${cost.currency}${tariff}`);
    }
    if (until) notes.push(`Kept for a payment on the web until ${new Date(until * 1000).toLocaleTimeString()}`);
    if (url) notes.push(`QR code ${url}`);
    if (settlement) {
      const { status, settlementAmount: amount, statusInfo: why, receipt, receiptId } = settlement;
      const paid = `${Number(amount).toFixed(2)}${receipt ? ` ${receipt.currency}` : ""}`;
      notes.push([`Last payment ${status}`, paid, why, receiptId && `receipt ${receiptId}`]
        .filter(Boolean).join(" · "));
    }
    return notes;
  }

  // The first line of a cell as it is, the others smaller below it.
  function setLines(cell, lines) {
    if (cell.dataset.told === JSON.stringify(lines)) return;
    cell.dataset.told = JSON.stringify(lines);
    const [first, ...more] = lines;
    cell.replaceChildren(first, ...more.map((text) => {
      const line = document.createElement("small");
      line.className = "st-note";
      line.textContent = text;
      return line;
    }));
  }

  // What the CSMS got wrong, by kind: its words are text here too.
  function showBreaches(panel, breaches) {
    const box = panel.querySelector("[data-breaches]");
    const told = JSON.stringify(breaches);
    box.hidden = !breaches.length;
    if (box.dataset.told === told) return;
    box.dataset.told = told;
    const count = breaches.reduce((sum, breach) => sum + breach.count, 0);
    setText(box.querySelector("summary"), `The CSMS broke the specification ${count === 1 ? "once" : `${count} times`}`);
    box.querySelector("tbody").replaceChildren(...breaches.map((breach) => {
      const row = document.createElement("tr");
      const message = [breach.action, breach.kind].filter(Boolean).join(" · ");
      const last = new Date(breach.last * 1000).toLocaleTimeString();
      for (const text of [message, breach.what, String(breach.count), last, breach.read ? "read all the same" : "refused"]) {
        row.insertCell().textContent = text;
      }
      row.title = breach.detail;
      return row;
    }));
  }

  // What drivers read at each EVSE. Texts of the CSMS are text here, HTML included.
  function showDisplay(panel, displays) {
    const box = panel.querySelector("[data-display]");
    const told = JSON.stringify(displays);
    box.hidden = !displays.length;
    if (box.dataset.told === told) return;
    box.dataset.told = told;
    box.replaceChildren(...displays.flatMap(({ evse, lines }) => {
      const name = document.createElement("dt");
      name.textContent = `Display of EVSE ${evse}`;
      return [name, ...lines.map((line) => {
        const text = document.createElement("dd");
        text.dataset.kind = line.kind;
        text.title = [line.kind, line.id, line.priority, line.format, line.language]
          .filter((part) => part !== undefined).join(" · ");
        text.textContent = line.text;
        return text;
      })];
    }));
  }

  function say(panel, text, bad) {
    const place = panel.querySelector("[data-said]");
    place.classList.toggle("st-error", Boolean(bad));
    setText(place, text);
  }

  async function call(panel, command, body) {
    say(panel, `${command} …`);
    try {
      const answer = await fetch(`${panel.dataset.api}/${command}`, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          "X-CSRFToken": panel.querySelector("[name=csrfmiddlewaretoken]").value,
        },
        body: JSON.stringify(body),
      });
      const said = await answer.json();
      const why = said.fields ? Object.values(said.fields).join(" ") : said.message;
      say(panel, answer.ok ? `${command}: done.` : `${command}: ${why}`, !answer.ok);
    } catch (error) {
      say(panel, `${command}: the server cannot be reached.`, true);
    }
    for (const wait of [150, 700, 1500]) setTimeout(refresh, wait);
  }

  function connectorCommand(panel, button) {
    const connector = Number(button.closest("[data-connector]").dataset.connector);
    const idTag = panel.querySelector("[data-id-tag]").value.trim();
    let command = button.dataset.connectorCommand;
    const body = { connector };
    if (command === "start-transaction" && idTag) body.id_tag = idTag;
    if (command === "fault") {
      body.error_code = panel.querySelector("[data-fault]").value;
      body.vendor_error_code = panel.querySelector("[data-vendor-code]").value.trim() || null;
      body.info = panel.querySelector("[data-fault-info]").value.trim() || null;
    }
    if (command === "clear") { command = "fault"; body.error_code = "NoError"; }
    call(panel, command, body);
  }

  function setUpPanel(panel) {
    const outlets = JSON.parse(document.getElementById("station-connectors").textContent);
    const body = panel.querySelector(".st-connectors tbody");
    outlets.forEach((outlet) => body.append(makeRow(panel, outlet)));
    showPanel(panel, JSON.parse(document.getElementById("station-live").textContent));
    panel.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.command) call(panel, button.dataset.command, JSON.parse(button.dataset.body || "{}"));
      if (button.dataset.connectorCommand) connectorCommand(panel, button);
    });
  }

  // --- asking

  function show(stations) {
    document.querySelectorAll("[data-station]").forEach((node) => {
      const data = stations[node.dataset.station];
      if (data) showRow(node, data);
    });
    document.querySelectorAll("[data-panel]").forEach((panel) => {
      const data = stations[panel.dataset.panel];
      if (data) showPanel(panel, data);
    });
    showAges();
  }

  async function refresh() {
    const source = document.querySelector("[data-live-source]");
    const wanted = byStation().slice(0, AT_ONCE);
    // A slow server is not asked again before it has answered.
    if (asking || document.hidden || !source || !wanted.length) return;
    asking = true;
    try {
      const query = new URLSearchParams({ ids: wanted.join(",") });
      const answer = await fetch(`${source.dataset.liveSource}?${query}`, { headers: { Accept: "application/json" } });
      if (answer.ok) show((await answer.json()).stations);
    } catch (error) {
      // The next round asks again.
    } finally {
      asking = false;
    }
  }

  function ready() {
    if (timer) return;
    document.querySelectorAll("[data-panel]").forEach(setUpPanel);
    if (!document.querySelector("[data-live-source]")) return;
    timer = setInterval(refresh, EVERY);
    setInterval(showAges, 1000);
    document.addEventListener("visibilitychange", refresh);
    refresh();
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
