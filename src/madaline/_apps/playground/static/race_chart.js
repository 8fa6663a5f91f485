// The losses of all recipes over epochs, and that of the ensemble, as one picture.

import { element, number, t } from "./base.js";

const MARGIN = { left: 46, right: 34, top: 12, bottom: 30 };
const MIN_EPOCHS = 8; // shown from the start
const LETTER_GAP = 13; // pixels between two letters at the ends of curves

// Draws into an svg of some size: lanes are { letter, parent, losses: [[epoch, loss]], state, weight }.
export function drawCurves(svg, size, { lanes, ensemble, baseline, lit }) {
  const [width, height] = [Math.max(240, size.width), Math.max(180, size.height)];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const all = [...lanes.values()];
  const last = Math.max(MIN_EPOCHS, ...all.map((lane) => lane.losses.at(-1)?.[0] ?? 0));
  const [low, high] = range(all, ensemble, baseline);
  const x = (epoch) => MARGIN.left + ((epoch - 1) / (last - 1)) * (width - MARGIN.left - MARGIN.right);
  const y = (loss) => {
    const share = (Math.min(Math.max(loss, low), high) - low) / (high - low || 1);
    return height - MARGIN.bottom - share * (height - MARGIN.top - MARGIN.bottom);
  };
  const path = (points) => points.map(([epoch, loss], place) => `${place ? "L" : "M"}${x(epoch).toFixed(1)} ${y(loss).toFixed(1)}`).join("");
  const drawn = [...axes(x, y, { low, high, last, width, height })];
  const order = all.filter((lane) => lane !== lit).sort((a, b) => rank(a) - rank(b));
  for (const lane of lit ? [...order, lit] : order) {
    const known = lane.losses.filter(([, loss]) => loss !== null);
    if (!known.length) continue;
    const from = lane.parent && lanes.get(lane.parent);
    if (from?.best) drawn.push(element("path", { class: "branch", d: path([from.best, known[0]]) }));
    drawn.push(element("path", { class: `curve ${lane.state} ${lane === lit ? "lit" : ""}`, d: path(known) }));
    if (known.length === 1) drawn.push(element("circle", { class: "mark", cx: x(known[0][0]), cy: y(known[0][1]), r: 2 }));
  }
  if (ensemble.length) drawn.push(element("path", { class: "ensemble", d: path(ensemble) }));
  drawn.push(...letters(all, ensemble, lit, { x, y, height }));
  svg.replaceChildren(...drawn);
}

const rank = (lane) => ({ ended: 0, racing: 1, counts: 2 })[lane.state] ?? 0;

// From which loss to which the picture goes: all that is within the loss of the best constant.
function range(lanes, ensemble, baseline) {
  const seen = [...lanes.flatMap((lane) => lane.losses), ...ensemble].map(([, loss]) => loss).filter((loss) => loss !== null);
  if (!seen.length) return [0, baseline || 1];
  const [least, most] = [Math.min(...seen), Math.max(...seen)];
  const room = Math.max((Math.min(most, baseline) - least) * 0.08, 1e-9);
  const high = Math.max(Math.min(most, baseline), least + 10 * room * 0.1) + room;
  return [least >= 0 ? Math.max(0, least - room) : least - room, high];
}

// The next larger number that people count in: 1, 2 or 5 and zeros.
function nice(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return power * [1, 2, 5, 10].find((one) => one * power >= size * 0.999);
}

function* axes(x, y, { low, high, last, width, height }) {
  const gap = nice((high - low || 1) / 4);
  const digits = Math.max(0, -Math.floor(Math.log10(gap)));
  for (let loss = Math.ceil(low / gap) * gap; loss <= high; loss += gap) {
    yield element("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(loss), y2: y(loss) });
    yield element("text", { x: MARGIN.left - 6, y: y(loss) + 4, "text-anchor": "end", text: loss.toFixed(digits) });
  }
  const step = [1, 2, 5, 10, 20, 50, 100, 200].find((one) => last / one <= Math.max(4, width / 90)) ?? 500;
  for (let epoch = step; epoch <= last; epoch += step) {
    yield element("text", { x: x(epoch), y: height - 10, "text-anchor": "middle", text: epoch });
  }
  yield element("text", { x: MARGIN.left - 6, y: height - 10, "text-anchor": "end", text: t("epoch") });
}

// The letters at the ends of curves that still matter, moved apart where they would meet.
function letters(lanes, ensemble, lit, { x, y, height }) {
  const named = lanes.filter((lane) => lane.losses.length && (lane.state !== "ended" || lane === lit));
  const ends = named.map((lane) => ({ text: lane.letter, at: lane.losses.at(-1), class: "letter" }));
  if (ensemble.length) ends.push({ text: t("all"), at: ensemble.at(-1), class: "letter ensemble-name" });
  const placed = ends
    .filter(({ text, at }) => text && at[1] !== null)
    .map((end) => ({ ...end, x: x(end.at[0]) + 6, y: y(end.at[1]) + 4 }))
    .sort((a, b) => a.y - b.y);
  for (let place = 1; place < placed.length; place++) {
    placed[place].y = Math.max(placed[place].y, placed[place - 1].y + LETTER_GAP);
  }
  const excess = (placed.at(-1)?.y ?? 0) - (height - MARGIN.bottom);
  if (excess > 0) for (const one of placed) one.y -= excess;
  return placed.map((one) => element("text", { class: one.class, x: one.x, y: one.y, text: one.text }));
}

// The losses of folds as small bars, on the scale from zero to the largest shown loss.
export function drawFolds(svg, losses, most) {
  const width = 100 / Math.max(1, losses.length);
  svg.setAttribute("viewBox", "0 0 100 30");
  svg.replaceChildren(
    ...losses.map((loss, fold) => {
      const height = loss === null ? 30 : Math.max(1, Math.min(30, (30 * loss) / (most || 1)));
      const title = t("Fold {fold}: loss {loss}", { fold: fold + 1, loss: number(loss ?? NaN) });
      const place = { x: fold * width, y: 30 - height, width: Math.max(1, width - 2), height };
      return element("rect", place, element("title", { text: title }));
    }),
  );
}
