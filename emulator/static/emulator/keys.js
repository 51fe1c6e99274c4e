// The keyboard in every page of the admin: a link that skips the sidebar, "/" for the page's
// search, "g" and a letter for a list, "?" for what there is.
(() => {
  "use strict";
  // Letter -> [end of the sidebar link's address, words]; who may not see a list has no such link.
  const PLACES = {
    d: ["/admin/", "Dashboard"], s: ["/stations/station/", "Stations"], t: ["/admin/sessions/", "Sessions (transactions)"],
    m: ["/admin/live/", "Live view of messages"], w: ["/admin/crafter/", "Message crafter"], a: ["/admin/statistics/", "Statistics"],
    c: ["/scenarios/scenario/", "Scenarios"], x: ["/scenarios/execution/", "Executions"], b: ["/scenarios/behaviour/", "Behaviours"],
    u: ["/scenarios/suiteplan/", "Suites"], p: ["/stations/template/", "Templates"], l: ["/admin/trail/", "Trail"], h: ["/docs/", "Documentation"],
  };
  // Beginning of a page's address -> what of the documentation tells of it; the first that fits.
  const HELP = [
    ["/admin/stations/station/add/", "tutorials/first-station"], ["/admin/stations/station/create-many/", "how-to/work-on-many-stations"],
    ["/admin/stations/make/", "reference/makes"], ["/admin/stations/carprofile/", "reference/ev-profiles"], ["/admin/stations/", "reference/commands"],
    ["/admin/fleet/", "how-to/work-on-many-stations"], ["/admin/sessions/", "deploy/operating"], ["/admin/live/", "reference/live-stream"], ["/admin/crafter/", "how-to/craft-messages"],
    ["/admin/statistics/", "deploy/monitoring"], ["/admin/scenarios/suite", "reference/suites"], ["/admin/scenarios/", "reference/scenarios"],
    ["/admin/trail/", "reference/trail"], ["/admin/tokens/", "reference/api"], ["/admin/", "deploy/operating"],
  ];
  const STATIONS = PLACES.s[0]; // where one searches on a page that has nothing of its own to search
  const SEARCHES = "#content [type=search], #content #searchbar, #lv-filter [name=text], #fg-filter input, #content input[name=q]";
  const PAUSE = 1200; // ms between "g" and its letter
  let waiting = 0;
  let dialog = null;

  const link = (end) => [...document.querySelectorAll("#nav-sidebar a[href], nav a[href], aside a[href]")].find((each) => each.pathname.endsWith(end));

  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function help() {
    const rows = [["/", "Search on this page, or among the stations"], ["?", "These keys"], ["Esc", "Leave a field, or close this"]];
    for (const [letter, [end, words]] of Object.entries(PLACES)) if (link(end)) rows.push([`g ${letter}`, words]);
    const body = rows.flatMap(([keys, words]) => [element("dt", {}, ...keys.split(" ").map((key) => element("kbd", {}, key))), element("dd", {}, words)]);
    const close = element("button", { type: "button", class: "ky-close" }, "Close");
    dialog?.remove();
    dialog = element("dialog", { class: "ky-help", "aria-labelledby": "ky-title" }, element("h2", { id: "ky-title" }, "Keys"), element("dl", {}, ...body), close);
    close.addEventListener("click", () => dialog.close());
    document.body.append(dialog);
    dialog.showModal();
  }

  function search() {
    const field = [...document.querySelectorAll(SEARCHES)].find((each) => each.offsetParent !== null);
    field?.focus();
    field?.select?.();
    return Boolean(field);
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (waiting && Date.now() - waiting < PAUSE) {
      waiting = 0;
      const found = PLACES[event.key] && link(PLACES[event.key][0]);
      if (found) {
        event.preventDefault();
        location.assign(found.href);
      }
      return;
    }
    waiting = event.key === "g" ? Date.now() : 0;
    if (event.key === "/") {
      event.preventDefault();
      if (!search() && link(STATIONS)) location.assign(`${link(STATIONS).href}#search`);
    } else if (event.key === "?") {
      event.preventDefault();
      help();
    }
  }

  // Unfold's pages have no main landmark, by which readers of screens find the content.
  function landmark() {
    if (document.querySelector("main, [role=main]")) return;
    (document.getElementById("main") ?? document.querySelector("body.login #page"))?.setAttribute("role", "main");
  }

  // Unfold writes the chosen file's name into the text field of its own widget, and fails at a file
  // field that has none: it takes those with this mark as seen to.
  function files() {
    for (const field of document.querySelectorAll("input[type=file]")) {
      field.hasChangeListener = !field.parentNode.parentNode.parentNode?.querySelector("input[type=text]:disabled");
    }
  }

  // What the libraries below Unfold leave without a name of its own, or with one where none may be.
  function names() {
    for (const scroller of document.querySelectorAll(".simplebar-content-wrapper")) {
      const bar = scroller.closest("#nav-sidebar-apps");
      scroller.setAttribute("aria-label", bar ? "Sidebar" : scroller.querySelector("table") ? "Table" : "Panel");
    }
    document.getElementById("nav-sidebar-inner")?.setAttribute("aria-label", "Lists and pages");
    for (const icon of document.querySelectorAll(".help-tooltip[aria-label]")) icon.setAttribute("role", "img");
  }

  function skip() {
    const content = document.getElementById("content") ?? document.querySelector("main");
    if (!content) return;
    const to = element("a", { href: "#content", class: "ky-skip" }, "Skip to the content");
    to.addEventListener("click", (event) => {
      event.preventDefault();
      content.tabIndex = -1;
      content.focus();
      content.scrollIntoView();
    });
    document.body.prepend(to);
  }

  // Where the sidebar leads to the documentation, each page leads to its own part of it.
  function documentation() {
    const home = link("/docs/");
    const found = HELP.find(([begin]) => location.pathname.startsWith(begin));
    if (!home || !found) return;
    const to = element("a", { href: `${home.pathname}${found[1]}.html`, class: "ky-docs" }, "Help on this page");
    document.getElementById("content")?.append(to);
  }

  function ready() {
    landmark();
    skip();
    documentation();
    files();
    if (location.hash === "#search") search();
  }

  document.addEventListener("keydown", pressed);
  window.addEventListener("load", () => setTimeout(names)); // after those of the libraries
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();

  // A form that was refused shows its first fault, which may stand far down or in another tab.
  window.addEventListener("load", () => {
    const first = [...document.querySelectorAll("form .errors :is(input, select, textarea)")].find((field) => field.offsetParent);
    if (!first) return;
    first.scrollIntoView({ block: "center" });
    first.focus({ preventScroll: true });
  });
})();
