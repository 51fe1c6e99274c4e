// The head of the list of stations: columns as they are chosen (a cookie), saved filters (the API).
(() => {
  "use strict";
  const YEAR = 31536000;

  function ready() {
    const head = document.getElementById("st-head");
    if (!head) return;

    // --- columns

    const columns = head.querySelector("[data-columns]");
    const keep = (text, age) => {
      document.cookie = `${columns.dataset.columns}=${text}; path=/admin/; max-age=${age}; SameSite=Lax`;
      location.reload();
    };
    columns.addEventListener("submit", (event) => {
      event.preventDefault();
      keep([...columns.querySelectorAll("input:checked")].map((box) => box.value).join("."), YEAR);
    });
    columns.querySelector("[data-usual]").addEventListener("click", (event) => {
      event.preventDefault();
      keep("", 0);
    });

    // --- saved filters

    const list = head.querySelector("[data-saved]");
    const said = head.querySelector("[data-saved-said]");
    const form = head.querySelector("[data-save]");
    const token = head.querySelector("[name=csrfmiddlewaretoken]").value;

    async function ask(method, path, body) {
      const answer = await fetch(`/api/filters${path}`, {
        method, body: body && JSON.stringify(body),
        headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token },
      });
      const told = answer.status === 204 ? null : await answer.json();
      said.textContent = answer.ok ? "" : told.message;
      return answer.ok ? told ?? true : null;
    }

    function row({ name, query }) {
      const item = document.createElement("li");
      const link = Object.assign(document.createElement("a"), { href: `?${query}`, textContent: name, className: "st-anchor" });
      if (query === head.dataset.query) link.setAttribute("aria-current", "true");
      const gone = Object.assign(document.createElement("button"), { type: "button", className: "st-button st-small st-quiet", textContent: "Remove" });
      gone.setAttribute("aria-label", `Remove ${name}`);
      gone.addEventListener("click", async () => { if (await ask("DELETE", `/${encodeURIComponent(name)}`)) load(); });
      item.append(link, " ", gone);
      return item;
    }

    async function load() {
      const told = await ask("GET", "");
      if (!told) return;
      list.replaceChildren(...told.items.map(row));
      head.querySelector("[data-none]").hidden = told.items.length > 0;
      head.dataset.saved = told.items.length;
    }

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const name = form.elements.name.value.trim();
      if (name && (await ask("POST", "", { name, query: head.dataset.query }))) {
        form.reset();
        load();
      }
    });
    load().catch(() => { said.textContent = "The server cannot be reached."; });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
