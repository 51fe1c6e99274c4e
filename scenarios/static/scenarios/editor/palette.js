// The types of steps by group, with a search; a choice inserts the type's example.

import { made } from "../../emulator/words.js";

export function palette(table, chosen) {
  const search = made("input", { type: "search", class: "st-input", placeholder: "Search the steps", "aria-label": "Search the steps" });
  const groups = table.groups.map((group) => {
    const buttons = table.types.filter((type) => type.group === group).map((type) => {
      const button = made("button", { type: "button", class: "se-choice", "data-type": type.type }, made("b", {}, type.label), made("span", {}, `${type.type} · ${type.help}`));
      button.addEventListener("click", () => {
        box.open = false;
        chosen(type);
      });
      return { button, text: `${type.label} ${type.type} ${type.help}`.toLowerCase() };
    });
    return { element: made("section", {}, made("h2", {}, group), ...buttons.map(({ button }) => button)), buttons };
  });
  const none = made("p", { class: "fg-none", role: "status" });
  const box = made("details", { class: "se-palette" }, made("summary", { class: "st-button" }, "Insert step…"), made("div", { class: "se-choices" }, search, none, ...groups.map(({ element }) => element)));
  function find() {
    const wanted = search.value.trim().toLowerCase();
    for (const { element, buttons } of groups) {
      for (const { button, text } of buttons) button.hidden = !text.includes(wanted);
      element.hidden = buttons.every(({ button }) => button.hidden);
    }
    none.textContent = groups.every(({ element }) => element.hidden) ? "No step has these words." : "";
  }
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // of the form that it stands in
    box.querySelector(".se-choice:not([hidden])")?.click();
  });
  box.addEventListener("toggle", () => {
    if (!box.open) return;
    search.value = ""; // of the choice before
    find();
    search.focus();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    box.open = false;
    box.querySelector("summary").focus();
  });
  return box;
}
