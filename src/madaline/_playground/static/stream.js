// The page of a stream: it asks for the next rows, and draws what came of them.

import { address, copyButton, element, post, t } from "./base.js";
import { css, divergingColors, drawContour, drawMap, drawPoints, fitCanvas, mapImage, onTheme, palette } from "./plane.js";
import { drawAccuracy, drawWeights, SHOWN_ROWS } from "./stream_charts.js";

const SPEEDS = [10, 50, 100, 300, Infinity]; // rows a second
const FRAMES = 20; // a second
const MOST = 40; // rows that are asked for at a time
const STEP = 10;

const find = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en");
const percent = (share) => `${Math.round(100 * share)}%`;
let run = null; // { run, members } of the stream on the server
let points = []; // { row, accuracy, frozen, weights }, one for each answer
let events = [];
let latest = null; // the latest answer, with its maps and rows
let playing = false;
let busy = Promise.resolve();

function tell(sentence) {
  find("trouble").textContent = sentence;
  find("trouble").hidden = !sentence;
}

function showControls() {
  const speed = SPEEDS[find("speed").value];
  find("pace").textContent = speed === Infinity ? t("as fast as it can") : t("{speed} rows a second", { speed });
  find("play").textContent = playing ? t("Pause") : t("Play");
  for (const id of ["play", "step", "sudden", "gradual"]) find(id).disabled = !run;
  address.write({ seed: find("seed").value, speed: find("speed").value });
}

function ask(request) {
  busy = busy.then(request).catch((error) => {
    playing = false;
    tell(error.message);
  }).finally(showControls);
  return busy;
}

function begin() {
  playing = false;
  return ask(async () => {
    tell("");
    [points, events, latest] = [[], [], null];
    find("decisions").replaceChildren();
    find("none").hidden = false;
    run = await post("/stream/start", { seed: Number(find("seed").value) });
    showMemories();
    draw();
  });
}

function advance(rows) {
  return ask(async () => {
    if (!run) return;
    take(await post("/stream/next", { run: run.run, rows }));
  });
}

function drift(kind) {
  return ask(async () => note(await post("/stream/drift", { run: run.run, kind })));
}

function take(answer) {
  latest = answer;
  points.push(answer);
  if (points[0].row < answer.row - 2 * SHOWN_ROWS) points = points.filter(({ row }) => row > answer.row - SHOWN_ROWS);
  for (const event of answer.events) note(event);
  draw();
}

// Adds an event to the log, in words.
function note(event) {
  events.push(event);
  const { row, rows, since, before, now, memory, weight } = event;
  const words = {
    sudden: () => t("Sudden drift: from this row on, another line tells the classes apart."),
    gradual: () => t("Gradual drift: over {rows} rows, more and more of them follow another line.", { rows }),
    alarm: () => t("Alarm: the log loss rose from {before} to {now} since row {since}.", { before: before.toFixed(2), now: now.toFixed(2), since: number(since) }),
    lead: () => t("The experts that remember {memory} rows lead, with {weight} of the weight.", { memory: number(memory), weight: percent(weight) }),
  };
  const item = element("li", { class: "new" }, element("span", { text: t("row {row}", { row: number(row) }) }), element("p", { text: words[event.kind]() }));
  find("decisions").prepend(item);
  find("none").hidden = true;
}

// The experts ordered by memory and step, and their colors: a hue for each memory.
function bands(colors) {
  const memories = [...new Set(run.members.map(({ memory }) => memory))].sort((a, b) => a - b);
  const rates = [...new Set(run.members.map(({ rate }) => rate))].sort((a, b) => a - b);
  const hues = [colors.classes[4], colors.classes[2], colors.classes[1]];
  const order = run.members.map((_, place) => place);
  const key = (place) => [memories.indexOf(run.members[place].memory), rates.indexOf(run.members[place].rate)];
  order.sort((a, b) => key(a)[0] - key(b)[0] || key(a)[1] - key(b)[1] || a - b);
  const shade = (place) => {
    const [memory, rate] = key(place);
    const share = 0.45 + 0.2 * rate + (run.members[place].labels ? 0.1 : 0);
    return hues[memory].map((value, part) => Math.round(colors.neutral[part] + (value - colors.neutral[part]) * share));
  };
  return { order, colors: order.map(shade), memories, hues };
}

