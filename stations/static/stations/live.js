// Keeps the station list fresh: one small JSON request every two seconds, none while the page is
// hidden.
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
    setText(node.querySelector('[data-live="why"]'), data.why ?? "");
    if (node.dataset.live === "power") setText(node, powerText(data.power_w));
    if (node.dataset.live === "age") node.dataset.time = data.last_message ?? "";
  }

  function showAges() {
    document.querySelectorAll('[data-live="age"]').forEach((node) => setText(node, ageText(node.dataset.time)));
  }

  // --- asking

  function show(stations) {
    document.querySelectorAll("[data-station]").forEach((node) => {
      const data = stations[node.dataset.station];
      if (data) showRow(node, data);
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
    if (!document.querySelector("[data-live-source]")) return;
    timer = setInterval(refresh, EVERY);
    setInterval(showAges, 1000);
    document.addEventListener("visibilitychange", refresh);
    refresh();
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
