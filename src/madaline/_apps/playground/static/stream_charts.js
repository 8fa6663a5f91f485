// The pictures of a stream over its rows: the accuracy, and the weights of the experts.

import { element, median, nice, number } from "./base.js";
import { css, fitCanvas } from "./plane.js";

const SHOWN_ROWS = 2000; // the latest rows of a world that pictures show; of a table, they show all
const MAX_POINTS = 800;
const BAND = 14; // height of the bands of regimes
const MARGIN = { left: 58, right: 12, top: 12, bottom: 28 };

// Returns the points to be drawn: of a world the latest, of a table some over all rows.
export function keep(points, nRows) {
  const last = points.at(-1);
  if (!nRows) return points[0].row < last.row - 2 * SHOWN_ROWS ? points.filter(({ row }) => row > last.row - SHOWN_ROWS) : points;
  return points.length > MAX_POINTS ? points.filter((point, place) => place % 2 === 0 || point === last) : points;
}

function span(points, run) {
  const last = points.at(-1)?.row ?? 0;
  if (run?.rows) return [0, Math.max(Math.min(SHOWN_ROWS, run.rows), last)];
  return [Math.max(SHOWN_ROWS, last) - SHOWN_ROWS, Math.max(SHOWN_ROWS, last)];
}

// Returns an error in a few characters, such as 0.0015.
const short = (value) => (value >= 1e-4 && value < 1 ? String(Number(value.toPrecision(2))) : number(value, 2));

// Draws accuracies or errors as lines, drifts and alarms as marks, and regimes, [name, first row, last row], as bands.
export function drawScores(svg, points, events, run, regimes = []) {
  const [width, height] = [Math.max(240, svg.clientWidth), Math.max(160, svg.clientHeight)];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const [from, to] = span(points, run);
  const shown = points.filter(({ row }) => row >= from);
  const ofErrors = run?.task === "numbers";
  const values = shown.flatMap(({ score, same, frozen }) => [score, same, frozen ?? 0]);
  const known = !ofErrors || values.length > 0; // how large errors are
  const top = ofErrors && known ? nice(Math.min(Math.max(...values, 1e-9), 8 * (median(shown.map(({ score }) => score)) || 1))) : 1;
  const x = (row) => MARGIN.left + ((row - from) / (to - from)) * (width - MARGIN.left - MARGIN.right);
  const y = (value) => height - MARGIN.bottom - Math.min(1, value / top) * (height - MARGIN.top - MARGIN.bottom);
  const drawn = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    drawn.push(element("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(top * share), y2: y(top * share) }));
    drawn.push(element("text", { x: MARGIN.left - 6, y: y(top * share) + 4, "text-anchor": "end", text: !known ? "" : ofErrors ? short(top * share) : `${100 * share}%` }));
  }
  const step = nice((to - from) / (width < 500 ? 2 : 5));
  for (let row = Math.ceil(Math.max(1, from) / step) * step; row <= to; row += step) {
    drawn.push(element("text", { x: x(row), y: height - 8, "text-anchor": row === to ? "end" : "middle", text: row.toLocaleString("en") }));
  }
  for (const { kind, row, rows, since } of events) {
    if (row < from || !["sudden", "gradual", "alarm"].includes(kind)) continue;
    const [begin, end] = kind === "gradual" ? [row, Math.min(to, row + rows)] : [Math.max(from, since ?? row), row];
    if (end > begin) drawn.push(element("rect", { class: "drifting", x: x(begin), y: y(top), width: x(end) - x(begin), height: y(0) - y(top) }));
    drawn.push(element("line", { class: kind === "alarm" ? "alarm" : "drift", x1: x(row), x2: x(row), y1: y(top), y2: y(0) }));
  }
  for (const [name, first, last] of regimes.length > 1 ? regimes : []) {
    const [begin, end] = [x(Math.max(from, first)), x(last)];
    if (last < from) continue;
    const number = [...name].reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0);
    drawn.push(element("rect", { class: `regime r${(number - 1) % 5}`, x: begin, y: y(0) - BAND, width: Math.max(1, end - begin), height: BAND }));
    if (end - begin > 10) drawn.push(element("text", { class: "regime", x: (begin + end) / 2, y: y(0) - 3, "text-anchor": "middle", text: name }));
  }
  const names = run?.world === false ? ["same", "frozen", "score"] : ["frozen", "score"];
  for (const name of names) {
    const given = shown.filter((point) => point[name] !== null);
    drawn.push(element("path", { class: name, d: line(given.map((point) => [x(point.row), y(point[name])])) }));
  }
  svg.replaceChildren(...drawn);
}

const line = (places) => places.map(([across, up], place) => `${place ? "L" : "M"}${across.toFixed(1)} ${up.toFixed(1)}`).join("");

// Draws the latest labels and what was predicted: pairs of numbers, (rows, 2).
export function drawPairs(svg, { shape: [count], values }) {
  const [width, height] = [Math.max(200, svg.clientWidth), 180];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const low = Math.min(...values);
  const wide = Math.max(...values) - low || 1;
  const at = (row, part) => [MARGIN.left + (row / Math.max(1, count - 1)) * (width - MARGIN.left - 4), 8 + (height - 16) * (1 - (values[2 * row + part] - low) / wide)];
  const rows = Array.from({ length: count }, (_, row) => row);
  const scale = [low, low + wide].map((value, place) => element("text", { x: MARGIN.left - 6, y: place ? 14 : height - 6, "text-anchor": "end", text: number(value, 2) }));
  svg.replaceChildren(...scale, ...["frozen", "score"].map((name, part) => element("path", { class: name, d: line(rows.map((row) => at(row, part))) })));
}

// Draws the weights as bands one above another, in the given order; colors are [red, green, blue].
export function drawWeights(canvas, points, { order, colors }, text, run) {
  fitCanvas(canvas);
  const context = canvas.getContext("2d");
  const ratio = canvas.width / Math.max(1, canvas.clientWidth);
  const [width, height] = [canvas.width / ratio, canvas.height / ratio];
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const [from, to] = span(points, run);
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
