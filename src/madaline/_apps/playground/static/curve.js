// Draws losses over epochs: one line for each kind of rows, and marks where something was decided.

import { element, median, nice, number, t } from "./base.js";

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [150, 40, 8, 10, 20];
const MOST_POINTS = 400; // of a line; more are thinned

export class Curve {
  // `lines` are { name, className }; points are added for all of them at once.
  constructor(parent, lines, label) {
    this.lines = lines;
    this.label = label;
    this.picture = element("svg", { role: "img", class: "chart" });
    this.axes = element("g");
    this.marksAt = element("g");
    this.paths = lines.map(({ className }) => element("path", { class: `line ${className}` }));
    this.earlierPaths = lines.map(() => element("path", { class: "line earlier" }));
    this.earlier = []; // points of the run before
    this.points = [];
    this.picture.append(this.axes, this.marksAt, ...this.earlierPaths, ...this.paths);
    parent.replaceChildren(this.picture);
    this.clear();
    new ResizeObserver(() => this.resize(parent.clientWidth)).observe(parent);
  }

  // Text keeps its size on narrow screens.
  resize(width) {
    if (width === this.width) return;
    this.width = width;
    this.picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.draw(this.last);
  }

  // Begins anew; the points so far stay in gray, to be compared with.
  clear(compare = false) {
    this.earlier = compare ? (this.points.length > 1 ? this.points : this.earlier) : [];
    this.points = []; // [epoch, value of each line]
    this.marks = []; // epochs
    this.every = 1;
    this.draw();
  }

  add(points, marks = []) {
    for (const point of points) if (point[0] % this.every === 0) this.points.push(point);
    while (this.points.length > MOST_POINTS) {
      this.every *= 2;
      this.points = this.points.filter(([epoch]) => epoch % this.every === 0);
    }
    this.marks.push(...marks);
  }

  // Draws all points, and a last one that is not kept.
  draw(last = null) {
    const { width } = this;
    this.last = last;
    if (!width) return;
    const points = last ? [...this.points, last] : this.points;
    const end = Math.max(10, ...points.slice(-1).map(([epoch]) => epoch));
    const earlier = this.earlier.filter(([epoch]) => epoch <= end);
    const values = [...points, ...earlier].flatMap((point) => point.slice(1)).filter((value) => Number.isFinite(value));
    const top = nice(Math.min(Math.max(1e-3, ...values), 20 * (median(values) || 1)));
    const x = (epoch) => LEFT + ((width - LEFT - RIGHT) * epoch) / end;
    const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.min(value, 1.05 * top) / top);
    for (const [paths, drawn] of [[this.earlierPaths, earlier], [this.paths, points]]) {
      paths.forEach((path, index) => {
        const known = drawn.filter((point) => Number.isFinite(point[index + 1]));
        path.setAttribute("d", known.map((point, at) => `${at ? "L" : "M"}${x(point[0]).toFixed(1)} ${y(point[index + 1]).toFixed(1)}`).join(""));
      });
    }
    this.marksAt.replaceChildren(
      ...this.marks.map((epoch) => element("line", { class: "mark", x1: x(epoch), x2: x(epoch), y1: TOP, y2: HEIGHT - BOTTOM })),
    );
    this.drawAxes(top, end, x, y);
    const told = points.at(-1);
    const words = told ? this.lines.map(({ name }, index) => `${name} ${number(told[index + 1])}`).join(", ") : "";
    this.picture.setAttribute("aria-label", `${this.label}: ${words}`);
  }

  drawAxes(top, end, x, y) {
    const key = `${top} ${end} ${this.width}`;
    if (key === this.drawn) return;
    this.drawn = key;
    const words = (text, at, up, place) => element("text", { x: at, y: up, class: `tick ${place}`, text });
    const line = (up) => element("line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: up, y2: up });
    this.axes.replaceChildren(
      ...[0, top / 2, top].flatMap((value) => [line(y(value)), words(number(value, 2), LEFT - 5, y(value) + 4, "end")]),
      words("0", LEFT, HEIGHT - 5, "middle"),
      words(t("epoch {n}", { n: end.toLocaleString("en") }), this.width - RIGHT, HEIGHT - 5, "end"),
    );
  }
}
