// Figures in words, as emulator/dashboard/page.py writes them, and elements.

export const count = (value) => (value == null ? "–" : Math.round(value).toLocaleString("en"));

// "1 station", "20 stations"
export const counted = (value, noun) => `${value.toLocaleString("en")} ${noun}${value === 1 ? "" : "s"}`;

export function scaled(value, unit) {
  if (value == null) return "–";
  const size = Math.abs(value);
  if (size >= 1e9) return `${(value / 1e9).toFixed(2)} G${unit}`;
  if (size >= 1e6) return `${(value / 1e6).toFixed(2)} M${unit}`;
  if (size >= 1e3) return `${(value / 1e3).toFixed(1)} k${unit}`;
  return `${size && size < 10 ? Number(value.toFixed(1)) : Math.round(value)} ${unit}`;
}

export const rate = (value) => (value == null ? "–" : `${value >= 100 ? Math.round(value) : value.toFixed(1)} /s`);

export function milliseconds(value) {
  if (value == null) return "–";
  if (value >= 10000) return `${(value / 1000).toFixed(0)} s`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 10 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

export const seconds = (value) => (value == null ? "unknown" : `${value.toFixed(1)} s`);
export const ago = (value) => (value == null ? "never" : `${Math.round(value)} s ago`);

export function since(moment, now) {
  if (moment == null) return "–";
  const length = Math.max(0, Math.round(now - moment));
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (length >= size) return `${Math.floor(length / size)} ${unit}`;
  }
  return `${length} s`;
}

export function span(length) {
  if (length == null) return "–";
  const [hours, minutes] = [Math.floor(length / 3600), Math.floor((length % 3600) / 60)];
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${Math.floor(length % 60)} s` : `${Math.floor(length)} s`;
}

export const inUtc = (moment) => `${moment.toISOString().replace("T", " ").slice(0, 19)} UTC`;

// A moment in the browser's zone; UTC is its title.
export function localTime(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  element.title = inUtc(moment);
  element.textContent = moment.toLocaleString("sv");
}

// The same of unix seconds, the time of day alone.
export function clockTime(seconds) {
  const moment = new Date(seconds * 1000);
  return made("time", { datetime: moment.toISOString(), title: inUtc(moment) }, moment.toLocaleTimeString("sv"));
}

// What a command has answered: "authorization Pending, connector 1".
export const answered = (told) => Object.entries(told).map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");

// An element with text and children; what comes from elsewhere is only ever text.
export function made(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}
