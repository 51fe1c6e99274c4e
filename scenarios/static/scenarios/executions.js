// Keeps the list of executions and the page of one fresh: a small request every second or two, none
// while the page is hidden or when all have ended.
(() => {
  "use strict";
  const EVERY = 1500;
  const TONES = { pending: "default", running: "info", passed: "success", failed: "danger", cancelled: "warning", skipped: "default" };
  const LEVELS = { fail: "danger", warn: "warning", allowed: "default" };
  const ENDED = ["passed", "failed", "cancelled", "skipped"];
  const ORDER = [...ENDED, "running"];

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  const setText = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };
  const isOpen = (state) => state === "pending" || state === "running";

  function showBadge(node, state, interrupted, warnings) {
    const warned = warnings ? `, ${warnings} warning${warnings > 1 ? "s" : ""}` : "";
    setText(node, (interrupted ? "interrupted" : state) + warned);
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
      showBadge(badge, item.state, item.interrupted, item.warnings);
      showBar(progress.querySelector(".sc-bar"), item.counts, item.stations);
      const ended = ENDED.reduce((sum, name) => sum + (item.counts[name] || 0), 0);
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

  // The time of day in the browser's zone; UTC is its title.
  function clockTime(iso) {
    const moment = new Date(iso);
    const time = element("time", "", moment.toLocaleTimeString("sv"));
    time.dateTime = iso;
    time.title = `${moment.toISOString().replace("T", " ").slice(0, 19)} UTC`;
    return time;
  }

  // A link to one message of the log; empty for one who may not see messages.
  function messageLink(page, id, words) {
    if (!id || !page.dataset.liveView) return "";
    const link = element("a", "st-anchor", words);
    link.href = `/api/messages/${encodeURIComponent(id)}`;
    link.title = `Message ${id} in the log`;
    return link;
  }

  // What came instead of what a step expected.
  function seenList(page, seen) {
    const list = element("ul", "sc-seen");
    for (const frame of seen) {
      const item = element("li");
      item.append(messageLink(page, frame.id, "message"), " ", clockTime(frame.time), " ");
      item.append(element("b", "", `${frame.direction} ${frame.action || ""} ${frame.kind}`), " ");
      item.append(element("code", "", frame.text));
      if (frame.error) item.append(element("small", "", frame.error));
      list.append(item);
    }
    return list;
  }

  // What the wire watch found over the whole run.
  function findingsTable(page, run) {
    const table = element("table", "sc-steps sc-findings");
    const caption = table.createCaption();
    caption.textContent = "The wire watch";
    const body = table.createTBody();
    for (const found of run.findings) {
      const row = body.insertRow();
      row.dataset.level = found.level;
      const level = row.insertCell();
      level.append(element("span", `st-badge st-${LEVELS[found.level]}`, found.level));
      row.append(element("td", "sc-type", found.rule));
      const text = element("td", "", found.sentence);
      found.frames.forEach((id, place) => text.append(" ", messageLink(page, id, `message ${place + 1}`)));
      row.append(text, element("td", "sc-time", found.count > 1 ? `${found.count} times` : ""));
    }
    return table;
  }

  function stepRow(page, step) {
    const row = element("tr");
    row.dataset.state = step.state;
    row.append(element("td", "", step.path), element("td", "sc-type", step.type));
    const text = element("td", "", step.description);
    if (step.message) text.append(element("small", "", step.message));
    text.append(" ", messageLink(page, step.frame, "message"));
    if (step.seen && step.seen.length) text.append(seenList(page, step.seen));
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
    const version = JSON.stringify([run.state, run.step, run.done, run.message, run.findings.length]);
    if (box.dataset.version === version) return;
    box.dataset.version = version;
    const summary = box.querySelector("summary");
    const badge = element("span", `st-badge st-${TONES[run.state]}`, run.state);
    const now = element("span", "sc-now", ["pending", "running", "failed"].includes(run.state) ? run.step : "");
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
    run.steps.forEach((step) => body.append(stepRow(page, step)));
    box.querySelectorAll(".sc-steps").forEach((old) => old.remove());
    if (run.findings.length) box.append(findingsTable(page, run));
    box.append(table);
  }

  function showPage(page, told) {
    const part = (name) => page.querySelector(`[data-part="${name}"]`);
    showBadge(part("badge"), told.state, told.interrupted, told.warnings);
    showBar(part("bar"), told.counts, told.stations);
    const counts = Object.entries(told.counts).filter(([, count]) => count);
    setText(part("stations"), told.stations > 1 ? counts.map(([name, count]) => `${count} ${name}`).join(", ") : "1");
    // Of one station its own row says why.
    setText(part("message"), told.stations > 1 || told.state === "cancelled" || told.interrupted ? told.message : "");
    const until = told.ended ? Date.parse(told.ended) : Date.now();
    setText(part("took"), told.started ? seconds(Date.parse(told.started) / 1000, until / 1000) : "–");
    const cancelling = page.querySelector("[data-cancel]");
    if (cancelling) cancelling.hidden = !isOpen(told.state);
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
    page?.querySelector("[data-cancel]")?.addEventListener("click", () => cancel(page).then(refresh));
    setInterval(refresh, EVERY);
    document.addEventListener("visibilitychange", refresh);
    refresh();
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
