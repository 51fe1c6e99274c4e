// What the crafter knows of a station: its version, whether it is up, and values that examples of
// its messages are made with.

import { exampleOf } from "../../emulator/json/schema.js";

export class Known {
  constructor(api) {
    Object.assign(this, { api, schemas: new Map(), actions: new Map() });
    this.name = "";
    this.state = null;
    this.about = {};
  }

  get version() {
    return this.state?.ocpp_version ?? "";
  }

  // "" where it may be used, else why not; null where another was chosen meanwhile.
  async choose(name) {
    this.name = name;
    const path = `stations/${encodeURIComponent(name)}`;
    const [state, about] = await Promise.all([this.api.ask("GET", `${path}/state`), this.api.ask("GET", path)]);
    if (name !== this.name) return null;
    this.state = state.ok ? state.told : null;
    this.about = about.ok ? about.told : {};
    if (!state.ok) return state.why;
    return this.version ? "" : "This station does not run: start it first.";
  }

  async actionsOf(version) {
    if (!this.actions.has(version)) {
      const { ok, told } = await this.api.ask("GET", `schemas/${version}`);
      if (!ok) return [];
      this.actions.set(version, told.actions);
    }
    return this.actions.get(version);
  }

  async schemaOf(version, action) {
    const key = `${version} ${action}`;
    if (!this.schemas.has(key)) {
      const { ok, told } = await this.api.ask("GET", `schemas/${version}/${encodeURIComponent(action)}`);
      if (!ok) return null;
      this.schemas.set(key, told);
    }
    return this.schemas.get(key);
  }

  // {name of a field: its value}; exampleOf takes those whose type fits.
  hints() {
    const old = this.version === "1.6";
    const outlets = this.state?.connectors ?? [];
    const outlet = outlets.find((each) => each.transaction) ?? outlets[0] ?? {};
    const meter = Math.round(outlet.energy_wh ?? 0);
    const tag = outlet.id_tag || this.about.default_id_tag || "EMULATOR";
    const text = (given, usual) => given || usual;
    return {
      connectorId: old ? outlet.id : 1, evseId: outlet.evse, id: outlet.evse, idTag: tag, idToken: tag,
      transactionId: old ? Number(outlet.transaction) || 0 : String(outlet.transaction ?? ""),
      meterStart: meter, meterStop: meter, value: old ? String(meter) : meter, status: outlet.status, connectorStatus: outlet.status, errorCode: outlet.error || "NoError",
      chargePointVendor: text(this.about.vendor, "Emulator"), chargePointModel: text(this.about.model, "Virtual"),
      vendorName: text(this.about.vendor, "Emulator"), model: text(this.about.model, "Virtual"), vendorId: text(this.about.vendor, "Emulator"),
      chargePointSerialNumber: this.about.serial, serialNumber: this.about.serial, firmwareVersion: this.about.firmware, seqNo: 0,
      reason: old ? "Local" : "PowerUp", measurand: "Energy.Active.Import.Register",
    };
  }

  example(schema) {
    return exampleOf(schema, schema, this.hints());
  }
}
