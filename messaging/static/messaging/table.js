// A list of fixed row height that keeps only the rows in sight in the document.
import { arrow, clock, dayAndClock, element, failed, inUtc, kindNames, latency, size } from "./format.js";

const HEIGHT = 26;
const AROUND = 8;
const MOST_PIXELS = 8e6; // browsers do not lay out taller elements exactly

export class Table {
  constructor(scroll, space, rows, { picked, moved }) {
    this.scroll = scroll;
    this.space = space;
    this.rows = rows;
    this.moved = moved;
    this.pool = [];
    this.asked = false;
    this.selected = null;
    this.withDay = false;
    scroll.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(scroll);
    scroll.addEventListener("click", (event) => {
      const id = event.target.closest(".lv-row")?.dataset.id;
      if (id) picked(id);
    });
  }

  get atTop() {
    return this.scroll.scrollTop < HEIGHT / 2;
  }

  // `above` rows were put in over those in sight: keep these where they are.
  changed(above = 0) {
    const full = Math.min(this.rows.length * HEIGHT, MOST_PIXELS);
    const hold = above && !this.atTop;
    this.space.style.height = `${full}px`;
    if (hold) this.scroll.scrollTop += above * HEIGHT;
    this.draw();
  }

  toTop() {
    this.scroll.scrollTop = 0;
    this.draw();
  }

  select(id) {
    this.selected = id;
    const index = this.rows.indexOf(id);
    if (index >= 0) {
      const top = index * HEIGHT;
      const view = this.scroll;
      if (top < view.scrollTop) view.scrollTop = top;
      else if (top + HEIGHT > view.scrollTop + view.clientHeight) {
        view.scrollTop = top + HEIGHT - view.clientHeight;
      }
    }
    this.draw();
  }

  // However often it is asked for, drawing happens once a frame.
  draw() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.drawNow();
    });
  }

  drawNow() {
    const { scrollTop, clientHeight } = this.scroll;
    const first = Math.max(0, Math.floor(scrollTop / HEIGHT) - AROUND);
    const last = Math.min(this.rows.length, Math.ceil((scrollTop + clientHeight) / HEIGHT) + AROUND);
    const wanted = Math.max(0, last - first);
    while (this.pool.length < wanted) this.pool.push(this.make());
    this.pool.forEach((row, place) => {
      const item = place < wanted ? this.rows.at(first + place) : null;
      if (!item) {
        row.root.hidden = true;
        return;
      }
      row.root.hidden = false;
      row.root.style.transform = `translateY(${(first + place) * HEIGHT}px)`;
      this.fill(row, item);
    });
    this.moved({ first, last, atTop: this.atTop });
  }

  make() {
    const root = element("div", "lv-row");
    root.setAttribute("role", "option");
    const names = ["lv-time", "lv-station", "lv-arrow", "lv-kind", "lv-action", "lv-num", "lv-num", "lv-frame"];
    const cells = names.map((name) => root.appendChild(element("span", name)));
    // The mark stands before the frame, in the last cell.
    const mark = element("span", "lv-mark");
    const text = element("span");
    cells.pop().append(mark, text);
    cells.push(mark, text);
    this.scroll.append(root);
    return { root, cells, id: null };
  }

  fill(row, item) {
    row.root.setAttribute("aria-selected", item.id === this.selected ? "true" : "false");
    if (row.id === item.id && row.day === this.withDay) return;
    row.id = item.id;
    row.day = this.withDay;
    row.root.dataset.id = item.id;
    row.root.dataset.direction = item.direction;
    row.root.classList.toggle("lv-bad", failed(item));
    const mark = [item.mark, item.cause && `by ${item.cause.replace(/ \[[0-9a-f]+\]/g, "")}`].filter(Boolean).join("; ");
    row.root.classList.toggle("lv-marked", Boolean(mark));
    row.root.title = mark;
    row.cells[0].title = inUtc(item.time);
    const texts = [
      this.withDay ? dayAndClock(item.time).slice(5) : clock(item.time),
      item.station,
      arrow(item.direction),
      kindNames[item.kind] ?? item.kind,
      item.action,
      latency(item.latency),
      item.kind === "Note" ? "" : size(item.bytes),
      mark,
      item.error ? `${item.error}  ${item.text.slice(0, 300)}` : item.text.slice(0, 300),
    ];
    texts.forEach((text, place) => {
      if (row.cells[place].textContent !== text) row.cells[place].textContent = text;
    });
  }
}
