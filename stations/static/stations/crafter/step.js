// What is in the editor as steps of a scenario: sending it, and expecting the answer. They are
// carried to the editor of a scenario in this tab's own storage; nothing is saved before that is.

import { made } from "../../emulator/words.js";

export const CARRIED = "scenario-steps";

export function stepsOf({ action, frame, text }) {
  if (frame) return [{ type: "message", description: "Send a frame of our own", params: { text } }];
  return [
    { type: "message", description: `Send ${action}`, params: { action, payload: JSON.parse(text) } },
    { type: "expect", description: "The Call went out", params: { direction: "sent", action, kind: "Call" } },
    { type: "expect", description: "The CSMS answers", timeout: 10000, params: { answers: true, kind: "CallResult" } },
  ];
}

export class ToScenario {
  constructor(root, api, current) {
    const form = root.querySelector("[data-step-form]");
    if (!form) return;
    const select = form.elements.scenario;
    const said = form.querySelector("[data-step-said]");
    const steps = () => {
      try {
        return stepsOf(current());
      } catch (error) {
        said.textContent = `It is no JSON yet: ${error.message}`;
        return null;
      }
    };
    root.querySelector("[data-to-scenario]").addEventListener("click", async () => {
      form.hidden = !form.hidden;
      said.textContent = "";
      if (form.hidden || select.options.length > 1) return;
      const { ok, told } = await api.ask("GET", "scenarios?limit=500");
      if (ok) select.append(...told.items.map((each) => made("option", { value: each.id }, each.name)));
      select.focus();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const carried = steps();
      if (!carried) return;
      sessionStorage.setItem(CARRIED, JSON.stringify(carried));
      location.assign(select.value ? form.dataset.change.replace("__id__", select.value) : form.dataset.add);
    });
    form.querySelector("[data-copy]").addEventListener("click", async () => {
      const copied = steps();
      if (!copied) return;
      await navigator.clipboard.writeText(JSON.stringify(copied, null, 2)).then(() => { said.textContent = "Copied."; }, () => { said.textContent = "This browser lets no page copy here."; });
    });
  }
}
