// What one has sent, and requests that are kept in folders; export and import of these.

import { counted, localTime, made } from "../../emulator/words.js";

const cut = (text, most = 60) => (text.length > most ? `${text.slice(0, most)}…` : text);

export class Kept {
  // use(request): put it into the editor; current(): {version, action, frame, text}
  constructor(root, api, { use, open, current }) {
    Object.assign(this, { api, use, open, current, saved: [], editing: null });
    this.tree = root.querySelector("[data-saved]");
    this.said = root.querySelector("[data-kept-said]");
    this.rows = root.querySelector("[data-history]");
    this.form = root.querySelector("[data-save-form]");
    this.folders = root.querySelector("#cr-folders");
    root.querySelector("[data-save]").addEventListener("click", () => this.begin(null));
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.save(); });
    this.form.querySelector("[data-cancel]").addEventListener("click", () => { this.form.hidden = true; });
    root.querySelector("[data-export]").addEventListener("click", () => this.download());
    root.querySelector("[data-import]").addEventListener("change", (event) => this.upload(event.target));
    root.querySelector("[data-forget]").addEventListener("click", () => this.forget());
  }

  tell(words, bad = false) {
    this.said.classList.toggle("st-error", bad);
    this.said.textContent = words;
  }

  async load() {
    await Promise.all([this.loadSaved(), this.loadHistory()]);
  }

  // --- saved requests

  async loadSaved() {
    this.saved = [];
    let cursor = "";
    do {
      const { ok, told, why } = await this.api.ask("GET", `crafter/requests?limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
      if (!ok) return this.tell(why, true);
      this.saved.push(...told.items);
      cursor = told.next;
    } while (cursor && this.saved.length < 5000);
    this.draw();
  }

  draw() {
    const folders = new Map();
    for (const each of this.saved) {
      const name = each.mine ? each.folder : `Shared by others${each.folder ? `/${each.folder}` : ""}`;
      folders.set(name, [...(folders.get(name) ?? []), each]);
    }
    // What one has closed stays so; a new folder shows what is in it.
    const closed = new Set([...this.tree.querySelectorAll("details:not([open])")].map((each) => each.dataset.folder));
    this.folders.replaceChildren(...new Set(this.saved.filter((each) => each.mine && each.folder).map((each) => each.folder)).values().map((value) => made("option", { value })));
    this.tree.replaceChildren(...[...folders.keys()].sort((a, b) => a.localeCompare(b)).map((name) => {
      const inside = folders.get(name).sort((a, b) => a.name.localeCompare(b.name));
      return made("details", { class: "cr-folder", "data-folder": name, ...(closed.has(name) ? {} : { open: "" }) },
        made("summary", {}, name || "Without a folder", " ", made("span", { class: "fg-name" }, String(inside.length))), made("ul", {}, ...inside.map((each) => this.item(each))));
    }));
    if (!folders.size) this.tree.append(made("p", { class: "fg-none" }, "Nothing is kept yet: Save… keeps what is in the editor."));
  }

  item(saved) {
    const button = (words, act) => {
      const made_ = made("button", { type: "button", class: "fg-button lf-small", "aria-label": `${words} ${saved.name}` }, words);
      made_.addEventListener("click", act);
      return made_;
    };
    const opener = made("button", { type: "button", class: "cr-open" }, saved.name);
    opener.addEventListener("click", () => this.use(saved));
    const about = [saved.frame ? "frame" : saved.action, saved.version && `OCPP ${saved.version}`, saved.mine && saved.shared && "shared"].filter(Boolean).join(" · ");
    return made("li", {}, made("span", { class: "cr-what" }, opener, made("span", { class: "fg-name" }, about)),
      ...(saved.mine ? [button("Change", () => this.begin(saved)), button("Delete", () => this.remove(saved))] : []));
  }

  begin(saved) {
    this.editing = saved;
    const { elements } = this.form;
    elements.name.value = saved?.name ?? (this.current().action || "");
    elements.folder.value = saved?.folder ?? "";
    elements.shared.checked = saved?.shared ?? false;
    this.form.querySelector("[data-save-words]").textContent = saved ? `Change ${saved.name}: what is in the editor takes its place.` : "Keep what is in the editor.";
    this.form.hidden = false;
    elements.name.focus();
  }

  async save() {
    const { elements } = this.form;
    const body = { ...this.current(), name: elements.name.value, folder: elements.folder.value, shared: elements.shared.checked };
    const { ok, why } = await this.api.ask(this.editing ? "PUT" : "POST", `crafter/requests${this.editing ? `/${this.editing.id}` : ""}`, body);
    this.tell(ok ? `${body.name} is kept.` : why, !ok);
    if (!ok) return;
    this.form.hidden = true;
    await this.loadSaved();
  }

  async remove(saved) {
    const { ok, why } = await this.api.ask("DELETE", `crafter/requests/${saved.id}`);
    this.tell(ok ? `${saved.name} is deleted.` : why, !ok);
    await this.loadSaved();
  }

  async download() {
    const { ok, told, why } = await this.api.ask("GET", "crafter/requests/export");
    if (!ok) return this.tell(why, true);
    const link = made("a", { href: URL.createObjectURL(new Blob([JSON.stringify(told, null, 2)], { type: "application/json" })), download: "requests.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    this.tell(`${counted(told.requests.length, "request")} exported.`);
  }

  async upload(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    let body;
    try {
      body = JSON.parse(await file.text());
    } catch (error) {
      return this.tell(`${file.name} is no JSON: ${error.message}`, true);
    }
    const { ok, told, why } = await this.api.ask("POST", "crafter/requests/import", body);
    this.tell(ok ? `${told.created} imported; ${told.skipped} were there already.` : why, !ok);
    await this.loadSaved();
  }

  // --- history

  async loadHistory() {
    const { ok, told } = await this.api.ask("GET", "crafter/sends?limit=50");
    if (!ok) return;
    this.rows.replaceChildren(...told.items.map((sent) => this.row(sent)));
    if (!told.items.length) this.rows.append(made("tr", {}, made("td", { colspan: 4, class: "fg-empty" }, "Nothing was sent yet.")));
  }

  row(sent) {
    const time = made("time", { datetime: sent.time });
    localTime(time);
    time.textContent = time.textContent.slice(5);
    const again = made("button", { type: "button", class: "cr-open" }, sent.frame ? cut(sent.text.replace(/\s+/g, " ")) : sent.action);
    again.addEventListener("click", () => this.use({ ...sent, station: sent.target.stations?.[0] }));
    const report = made("button", { type: "button", class: "fg-button lf-small", "aria-label": `Report of ${sent.action || "the frame"}, ${time.textContent}` }, "Report");
    report.addEventListener("click", () => this.open(sent.id));
    const named = sent.target.stations ?? [];
    const whom = [sent.stations === 1 && named.length === 1 ? named[0] : counted(sent.stations, "station"), sent.target.tag && `tag ${sent.target.tag}`, sent.target.template && `template ${sent.target.template}`].filter(Boolean).join(", ");
    return made("tr", { "data-sent": sent.id }, made("td", {}, time), made("td", {}, again), made("td", {}, whom), made("td", {}, report));
  }

  async forget() {
    await this.api.ask("DELETE", "crafter/sends");
    await this.loadHistory();
  }
}
