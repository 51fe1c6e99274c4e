// Moments in every page of the admin: in the browser's zone, with UTC as their title. The server
// writes them in UTC, as <time datetime> or as "2026-11-30 06:31:29 UTC" within a text.
(() => {
  "use strict";
  const WRITTEN = /(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?) UTC/g;
  const LEFT = "script, style, textarea, pre, code, time, title";

  function utc(moment) {
    return `${moment.toISOString().replace("T", " ").slice(0, 19)} UTC`;
  }

  // As a <time> says it; one that a script has turned already has its title.
  function turn(element) {
    const moment = new Date(element.dateTime);
    if (element.title || Number.isNaN(moment.getTime())) return;
    element.title = utc(moment);
    element.textContent = moment.toLocaleString("sv");
  }

  // A choice of a list holds text alone.
  function turnOption(option) {
    option.title = option.textContent.trim();
    option.textContent = option.textContent.replace(WRITTEN, (_, day, clock) => new Date(`${day}T${clock}Z`).toLocaleString("sv"));
  }

  function split(node) {
    const parent = node.parentElement;
    if (parent.tagName === "OPTION") {
      turnOption(parent);
      return;
    }
    const parts = [];
    let at = 0;
    for (const found of node.data.matchAll(WRITTEN)) {
      const time = document.createElement("time");
      time.dateTime = `${found[1]}T${found[2]}Z`;
      turn(time);
      parts.push(node.data.slice(at, found.index), time);
      at = found.index + found[0].length;
    }
    if (parts.length) node.replaceWith(...parts, node.data.slice(at));
  }

  function show(root) {
    for (const element of root.querySelectorAll("time[datetime]")) turn(element);
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const written = [];
    while (texts.nextNode()) {
      const node = texts.currentNode;
      if (node.data.includes(" UTC") && node.parentElement && !node.parentElement.closest(LEFT)) written.push(node);
    }
    written.forEach(split);
  }

  document.addEventListener("htmx:load", (event) => show(event.detail.elt));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => show(document.body));
  else show(document.body);
})();