function showMemories() {
  const { memories, hues } = bands(palette());
  find("memories").replaceChildren(...memories.map((memory, place) => {
    const swatch = element("i", { class: "hue" });
    swatch.style.background = css(hues[place]);
    return element("span", {}, swatch, t("remember {memory} rows", { memory: number(memory) }));
  }), element("span", { text: t("stronger colors: larger steps") }));
}

function draw() {
  if (!run) return;
  drawAccuracy(find("accuracy"), points, events);
  const colors = palette();
  const banded = bands(colors);
  drawWeights(find("weights"), points, banded.order, banded.colors, colors.text);
  const canvas = find("mixture");
  fitCanvas(canvas);
  if (!latest) {
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    find("status").textContent = t("No row has come yet.");
    return;
  }
  const { map, truth, rows } = latest.arrays;
  drawMap(canvas, mapImage(map, divergingColors(colors, 0.5)));
  drawContour(canvas, map, 127.5, css(colors.text), Math.max(1.5, canvas.width / 220));
  const context = canvas.getContext("2d");
  context.setLineDash([canvas.width / 60, canvas.width / 60]);
  drawContour(canvas, truth, 127.5, css(colors.text), Math.max(1, canvas.width / 400));
  context.setLineDash([]);
  drawLatest(canvas, rows, colors);
  const { row, accuracy, frozen } = latest;
  const parts = [t("row {row}: accuracy {accuracy}", { row: number(row), accuracy: percent(accuracy) })];
  if (frozen !== null) parts.push(t("without learning {accuracy}", { accuracy: percent(frozen) }));
  find("status").textContent = parts.join(" · ");
}

function drawLatest(canvas, { shape: [count], values }, colors) {
  const radius = Math.max(2.5, canvas.width / 130);
  for (const right of [1, 0]) {
    const chosen = Array.from({ length: count }, (_, row) => 4 * row).filter((at) => values[at + 3] === right);
    const color = (row) => css(colors.classes[values[chosen[row] + 2]]);
    drawPoints(canvas, chosen.flatMap((at) => [values[at], values[at + 1]]), color, { radius, filled: right === 1, edge: css(colors.neutral) });
  }
}

async function play() {
  playing = true;
  showControls();
  while (playing) {
    const started = performance.now();
    const speed = SPEEDS[find("speed").value];
    const rows = Math.min(MOST, Math.max(1, Math.round(speed / FRAMES)));
    if (!document.hidden) await advance(rows);
    const pause = (1000 * rows) / speed - (performance.now() - started);
    if (playing) await new Promise((done) => setTimeout(done, Math.max(document.hidden ? 200 : 0, pause)));
  }
  showControls();
  showCode();
}

find("play").addEventListener("click", () => (playing ? (playing = false) : play()));
find("step").addEventListener("click", () => {
  playing = false;
  advance(STEP).then(showCode);
});
for (const kind of ["sudden", "gradual"]) find(kind).addEventListener("click", () => drift(kind));
// Shows the lines of Python up to the latest row, once nothing moves.
function showCode() {
  if (!find("code").open || playing || !run) return;
  ask(async () => { find("python").textContent = (await post("/stream/code", { run: run.run })).code; });
}

find("code").addEventListener("toggle", showCode);
copyButton(find("copy"), find("python"));
find("anew").addEventListener("click", begin);
find("seed").addEventListener("change", begin);
find("speed").addEventListener("input", showControls);
onTheme(() => {
  showMemories();
  draw();
});
addEventListener("resize", draw);

const state = address.read();
if (state.seed) find("seed").value = state.seed;
if (state.speed) find("speed").value = state.speed;
begin();

