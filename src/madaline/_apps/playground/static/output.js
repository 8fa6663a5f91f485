// Draws what the network predicts: the plane with its rows, or digits with their classes.

import { t } from "./base.js";
import { css, divergingColors, drawContour, drawMap, drawPoints, mapImage } from "./plane.js";

const ZERO = 128.5; // in the map of a unit, just above its zero, which ReLU has on half of the plane

// Draws what is predicted on the plane, or the map of a unit with its zero line (dashed); over it,
// the boundary of two classes.
export function drawPlane(canvas, { classes }, map, colors, unit) {
  drawMap(canvas, mapImage(unit ?? map, divergingColors(colors, 0.62), colors));
  if (classes.length === 2) drawContour(canvas, map, 127.5, css(colors.text), canvas.width / 330);
  if (!unit) return;
  const context = canvas.getContext("2d");
  context.setLineDash([canvas.width / 50, canvas.width / 50]);
  drawContour(canvas, unit, ZERO, css(colors.text), canvas.width / 220);
  context.setLineDash([]);
}

// Draws the rows over the plane: those held out as rings.
export function drawRows(canvas, { arrays, classes }, { colors, heldOut, chosen }) {
  const scale = canvas.width / 520;
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  const color = pointColor(arrays.values.values, classes, colors);
  const { values: at } = arrays.points;
  const isHeldOut = arrays.held_out.values;
  const rows = (wanted) => [...isHeldOut.keys()].filter((row) => isHeldOut[row] === wanted);
  const radius = Math.max(3.2, 4.4 * scale);
  for (const [wanted, filled] of heldOut ? [[1, false], [0, true]] : [[0, true]]) {
    const some = rows(wanted);
    const edge = css(filled && !classes.length ? colors.grey : colors.neutral);
    drawPoints(canvas, some.flatMap((row) => [at[2 * row], at[2 * row + 1]]), (index) => color(some[index]), { radius, filled, edge });
  }
  if (chosen >= 0 && chosen < isHeldOut.length) ring(canvas, at[2 * chosen], at[2 * chosen + 1], 2.2 * radius, css(colors.text));
}

function pointColor(values, classes, colors) {
  if (classes.length) return (row) => css(colors.classes[values[row]]);
  const of = divergingColors(colors, 1);
  return (row) => css(of[Math.round(127.5 * (1 + values[row]))]);
}

function ring(canvas, x, y, radius, color) {
  const context = canvas.getContext("2d");
  context.beginPath();
  context.arc((canvas.width / 2) * (1 + x), (canvas.height / 2) * (1 - y), radius, 0, 7);
  context.strokeStyle = color;
  context.lineWidth = radius / 5;
  context.stroke();
}

// Returns the row whose point is nearest to a place of the plane.
export function nearestPoint(points, [x, y]) {
  let best = 0;
  const far = (row) => (points[2 * row] - x) ** 2 + (points[2 * row + 1] - y) ** 2;
  for (let row = 1; row < points.length / 2; row++) if (far(row) < far(best)) best = row;
  return best;
}

// Draws digits in rows, each with its predicted class; wrong ones in the other color, with the truth.
export function drawDigits(canvas, { arrays: { digits, digit_classes: truth } }, { arrays: { probabilities } }, colors) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  const columns = 8;
  const size = canvas.width / columns;
  const shades = Array.from({ length: 256 }, (_, value) => colors.neutral.map((from, at) => Math.round(from + ((colors.text[at] - from) * value) / 255)));
  context.imageSmoothingEnabled = false;
  context.textAlign = "center";
  context.font = `600 ${Math.round(size * 0.21)}px system-ui, sans-serif`;
  const [count, classes] = [Math.min(columns * 8, digits.shape[0]), probabilities.shape[1]];
  for (let row = 0; row < count; row++) {
    const [x, y] = [(row % columns) * size, Math.floor(row / columns) * size];
    const picture = { shape: [8, 8], values: digits.values.subarray(64 * row, 64 * row + 64) };
    context.drawImage(mapImage(picture, shades), x + size * 0.19, y + size * 0.06, size * 0.62, size * 0.62);
    const of = probabilities.values.subarray(classes * row, classes * row + classes);
    const predicted = of.indexOf(Math.max(...of));
    const right = predicted === truth.values[row];
    context.fillStyle = css(right ? colors.grey : colors.classes[0]);
    context.fillText(right ? predicted : t("{predicted}, should be {truth}", { predicted, truth: truth.values[row] }), x + size / 2, y + size * 0.9);
  }
}
