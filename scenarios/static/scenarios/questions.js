// What a run under way asks a person: shown where [data-questions] stands, looked for every second
// or two. The text is the scenario's author's: it is put in as text only. A page with [data-reloads]
// is loaded anew while nothing is asked: whoever types an answer keeps it.
(() => {
  "use strict";
  const EVERY = 1500;
  const RELOAD_AFTER = 5000;
  const place = document.querySelector("[data-questions]");
  if (!place) return;
  const token = () => (document.querySelector("[name=csrfmiddlewaretoken]") || {}).value || "";

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  async function answer(id, body, panel) {
    const sent = await fetch(`/api/questions/${encodeURIComponent(id)}/answer`, {
      method: "POST", body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", "X-CSRFToken": token(), Accept: "application/json" },
    }).catch(() => null);
    if (sent && (sent.ok || sent.status === 404 || sent.status === 409)) { panel.remove(); return; }
    const told = sent ? await sent.json().catch(() => ({})) : {};
    panel.querySelector("[role=status]").textContent = told.message || "The answer was not taken: try again.";
  }

  function panelOf(question, mayAnswer) {
    const panel = element("section", "st-panel sc-question");
    panel.dataset.question = question.id;
    panel.append(element("h3", "sc-title", `${question.station} asks`), element("p", "", question.text));
    const until = new Date(question.until).toLocaleTimeString([], { hourCycle: "h23" });
    panel.append(element("p", "st-help", `The step waits until ${until}.`));
    if (!mayAnswer) return panel;
    const why = element("input", "st-input");
    why.setAttribute("aria-label", "What went wrong");
    why.placeholder = "What went wrong";
    why.maxLength = 500;
    const done = element("button", "st-button", "Done");
    const failed = element("button", "st-button", "It could not be done");
    const status = element("p", "st-error");
    status.setAttribute("role", "status");
    done.type = failed.type = "button";
    why.addEventListener("input", () => { status.textContent = ""; });
    done.addEventListener("click", () => answer(question.id, { done: true }, panel));
    failed.addEventListener("click", () => {
      if (why.value.trim()) answer(question.id, { done: false, why: why.value }, panel);
      else { status.textContent = "Say what went wrong."; why.focus(); }
    });
    const row = element("div", "sc-answers");
    row.append(done, why, failed);
    panel.append(row, status);
    return panel;
  }

  async function refresh() {
    const told = await fetch(`/api/questions?run=${encodeURIComponent(place.dataset.questions)}`,
      { headers: { Accept: "application/json" } }).catch(() => null);
    if (!told || !told.ok) return;
    const items = (await told.json()).items;
    const known = new Set(items.map((item) => item.id));
    for (const panel of [...place.children]) if (!known.has(panel.dataset.question)) panel.remove();
    for (const item of items) {
      const shown = [...place.children].some((panel) => panel.dataset.question === item.id);
      if (!shown) place.append(panelOf(item, place.dataset.mayAnswer === "yes"));
    }
  }

  let quietSince = Date.now();
  async function loop() {
    if (!document.hidden) await refresh();
    if (place.childElementCount || document.hidden) quietSince = Date.now();
    else if ("reloads" in place.dataset && Date.now() - quietSince > RELOAD_AFTER) return location.reload();
    setTimeout(loop, EVERY);
  }
  loop();
})();
