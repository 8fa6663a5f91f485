// The pictures of a stream over its rows: the accuracy, and the weights of the experts.

import { element } from "./base.js";
import { css, fitCanvas } from "./plane.js";

export const SHOWN_ROWS = 2000; // the latest rows that pictures show
const MARGIN = { left: 46, right: 12, top: 12, bottom: 28 };

const span = (points) => {
  const last = Math.max(SHOWN_ROWS, points.at(-1)?.row ?? 0);
  return [last - SHOWN_ROWS, last];
};

// Draws accuracies as lines, and drifts and alarms as marks; points are { row, accuracy, frozen }.
export function drawAccuracy(svg, points, events) {
  const [width, height] = [Math.max(240, svg.clientWidth), Math.max(160, svg.clientHeight)];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const [from, to] = span(points);
  const x = (row) => MARGIN.left + ((row - from) / (to - from)) * (width - MARGIN.left - MARGIN.right);
  const y = (share) => height - MARGIN.bottom - share * (height - MARGIN.top - MARGIN.bottom);
  const drawn = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    drawn.push(element("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(share), y2: y(share) }));
    drawn.push(element("text", { x: MARGIN.left - 6, y: y(share) + 4, "text-anchor": "end", text: `${100 * share}%` }));
  }
  const step = width < 500 ? 1000 : 500;
  for (let row = Math.ceil(Math.max(1, from) / step) * step; row <= to; row += step) {
    drawn.push(element("text", { x: x(row), y: height - 8, "text-anchor": row === to ? "end" : "middle", text: row.toLocaleString("en") }));
  }
  const shown = points.filter(({ row }) => row >= from);
  for (const { kind, row, rows } of events) {
    if (row < from || kind === "lead") continue;
    if (kind === "gradual") drawn.push(element("rect", { class: "drifting", x: x(row), y: y(1), width: x(Math.min(to, row + rows)) - x(row), height: y(0) - y(1) }));
    drawn.push(element("line", { class: kind === "alarm" ? "alarm" : "drift", x1: x(row), x2: x(row), y1: y(1), y2: y(0) }));
  }
  const path = (name) => {
    const known = shown.filter((point) => point[name] !== null);
    return known.map((point, place) => `${place ? "L" : "M"}${x(point.row).toFixed(1)} ${y(point[name]).toFixed(1)}`).join("");
  };
  drawn.push(element("path", { class: "frozen", d: path("frozen") }), element("path", { class: "ensemble", d: path("accuracy") }));
  svg.replaceChildren(...drawn);
}

// Draws the weights as bands one above another, in the given order; colors are [red, green, blue].
export function drawWeights(canvas, points, order, colors, text) {
  fitCanvas(canvas);
  const context = canvas.getContext("2d");
  const ratio = canvas.width / Math.max(1, canvas.clientWidth);
  const [width, height] = [canvas.width / ratio, canvas.height / ratio];
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const [from, to] = span(points);
  const x = (row) => MARGIN.left + ((row - from) / (to - from)) * (width - MARGIN.left - MARGIN.right);
  const y = (share) => height - MARGIN.bottom - share * (height - MARGIN.top - MARGIN.bottom);
  const shown = points.filter(({ row }) => row >= from);
  const below = new Float64Array(shown.length);
  order.forEach((member, place) => {
    context.beginPath();
    shown.forEach((point, at) => context.lineTo(x(point.row), y(below[at])));
    for (let at = shown.length - 1; at >= 0; at--) {
      below[at] += shown[at].weights[member];
      context.lineTo(x(shown[at].row), y(Math.min(1, below[at])));
    }
    context.closePath();
    context.fillStyle = css(colors[place]);
    context.fill();
  });
  context.fillStyle = css(text);
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "right";
  for (const share of [0, 0.5, 1]) context.fillText(`${100 * share}%`, MARGIN.left - 6, y(share) + 4);
}
