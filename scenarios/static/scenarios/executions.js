// Keeps the list of executions and the page of one fresh: a small request every second or two, none
// while the page is hidden or when all have ended.
(() => {
  "use strict";
  const EVERY = 1500;
  const TONES = { pending: "default", running: "info", passed: "success", failed: "danger", cancelled: "warning" };
  const ORDER = ["passed", "failed", "cancelled", "running"];

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  const setText = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };
  const isOpen = (state) => state === "pending" || state === "running";

  function showBadge(node, state, interrupted) {
    setText(node, interrupted ? "interrupted" : state);
    node.className = `st-badge st-${TONES[state]}`;
    node.dataset.state = state;
  }

  function showBar(bar, counts, total) {
    bar.replaceChildren(...ORDER.filter((name) => counts[name]).map((name) => {
      const part = element("i", `sc-${name}`);
      part.style.width = `${(100 * counts[name]) / Math.max(1, total)}%`;
      part.title = `${counts[name]} ${name}`;
      return part;
    }));
  }

  function seconds(from, to) {
    const spent = Math.max(0, to - from);
    if (spent < 10) return `${spent.toFixed(2)} s`;
    if (spent < 120) return `${spent.toFixed(1)} s`;
    return spent < 7200 ? `${Math.round(spent / 60)} min` : `${(spent / 3600).toFixed(1)} h`;
  }

  async function ask(path) {
    const answer = await fetch(path, { headers: { Accept: "application/json" } }).catch(() => null);
    return answer && answer.ok ? answer.json() : null;
  }

  // --- the list

  async function refreshList(source) {
    const open = [...document.querySelectorAll("[data-execution]")].filter((node) => isOpen(node.dataset.state));
    if (!open.length) return;
    const told = await ask(`${source.dataset.executionsSource}?limit=100`);
    for (const item of told ? told.items : []) {
      const badge = document.querySelector(`[data-execution="${item.id}"]`);
      const progress = document.querySelector(`[data-progress="${item.id}"]`);
      if (!badge) continue;
      showBadge(badge, item.state, item.interrupted);
      showBar(progress.querySelector(".sc-bar"), item.counts, item.stations);
      const ended = ["passed", "failed", "cancelled"].reduce((sum, name) => sum + (item.counts[name] || 0), 0);
      setText(progress.querySelector(".st-number"), `${ended} / ${item.stations}`);
      const cells = badge.closest("tr");
      const reason = cells.querySelector(".sc-reason");
      setText(reason, item.message);
      reason.title = item.message;
      const until = item.ended ? Date.parse(item.ended) : Date.now();
      if (item.started) setText(cells.querySelector(".sc-took"), seconds(Date.parse(item.started) / 1000, until / 1000));
    }
  }

  // --- one execution

  function stepRow(page, station, step) {
    const row = element("tr");
    row.dataset.state = step.state;
    row.append(element("td", "", step.path), element("td", "sc-type", step.type));
    const text = element("td", "", step.description);
    if (step.message) text.append(element("small", "", step.message));
    if (step.frame) {
      const link = element("a", "st-anchor", "message");
      const query = new URLSearchParams({ station, mode: "history" });
      link.href = `${page.dataset.liveView}?${query}`;
      link.title = `Message ${step.frame} in the log`;
      text.append(" ", link);
    }
    row.append(text);
    row.append(element("td", "sc-time", step.ended ? seconds(step.started, step.ended) : ""));
    const mark = element("td", "sc-mark");
    mark.append(element("span", `st-badge st-${TONES[step.state]}`, step.state));
    row.append(mark);
    return row;
  }

  function showRun(page, holder, run, alone) {
    let box = holder.querySelector(`[data-run="${CSS.escape(run.station)}"]`);
    if (!box) {
      box = element("details", "sc-run");
      box.dataset.run = run.station;
      box.open = alone;
      box.append(element("summary"));
      holder.append(box);
    }
    const version = JSON.stringify([run.state, run.step, run.done, run.message]);
    if (box.dataset.version === version) return;
    box.dataset.version = version;
    const summary = box.querySelector("summary");
    const badge = element("span", `st-badge st-${TONES[run.state]}`, run.state);
    const now = element("span", "sc-now", run.state === "running" || run.state === "failed" ? run.step : "");
    const done = element("span", "st-number st-fact", `${run.done} steps done`);
    summary.replaceChildren(badge, element("b", "", run.station), now, done);
    if (run.message) summary.append(element("span", "sc-why", run.message));
    const table = element("table", "sc-steps");
    const body = table.createTBody();
    if (run.dropped) {
      const row = body.insertRow();
      row.insertCell();
      const cell = row.insertCell();
      cell.colSpan = 4;
      cell.textContent = `${run.dropped} steps before these are not kept.`;
    }
    run.steps.forEach((step) => body.append(stepRow(page, run.station, step)));
    box.querySelector(".sc-steps")?.remove();
    box.append(table);
  }

  function showPage(page, told) {
    const part = (name) => page.querySelector(`[data-part="${name}"]`);
    showBadge(part("badge"), told.state, told.interrupted);
    showBar(part("bar"), told.counts, told.stations);
    const counts = Object.entries(told.counts).filter(([, count]) => count);
    setText(part("stations"), told.stations > 1 ? counts.map(([name, count]) => `${count} ${name}`).join(", ") : "1");
    // Of one station its own row says why.
    setText(part("message"), told.stations > 1 || told.state === "cancelled" || told.interrupted ? told.message : "");
    const until = told.ended ? Date.parse(told.ended) : Date.now();
    setText(part("took"), told.started ? seconds(Date.parse(told.started) / 1000, until / 1000) : "–");
    page.querySelector("[data-cancel]").hidden = !isOpen(told.state);
    told.runs.forEach((run) => showRun(page, part("runs"), run, told.runs.length === 1));
    part("more").hidden = told.runs.length >= told.stations;
    setText(part("more"), `${told.runs.length} of ${told.stations} stations are shown, failed ones first; all: GET ${page.dataset.api}/stations`);
  }

  async function cancel(page) {
    const answer = await fetch(`${page.dataset.api}/cancel`, {
      method: "POST", headers: { "X-CSRFToken": page.querySelector("[name=csrfmiddlewaretoken]").value },
    }).catch(() => null);
    const message = page.querySelector('[data-part="message"]');
    if (!answer) setText(message, "The server cannot be reached.");
    else if (!answer.ok) setText(message, (await answer.json()).message);
  }

  function ready() {
    const source = document.querySelector("[data-executions-source]");
    const page = document.querySelector("[data-execution-page]");
    let over = false;
    let asking = false;
    async function refresh() {
      if (document.hidden || asking || over) return;
      asking = true;
      if (source) await refreshList(source);
      if (page) {
        const told = await ask(page.dataset.api);
        if (told) showPage(page, told);
        over = Boolean(told) && !isOpen(told.state);
      }
      asking = false;
    }
    if (!source && !page) return;
    if (page) page.querySelector("[data-cancel]").addEventListener("click", () => cancel(page).then(refresh));
    setInterval(refresh, EVERY);
    document.addEventListener("visibilitychange", refresh);
    refresh();
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
