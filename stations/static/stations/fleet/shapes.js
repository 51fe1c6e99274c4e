// A state as a shape, so that it is told by more than its colour. Each is drawn in a box of 20 by 20.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  charging: "M11 1 3 11h5l-1 8 9-11h-6z", // a bolt
  connected: "M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", // a disc
  pending: "M10 2 19 18H1z", // a triangle
  disconnected: "M4 2 10 8l6-6 2 2-6 6 6 6-2 2-6-6-6 6-2-2 6-6-6-6z", // a cross
  faulted: "M6 1h8l5 5v8l-5 5H6l-5-5V6z", // an octagon
  "held back": "M2 2h16v16H2zM6 6v8h3V6zm5 0v8h3V6z", // two bars in a square
  stopped: "M3 3h14v14H3z", // a square
  disabled: "M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16zm0 3a5 5 0 1 1 0 10 5 5 0 0 1 0-10z", // a ring
};

export function shape(state, size = 16) {
  const drawing = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 20 20", width: size, height: size, "aria-hidden": "true", class: "fm-shape", "data-state": state })) drawing.setAttribute(name, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[state] ?? PATHS.stopped);
  path.setAttribute("fill-rule", "evenodd");
  drawing.append(path);
  return drawing;
}

// A ring with a part for each state, around a number.
export function ring(states, size) {
  const drawing = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 40 40", width: size, height: size, "aria-hidden": "true", class: "fm-ring" })) drawing.setAttribute(name, value);
  const whole = Object.values(states).reduce((sum, count) => sum + count, 0);
  const around = 2 * Math.PI * 17;
  let passed = 0;
  for (const [state, count] of Object.entries(states)) {
    const part = document.createElementNS(SVG, "circle");
    const length = (count / whole) * around;
    for (const [name, value] of Object.entries({ cx: 20, cy: 20, r: 17, "data-state": state, "stroke-dasharray": `${length} ${around - length}`, "stroke-dashoffset": -passed })) part.setAttribute(name, value);
    drawing.append(part);
    passed += length;
  }
  return drawing;
}
