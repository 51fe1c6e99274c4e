// The form of a new station: a template that is chosen fills it with its design, without a reload.
(() => {
  "use strict";
  // What is the station's own stays as it was typed.
  const OWN = new Set(["csrfmiddlewaretoken", "identity", "name", "template", "password", "proxy_password", "start_now", "enabled"]);

  function take(field, from) {
    if (field.type === "checkbox" || field.type === "radio") field.checked = from.checked;
    else if (field.type !== "file" && field.type !== "password") field.value = from.value;
  }

  async function fill(form, template) {
    const answer = await fetch(`${location.pathname}?${new URLSearchParams({ template })}`);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const other = page.querySelector("#station_form");
    if (!other) return;
    for (const box of form.querySelectorAll("[data-rows]")) {
      const from = other.querySelector(`[data-rows="${box.dataset.rows}"] tbody`);
      if (from) box.querySelector("tbody").replaceChildren(...[...from.children].map((row) => document.importNode(row, true)));
    }
    for (const from of other.elements) {
      if (!from.name || OWN.has(from.name) || from.closest("[data-rows]")) continue;
      for (const field of form.querySelectorAll(`[name="${CSS.escape(from.name)}"]`)) {
        if (field.type === "hidden" || ((field.type === "checkbox" || field.type === "radio") && field.value !== from.value)) continue;
        take(field, from);
      }
    }
    // Which columns of the connectors are shown goes by the version.
    form.querySelector("[name=ocpp_version]")?.dispatchEvent(new Event("change", { bubbles: true }));
    form.dataset.filled = template;
  }

  function ready() {
    if (!/\/add\/$/.test(location.pathname)) return;
    const form = document.getElementById("station_form");
    const select = form?.querySelector("[name=template]");
    if (!select) return;
    const chosen = () => { if (select.value) fill(form, select.value); };
    select.addEventListener("change", chosen);
    // Of a select that a script of the admin has dressed, jQuery alone tells.
    window.django?.jQuery?.(select).on("select2:select", chosen);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
