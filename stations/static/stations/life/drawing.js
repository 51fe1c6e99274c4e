// A connector as a picture: station, cable, plug, lock, car and its battery.

const SVG = "http://www.w3.org/2000/svg";

function draw(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const LOCK = {
  closed: "M85 34 v-5 a5 5 0 0 1 10 0 v5", open: "M85 34 v-8 a5 5 0 0 1 10 0",
};

// look: what the worker says of the connector, null where nobody says anything.
export function words(outlet, look) {
  if (!look) return `${outlet.kind}: not known now`;
  const parts = [look.plugged ? "plugged in" : "nothing plugged in"];
  if (look.plugged) parts.push(look.locked ? "locked" : "not locked");
  if (look.car) parts.push(`car with ${Math.round(look.car.soc)} % of ${look.car.battery_kwh} kWh`);
  else if (look.plugged) parts.push("a cable without a car");
  if (look.power_w) parts.push(look.power_w < 0 ? "gives back" : "charges");
  return `${outlet.kind}, ${look.cable === "fixed" ? "fixed cable" : "socket"}: ${parts.join(", ")}`;
}

export function picture(outlet, look) {
  const plugged = Boolean(look?.plugged);
  const car = look?.car;
  const flows = look?.power_w ? (look.power_w < 0 ? "back" : "forth") : "";
  const parts = [
    draw("rect", { x: 14, y: 14, width: 50, height: 82, rx: 7, class: "d-box" }),
    draw("rect", { x: 23, y: 23, width: 32, height: 18, rx: 3, class: "d-screen" }),
    draw("circle", { cx: 39, cy: 64, r: 11, class: "d-socket" }),
    draw("circle", { cx: 39, cy: 64, r: 4, class: plugged || look?.cable === "fixed" ? "d-plug" : "d-hole" }),
    draw("line", { x1: 4, y1: 98, x2: 316, y2: 98, class: "d-ground" }),
  ];
  if (car || plugged) {
    const end = car ? 214 : 150;
    parts.push(draw("path", { d: `M43 64 C 90 108, 150 96, ${end} 66`, class: "d-cable" }));
    if (flows) parts.push(draw("path", { d: `M43 64 C 90 108, 150 96, ${end} 66`, class: `d-flow d-${flows}` }));
  } else if (look?.cable === "fixed") {
    parts.push(draw("path", { d: "M43 64 C 74 84, 78 86, 76 60", class: "d-cable" }), draw("rect", { x: 70, y: 48, width: 12, height: 13, rx: 3, class: "d-plug" }));
  }
  if (plugged) {
    parts.push(draw("g", { class: look.locked ? "d-lock d-on" : "d-lock" },
      draw("path", { d: look.locked ? LOCK.closed : LOCK.open }), draw("rect", { x: 82, y: 34, width: 16, height: 12, rx: 2 })));
  }
  if (car) {
    const full = Math.max(0, Math.min(1, car.soc / 100));
    const aim = 226 + 62 * Math.max(0, Math.min(1, car.target_soc / 100));
    parts.push(
      draw("path", { d: "M206 90 v-22 q2 -9 12 -10 l14 -22 q3 -5 10 -5 h34 q7 0 11 5 l13 20 q9 2 10 11 v23 z", class: "d-car" }),
      draw("circle", { cx: 232, cy: 91, r: 8, class: "d-wheel" }), draw("circle", { cx: 286, cy: 91, r: 8, class: "d-wheel" }),
      draw("rect", { x: 226, y: 62, width: 62, height: 16, rx: 3, class: "d-battery" }),
      draw("rect", { x: 226, y: 62, width: 62 * full, height: 16, rx: 3, class: full < 0.2 ? "d-charge d-low" : "d-charge" }),
      draw("line", { x1: aim, y1: 60, x2: aim, y2: 80, class: "d-target" }));
  }
  return draw("svg", { viewBox: "0 0 320 104", role: "img", "aria-label": words(outlet, look), class: "lf-drawing" }, ...parts);
}
