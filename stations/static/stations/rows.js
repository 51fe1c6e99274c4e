// Tables of form rows: add, remove, and number them. Used for connectors and configuration keys.
(() => {
  "use strict";

  function renumber(box) {
    box.querySelectorAll("tbody [data-row]").forEach((row, index) => {
      const cell = row.querySelector(".st-row-number");
      if (cell) cell.textContent = index + 1;
      row.querySelectorAll("[name]").forEach((input) => {
        input.name = input.name.replace(/-(\d+|__n__)-([a-z_]+)$/, `-${index}-$2`);
      });
    });
  }

  // A new connector continues the EVSE numbers; in OCPP 1.6 the column is not shown at all.
  function nextEvse(box) {
    const numbers = [...box.querySelectorAll('tbody [name$="-evse"]')].map((i) => Number(i.value) || 0);
    return Math.max(0, ...numbers) + 1;
  }

  function add(box) {
    const row = box.querySelector("template").content.firstElementChild.cloneNode(true);
    const evse = row.querySelector('[name$="-evse"]');
    if (evse) evse.value = nextEvse(box);
    box.querySelector("tbody").append(row);
    renumber(box);
    row.querySelector("select, input:not([type=hidden])").focus();
  }

  // The kind decides which phases there can be, so the page sets them along.
  const DC = new Set(["CCS1", "CCS2", "CHAdeMO", "GBT_DC"]);
  const ONE_PHASE = new Set(["Type1", "Schuko"]);
  function kindChosen(select) {
    const phases = select.closest("[data-row]").querySelector('[name$="-phases"]');
    if (DC.has(select.value)) phases.value = "0";
    else if (ONE_PHASE.has(select.value)) phases.value = "1";
    else if (phases.value === "0" && select.value !== "NACS") phases.value = "3";
  }

  function showEvses() {
    const version = document.querySelector("[name=ocpp_version]");
    if (!version) return;
    const hide = version.value === "1.6";
    document.querySelectorAll('[data-kind="connectors"] [data-column="evse"]')
      .forEach((cell) => { cell.hidden = hide; });
    document.querySelectorAll('[data-kind="connectors"] template')
      .forEach((t) => t.content.querySelectorAll('[data-column="evse"]')
        .forEach((cell) => { cell.hidden = hide; }));
  }

  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-rows]");
    if (!box) return;
    if (event.target.closest("[data-add]")) add(box);
    if (event.target.closest("[data-remove]")) {
      event.target.closest("[data-row]").remove();
      renumber(box);
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches('[data-rows] select[name$="-kind"]')) kindChosen(event.target);
    if (event.target.matches("[name=ocpp_version]")) showEvses();
  });
  const ready = () => {
    document.querySelectorAll("[data-rows]").forEach(renumber);
    showEvses();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
