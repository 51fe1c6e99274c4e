// The fleet on a map: an outline of the world of our own, no tiles from outside. What is in view is
// asked for again when the map moves, and each few seconds.

import { counted, made } from "../../emulator/words.js";
import { cell, repeat } from "./api.js";
import { ring, shape } from "./shapes.js";

const root = document.getElementById("fleet-map");
const { L, topojson } = window;
const EVERY = 5000;
const filter = root.querySelector("form").elements;
const rows = root.querySelector("[data-rows]");
const label = (state) => state[0].toUpperCase() + state.slice(1);
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

const map = L.map("fm-map", {
  zoomControl: true, minZoom: 1, maxZoom: 18, worldCopyJump: false, maxBounds: [[-86, -190], [86, 190]],
  maxBoundsViscosity: 0.8, zoomSnap: 1, fadeAnimation: !calm, zoomAnimation: !calm, markerZoomAnimation: !calm,
}).setView([30, 10], 2);
map.attributionControl.setPrefix(false).addAttribution("Outlines: Natural Earth");
const places = L.layerGroup().addTo(map);
let asked = 0;
let fitted = false;

for (const each of root.querySelectorAll("[data-shape]")) each.append(shape(each.dataset.shape));

// A ring that crosses 180 degrees goes on beyond them, and one round a pole is closed by way of it.
function unwound(ring) {
  let turn = 0;
  let last = ring[0][0];
  const points = ring.map(([lon, lat]) => {
    if (Math.abs(lon - last) > 180) turn += lon > last ? -360 : 360;
    last = lon;
    return [lon + turn, lat];
  });
  const pole = ring[0][1] < 0 ? -90 : 90;
  return turn ? [...points, [points.at(-1)[0], pole], [points[0][0], pole], points[0]] : points;
}

// What of a ring is on the hither side of a meridian: sign 1 keeps what is west of it, -1 what is east.
function cut(ring, meridian, sign) {
  const inside = ([lon]) => (meridian - lon) * sign >= 0;
  return ring.flatMap((point, place) => {
    const before = ring.at(place - 1);
    if (inside(before) === inside(point)) return inside(point) ? [point] : [];
    const part = (meridian - before[0]) / (point[0] - before[0]);
    const edge = [meridian, before[1] + part * (point[1] - before[1])];
    return inside(point) ? [edge, point] : [edge];
  });
}

// What lies beyond an edge of the map is drawn at the other one. Antarctica begins with a line along
// the pole, which is no outline.
function whole(polygon) {
  const rings = polygon.filter((ring) => ring.some(([, lat]) => Math.abs(lat) < 89.9)).map(unwound);
  return [0, -360, 360].map((by) => rings.map((ring) => cut(cut(ring.map(([lon, lat]) => [lon + by, lat]), 180, 1), -180, -1)).filter((ring) => ring.length > 2)).filter((made_) => made_.length);
}

async function outline() {
  const answer = await fetch(root.dataset.world);
  const atlas = await answer.json();
  const countries = topojson.feature(atlas, atlas.objects.countries).features;
  const land = countries.map(({ geometry: { type, coordinates } }) => ({
    type: "MultiPolygon", coordinates: (type === "Polygon" ? [coordinates] : coordinates).flatMap(whole),
  }));
  L.geoJSON(land, { className: "fm-land", interactive: false, renderer: L.svg({ padding: 1 }) }).addTo(map);
}

// --- what is in view

function icon(place) {
  const one = place.count === 1;
  const state = Object.keys(place.states)[0];
  const size = one ? 22 : Math.min(58, 30 + 6 * Math.log10(place.count) * 2);
  const html = one ? shape(state, 20) : made("span", { class: "fm-cluster" }, ring(place.states, size), made("b", {}, place.count.toLocaleString("en")));
  return L.divIcon({ html, className: one ? "fm-one" : "fm-many", iconSize: [size, size] });
}

function names(place) {
  const list = place.stations.map(({ identity, name, state, link }) => made("li", {}, shape(state, 12), " ", made("a", { href: link }, identity), ` ${name ? `${name}, ` : ""}${label(state)}`));
  const more = place.count - place.stations.length;
  return made("div", { class: "fm-names" }, made("ul", {}, ...list), ...(more ? [`and ${more.toLocaleString("en")} more here`] : []));
}

function words(place) {
  if (place.count === 1) return `${place.stations[0].identity}: ${label(place.stations[0].state)}`;
  return `${counted(place.count, "station")}: ${Object.entries(place.states).map(([state, count]) => `${count} ${state}`).join(", ")}`;
}

function marker(place) {
  // By the keyboard one goes through the list below, which has what is in view.
  const made_ = L.marker(place.at, { icon: icon(place), keyboard: false, title: words(place), alt: words(place) });
  if (place.stations.length) made_.bindPopup(() => names(place), { closeButton: true, maxHeight: 260 });
  else made_.on("click", () => map.setView(place.at, Math.min(18, map.getZoom() + 2)));
  return made_;
}

function show(told) {
  // A popup that is read stays as it is, and so does what it hangs on.
  if (!root.querySelector(".leaflet-popup")) {
    places.clearLayers();
    for (const place of told.places) marker(place).addTo(places);
  }
  for (const row of root.querySelectorAll(".fm-legend > [data-state]")) row.querySelector("[data-count]").textContent = (told.states[row.dataset.state] ?? 0).toLocaleString("en");
  rows.replaceChildren(...told.listed.map(({ identity, name, state, link }) => made("tr", {},
    made("td", {}, made("a", { href: link }, identity), ...(name ? [made("span", { class: "fg-name" }, name)] : [])), made("td", {}, shape(state, 14), ` ${label(state)}`))));
  if (!told.listed.length) rows.append(made("tr", {}, cell("No station stands here.", { colspan: "2", class: "fg-empty" })));
  root.querySelector("[data-inview]").textContent = told.count > told.listed.length ? `the first ${told.listed.length} of ${told.count.toLocaleString("en")}` : told.count.toLocaleString("en");
  root.querySelector("[data-said]").textContent = told.elsewhere ? `${told.elsewhere === 1 ? "1 station has" : `${told.elsewhere.toLocaleString("en")} stations have`} no place: give them latitude and longitude, or draw places in a region by a change of many.` : "";
  root.dataset.count = told.count;
  root.dataset.zoom = map.getZoom();
}

async function ask(whole) {
  const mine = ++asked;
  const query = new URLSearchParams({ tag: filter.tag.value, state: filter.state.value, zoom: map.getZoom() });
  if (!whole) {
    const box = map.getBounds();
    for (const [name, value] of [["south", box.getSouth()], ["west", box.getWest()], ["north", box.getNorth()], ["east", box.getEast()]]) query.set(name, value.toFixed(5));
  }
  try {
    const answer = await fetch(`${root.dataset.source}?${query}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || mine !== asked) return null;
    return await answer.json();
  } catch {
    root.querySelector("[data-said]").textContent = "The server cannot be reached.";
    return null;
  }
}

async function refresh() {
  const told = await ask(false);
  if (told) show(told);
  return true;
}

async function fit() {
  const told = await ask(true);
  if (!told) return;
  if (told.box) map.fitBounds(L.latLngBounds([told.box.slice(0, 2), told.box.slice(2)]).pad(0.1), { maxZoom: 11, animate: fitted && !calm });
  fitted = true;
  await refresh();
}

map.on("moveend", refresh);
for (const field of filter) field.addEventListener("change", fit);
root.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
root.querySelector("[data-fit]").addEventListener("click", fit);
await Promise.all([outline(), fit()]);
root.dataset.ready = "yes";
repeat(refresh, EVERY);
