// The track of a lane: for which epochs it was trained, and what was decided then.

import { element, t } from "./base.js";

// What a decision looks like, by its action; each is a path around (0, 0).
const SYMBOLS = {
  drop: ["stopped early", "M-5 -4 L5 -4 L0 5 Z", false],
  stop: ["stopped: no longer improves", "M-4.5 -4.5 H4.5 V4.5 H-4.5 Z", true],
  keep: ["a snapshot is kept, training goes on", "M0 -5 A5 5 0 1 1 0 5 A5 5 0 1 1 0 -5 Z", false],
  lower: ["a copy goes on more slowly", "M0 -6 L6 0 L0 6 L-6 0 Z", false],
  grow: ["a copy grows", "M-2 -6 H2 V-2 H6 V2 H2 V6 H-2 V2 H-6 V-2 H-2 Z", true],
  simplify: ["tried anew, simpler", "M-6 -2 H6 V2 H-6 Z", false],
  restore: ["diverged, goes back", "M5 -5 L5 5 L-5 0 Z", false],
  prune: ["pruned", "M-5 -5 L5 5 M-5 5 L5 -5", false],
};
const SAME = { reduce: "simplify", warp: "keep" };
const symbolOf = (action) => SYMBOLS[SAME[action] ?? action];

export const describeMark = (decision) => (decision && symbolOf(decision.action) ? t(symbolOf(decision.action)[0]) : "");

// Draws into an svg of some width, which stands for so many epochs.
export function drawTrack(svg, lane, epochs, given) {
  const width = Math.max(100, given);
  svg.setAttribute("viewBox", `0 0 ${width} 24`);
  const x = (epoch) => 8 + ((epoch - 1) / Math.max(1, epochs - 1)) * (width - 16);
  const drawn = [element("line", { class: "rail", x1: x(1), x2: x(epochs), y1: 12, y2: 12 })];
  if (lane.losses.length) {
    drawn.push(element("line", { class: "ran", x1: x(lane.losses[0][0]), x2: x(lane.losses.at(-1)[0]) + 0.01, y1: 12, y2: 12 }));
  }
  let [before, shift] = [-1, 0];
  for (const decision of lane.marks) {
    const symbol = symbolOf(decision.action);
    if (!symbol) continue;
    shift = decision.epoch === before ? shift + 12 : 0; // beside one another
    before = decision.epoch;
    const at = Math.min(x(decision.epoch) + shift, width - 8);
    const mark = element("path", { class: `symbol ${symbol[2] ? "full" : ""}`, d: symbol[1], transform: `translate(${at} 12)` }, element("title", { text: decision.sentence }));
    drawn.push(mark);
  }
  svg.replaceChildren(...drawn);
}

// What the symbols mean.
export function legend() {
  return Object.values(SYMBOLS).map(([words, path, full]) => {
    const svg = element("svg", { viewBox: "-8 -8 16 16", "aria-hidden": "true" }, element("path", { class: `symbol ${full ? "full" : ""}`, d: path }));
    return element("span", {}, svg, t(words));
  });
}
