// The API with the session's CSRF token, and what the pages of the fleet share.

import { Api } from "../life/api.js";
import { made } from "../../emulator/words.js";

export const apiOf = (root) => new Api("/api", root.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "");

export const isOpen = (state) => state === "waiting" || state === "running";

export function counted(counts) {
  return ["done", "refused", "unknown"].filter((name) => counts[name] || name === "done")
    .map((name) => `${counts[name].toLocaleString("en")} ${name}`).join(", ");
}

export const cell = (text, attributes = {}) => made("td", attributes, text);

// Call again and again, as long as the page is seen and `work` says so.
export function repeat(work, every) {
  let busy = false;
  const timer = setInterval(async () => {
    if (busy || document.hidden) return;
    busy = true;
    try {
      if (!(await work())) clearInterval(timer);
    } finally {
      busy = false;
    }
  }, every);
}
