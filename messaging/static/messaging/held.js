// One held frame: what it is, how long it is held yet, and what can be done with it.
import { arrow, element, kindNames, showJson } from "./format.js";

// What the station or the CSMS would say of this text; nothing is forbidden here.
export function hintOf(text) {
  let frame;
  try {
    frame = JSON.parse(text);
  } catch (error) {
    return { ok: false, text: `Not JSON: ${error.message}` };
  }
  const bad = (why) => ({ ok: false, text: why });
  if (!Array.isArray(frame)) return bad("Not a JSON array");
  const [kind, id] = frame;
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  if (![2, 3, 4, 5, 6].includes(kind)) return bad("The message type is not 2 to 6");
  if (typeof id !== "string" || !id || id.length > 36) return bad("The unique id is not a string of 1 to 36 characters");
  const since = kind > 4 ? " (OCPP 2.1)" : "";
  if (kind === 2 || kind === 6) {
    const name = kind === 2 ? "Call" : "Send";
    if (frame.length !== 4 || typeof frame[2] !== "string" || !isObject(frame[3])) return bad(`A ${name} is [${kind}, id, action, {payload}]`);
    return { ok: true, text: `A ${name} of ${frame[2]}${since}` };
  }
  if (kind === 3) {
    if (frame.length !== 3 || !isObject(frame[2])) return bad("A CallResult is [3, id, {payload}]");
    return { ok: true, text: "A CallResult" };
  }
  const error = kind === 4 ? "CallError" : "CallResultError";
  if (frame.length !== 5 || typeof frame[2] !== "string" || typeof frame[3] !== "string" || !isObject(frame[4])) {
    return bad(`A ${error} is [${kind}, id, code, description, {details}]`);
  }
  return { ok: true, text: `A ${error}: ${frame[2]}${since}` };
}

export class HeldCard {
  // `act(path, body)` asks the API about this frame.
  constructor(frame, act) {
    this.frame = frame;
    this.act = (path, body) => act(`held/${frame.id}/${path}`, body);
    this.root = element("article", "lv-held");
    this.root.dataset.held = frame.id;
    const head = element("header");
    const side = frame.direction === "sent" ? "station \u2192 CSMS" : "CSMS \u2192 station";
    head.append(
      element("span", `lv-held-arrow lv-${frame.direction}`, arrow(frame.direction)),
      element("b", "", frame.action || "?"),
      element("span", "lv-tag", kindNames[frame.kind] ?? frame.kind),
      element("span", "lv-tag", side),
    );
    this.clock = element("span", "lv-held-clock");
    head.append(this.clock);
    this.tools = element("span", "lv-tools");
    head.append(this.tools);
    this.body = element("div", "lv-held-body");
    this.root.append(head, this.body);
    this.button("Release", () => this.act("release"), "lv-main");
    this.button("Edit", () => this.edit());
    if (frame.answers.length) this.button("Answer", () => this.answer());
    this.button("Drop", () => this.act("drop"));
    this.show();
    this.tick();
  }

  button(text, act, className = "", into = this.tools) {
    const made = element("button", `lv-button ${className}`, text);
    made.type = "button";
    made.onclick = act;
    into.append(made);
    return made;
  }

  tick() {
    const left = Math.max(0, Math.ceil(this.frame.until - Date.now() / 1000));
    this.clock.textContent = left ? `released by itself in ${left} s` : "being released";
  }

  show() {
    const text = element("pre");
    showJson(text, this.frame.text);
    this.body.replaceChildren(text);
  }

  editor(text, hint) {
    const area = element("textarea", "lv-editor");
    area.value = text;
    area.spellcheck = false;
    area.rows = Math.min(10, Math.max(3, Math.ceil(text.length / 110)));
    const said = element("span", "lv-hint");
    const look = () => {
      const found = hint(area.value);
      said.textContent = found.text;
      said.classList.toggle("lv-wrong", !found.ok);
    };
    area.addEventListener("input", look);
    look();
    return { area, said };
  }

  edit() {
    const { area, said } = this.editor(this.frame.text, (text) => {
      const found = hintOf(text);
      return found.ok ? found : { ok: false, text: `${found.text}. It can be released all the same.` };
    });
    area.setAttribute("aria-label", "The frame's text");
    const row = element("div", "lv-held-row");
    this.button("Release edited", () => this.act("release", { text: area.value }), "lv-main", row);
    this.button("Cancel", () => this.show(), "", row);
    row.append(said);
    this.body.replaceChildren(area, row);
    area.focus();
  }

  answer() {
    const choice = element("select", "lv-choice");
    for (const kind of this.frame.answers) choice.append(element("option", "", kind));
    const { area, said } = this.editor("{}", (text) => {
      if (choice.value !== "CallResult") return { ok: true, text: "" };
      try {
        JSON.parse(text);
        return { ok: true, text: "" };
      } catch (error) {
        return { ok: false, text: `Not JSON: ${error.message}` };
      }
    });
    area.setAttribute("aria-label", "The answer's payload");
    const code = element("input", "lv-input");
    code.value = this.frame.kind === "Call" ? "InternalError" : "FormatViolation";
    code.setAttribute("aria-label", "Error code");
    const words = element("input", "lv-input lv-wide");
    words.placeholder = "description";
    words.setAttribute("aria-label", "Error description");
    const row = element("div", "lv-held-row");
    const fields = () => {
      const isError = choice.value !== "CallResult";
      area.hidden = isError;
      code.hidden = words.hidden = !isError;
    };
    choice.onchange = fields;
    row.append(choice, code, words);
    this.button("Send this answer", () => {
      if (choice.value !== "CallResult") {
        this.act("answer", { code: code.value, description: words.value });
        return;
      }
      try {
        this.act("answer", { payload: JSON.parse(area.value) });
      } catch {
        area.focus(); // the hint says why
      }
    }, "lv-main", row);
    this.button("Cancel", () => this.show(), "", row);
    row.append(said);
    fields();
    this.body.replaceChildren(area, row);
    area.focus();
  }
}
