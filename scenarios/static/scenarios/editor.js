// Says below each JSON field whether it can be read, while it is typed; Tab indents. On the page of
// a run a click on a tag fills it in.
(() => {
  "use strict";

  function place(text, position) {
    const before = text.slice(0, position).split("\n");
    return `line ${before.length}, column ${before[before.length - 1].length + 1}`;
  }

  function words(text) {
    if (!text.trim()) return ["", false];
    try {
      const value = JSON.parse(text);
      return [Array.isArray(value) ? `A list of ${value.length}` : "JSON", false];
    } catch (error) {
      const found = /position (\d+)/.exec(error.message);
      return [`Not JSON${found ? ` (${place(text, Number(found[1]))})` : ""}: ${error.message}`, true];
    }
  }

  function setUp(field) {
    const hint = document.createElement("p");
    hint.className = "sc-hint";
    hint.setAttribute("role", "status");
    field.after(hint);
    const look = () => {
      const [text, bad] = words(field.value);
      hint.textContent = text;
      hint.classList.toggle("sc-bad", bad);
    };
    field.addEventListener("input", look);
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Tab" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
      // Escape first, and Tab leaves the field as everywhere.
      if (field.dataset.leave) { delete field.dataset.leave; return; }
      event.preventDefault();
      field.setRangeText("  ", field.selectionStart, field.selectionEnd, "end");
      look();
    });
    field.addEventListener("keydown", (event) => { if (event.key === "Escape") field.dataset.leave = "1"; });
    look();
  }

  function ready() {
    document.querySelectorAll("textarea.sc-json").forEach(setUp);
    document.addEventListener("click", (event) => {
      const pick = event.target.closest("[data-pick]");
      if (pick) document.getElementById(pick.dataset.pick).value = pick.textContent;
    });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
