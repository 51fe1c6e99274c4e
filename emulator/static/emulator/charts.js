// Charts over time, by uPlot: colours from the page's CSS, drawn anew where theme or width change.

const HEIGHT = 190;
const WHOLE = [1, 2, 5].flatMap((step) => [1, 10, 100, 1e3, 1e4, 1e5, 1e6].map((size) => step * size)).sort((a, b) => a - b);
// By how far two ticks are apart, in seconds: text, and the date where the day is another.
const TIMES = [
  [86400, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
];
const inBoth = (moment) => `${moment.toLocaleString("sv")} (${moment.toISOString().slice(11, 16)} UTC)`;
const axis = (colour, grid, more = {}) => ({
  stroke: colour, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 },
  font: "11px system-ui, sans-serif", ...more,
});

export class Chart {
  // series: [{label, colour (name of a CSS variable), value (number to text), fill, dash, paths}]
  // stacked: each series stands on those before it, as an area. whole: there are no parts of one.
  // floating: the axis need not begin at 0.
  constructor(place, { series, unit, stacked = false, whole = false, floating = false, height = HEIGHT }) {
    Object.assign(this, { place, series, unit, stacked, whole, floating, height });
    this.columns = [[]];
    this.span = null;
    this.hidden = new Set();
    new ResizeObserver(() => this.resize()).observe(place);
    new MutationObserver(() => this.draw()).observe(document.documentElement, {
      attributes: true, attributeFilter: ["class"],
    });
  }

  // columns: [times, values of each series...]; span: [from, to] in unix seconds
  show(columns, span) {
    const drawn = this.plot && this.shape === this.series.length;
    this.columns = columns;
    this.span = span;
    if (!drawn) this.draw();
    else {
      this.plot.setData(this.data(), false);
      this.plot.setScale("x", { min: span[0], max: span[1] });
    }
  }

  data() {
    if (!this.stacked) return this.columns;
    const [times, ...values] = this.columns;
    const sums = times.map(() => 0);
    const piled = values.map((column) => column.map((value, at) => {
      if (value == null) return null;
      sums[at] += value;
      return sums[at];
    }));
    return [times, ...piled];
  }

  draw() {
    this.plot?.destroy();
    this.plot = null;
    const width = this.place.clientWidth;
    if (!width || !this.span) return;
    const style = getComputedStyle(this.place);
    const colour = (name) => style.getPropertyValue(name).trim();
    const [text, grid] = [colour("--dim"), colour("--grid")];
    const options = {
      width, height: this.height, padding: [10, 32, 0, 0], focus: { alpha: 0.4 },
      cursor: { points: { size: 5 }, drag: { x: false, y: false } },
      legend: { live: true },
      scales: {
        x: { time: true, range: (_, low, high) => (this.span ? this.span : [low, high]) },
        y: { range: (_, low, high) => this.heightOf(low ?? 0, high ?? 1) },
      },
      axes: [axis(text, grid, { space: 64, values: TIMES }), axis(text, grid, {
        size: 70, incrs: this.whole ? WHOLE : undefined,
        values: (_, ticks) => this.labels(ticks),
      })],
      series: [{ value: (_, moment) => (moment == null ? "" : inBoth(new Date(moment * 1000))) },
        ...this.series.map((one, number) => this.line(one, number, colour))],
      bands: this.stacked ? this.series.slice(1).map((_, number) => ({ series: [number + 2, number + 1] })) : [],
    };
    this.plot = new window.uPlot(options, this.data(), this.place);
    this.shape = this.series.length;
  }

  // Of ticks that a unit tells alike, one has the number.
  labels(ticks) {
    const found = ticks.map((tick) => this.unit(tick).replace(/\.0+(?= |$)/, ""));
    return found.map((text, at) => (text === found[at - 1] ? "" : text));
  }

  heightOf(low, high) {
    if (!this.floating) return [Math.min(0, low), this.whole ? Math.max(1, high * 1.08) : high > 0 ? high * 1.08 : 1];
    const room = Math.max((high - low) * 0.1, Math.abs(high) * 0.001, 1);
    return [Math.max(0, low - room), high + room];
  }

  line(one, number, colour) {
    const stroke = colour(one.colour);
    const filled = this.stacked || one.fill;
    return {
      label: one.label, stroke, width: this.stacked ? 1 : 1.6, dash: one.dash,
      fill: filled ? stroke + (this.stacked ? "99" : "26") : undefined,
      points: { show: (plot) => plot.data[0].length < 3 }, spanGaps: false,
      paths: one.steps ? window.uPlot.paths.stepped({ align: 1 }) : undefined,
      value: (_, value, __, at) => {
        const own = this.stacked && at != null ? this.columns[number + 1][at] : value;
        return own == null ? "–" : (one.value ?? this.unit)(own);
      },
    };
  }

  resize() {
    const width = this.place.clientWidth;
    if (!this.plot) this.draw();
    else if (width && width !== this.plot.width) this.plot.setSize({ width, height: this.height });
  }
}
