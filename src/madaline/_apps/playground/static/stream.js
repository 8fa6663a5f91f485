// The page of a stream: it asks for the next rows, and draws what came of them.

import { address, copyButton, element, number, post, sentenceOf, t } from "./base.js";
import { css, divergingColors, drawContour, drawMap, drawPoints, fitCanvas, mapImage, onTheme, palette } from "./plane.js";
import { drawPairs, drawScores, drawWeights, keep } from "./stream_charts.js";
import { fill, TableChoice } from "./table_choice.js";

const SPEEDS = [10, 50, 100, 300, Infinity]; // rows a second
const FRAMES = 20; // a second
const MOST = 40; // rows that are asked for at a time
const STEP = 10;

const find = (id) => document.getElementById(id);
const controls = find("controls");
const count = (value) => value.toLocaleString("en");
const percent = (share) => `${Math.round(100 * share)}%`;
const own = new TableChoice("stream", controls, (request) => {
  playing = false;
  return ask(async () => {
    await request();
    showOrders("");
    await prepare();
  });
});
let run = null; // { run, members, task, world, rows } of the stream on the server
let points = []; // { row, score, same, frozen, weights }, one for each answer
let events = [];
let latest = null; // the latest answer, with its maps and rows
let playing = false;
let busy = Promise.resolve();

function tell(sentence) {
  find("trouble").textContent = sentence;
  find("trouble").hidden = !sentence;
}

const measured = (value) => (run.task === "classes" ? percent(value) : number(value));

function showControls() {
  const speed = SPEEDS[find("speed").value];
  find("pace").textContent = speed === Infinity ? t("as fast as it can") : t("{speed} rows a second", { speed });
  find("play").textContent = playing ? t("Pause") : t("Play");
  find("play").disabled = own.notOpen || latest?.ended === true; // pressed early, it waits for the first rows
  for (const id of ["step", "sudden", "gradual", "freeze"]) find(id).disabled = !run || latest?.ended === true;
}

function settings() {
  const order = own.isChosen && controls.elements.order.value;
  return { data: controls.elements.data.value, ...own.settings, ...(order ? { order } : {}), seed: Number(controls.elements.seed.value) };
}

function remember() {
  address.write({ ...settings(), speed: find("speed").value });
}

function showOrders(order = controls.elements.order.value) {
  const names = (own.table?.orders ?? []).filter((name) => name !== controls.elements.target.value);
  fill(controls.elements.order, names, names.includes(order) ? order : "", t("as in the file"));
}

function ask(request) {
  busy = busy.then(request).catch((error) => {
    playing = false;
    tell(sentenceOf(error));
  }).finally(showControls);
  return busy;
}

function begin() {
  playing = false;
  return ask(prepare);
}

// Begins a stream of the settings; no row has come yet.
async function prepare() {
  tell("");
  remember();
  [run, points, events, latest] = [null, [], [], null];
  find("decisions").replaceChildren();
  find("none").hidden = false;
  find("python").textContent = "";
  draw();
  if (own.notOpen) return;
  run = await post("/stream/start", settings());
  find("measure").textContent = run.task === "classes" ? t("Prequential accuracy") : t("Prequential error (mean absolute error)");
  showMemories();
  draw();
  showCode();
}

function advance(rows) {
  return ask(async () => {
    if (!run || latest?.ended) return;
    take(await post("/stream/next", { run: run.run, rows }));
    if (latest.ended) playing = false;
  });
}

function change(path, asked = {}) {
  return ask(async () => {
    note(await post(path, { run: run.run, ...asked }));
    draw();
  });
}

function take(answer) {
  latest = answer;
  points = keep([...points, answer], run.rows);
  for (const event of answer.events) note(event);
  draw();
}

// Adds an event to the log, in words.
function note(event) {
  events.push(event);
  const { row, rows, since, before, now, measure, memory, weight, name, sentence } = event;
  const words = {
    sudden: () => t("Sudden drift: from this row on, another line tells the classes apart."),
    gradual: () => t("Gradual drift: over {rows} rows, more and more of them follow another line.", { rows }),
    frozen: () => t("A copy of the experts as they are now learns no more: compare it with those that learn on."),
    alarm: () => t("Alarm: the {measure} rose from {before} to {now} since row {since}.", { measure: t(measure), before: number(before), now: number(now), since: count(since) }),
    column: () => sentence,
    restless: () => t("{name} changes all the time, as rows near in time are alike: such changes are not listed any more.", { name }),
    back: () => sentence,
    lead: () => sentence ?? t("The experts that remember {memory} rows lead, with {weight} of the weight.", { memory: count(memory), weight: percent(weight) }),
  };
  const item = element("li", { class: "new" }, element("span", { text: t("row {row}", { row: count(row) }) }), element("p", { text: words[event.kind]() }));
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
    return element("span", {}, swatch, t("remember {memory} rows", { memory: count(memory) }));
  }), element("span", { text: t("stronger colors: larger steps") }));
}

function draw() {
  drawScores(find("accuracy"), points, events, run, latest?.regimes);
  const colors = palette();
  const banded = run ? bands(colors) : { order: [], colors: [] };
  drawWeights(find("weights"), points, banded, colors.text, run);
  if (run && !run.world) drawTable();
  else drawWorld(colors);
  find("status").textContent = status();
}

function status() {
  if (own.notOpen) return t("Open a table whose rows stand in the order of time, or drop its file on the page. It stays on this machine.");
  if (!latest) return run?.rows ? t("No row has come yet; the table has {rows} with a label.", { rows: count(run.rows) }) : t("No row has come yet.");
  const { row, score, same, frozen, ended } = latest;
  const value = measured(score);
  const parts = [run.task === "classes" ? t("row {row}: accuracy {accuracy}", { row: count(row), accuracy: value }) : t("row {row}: mean absolute error {error}", { row: count(row), error: value })];
  if (!run.world) parts.push(t("repeating the label before: {value}", { value: measured(same) }));
  if (frozen !== null) parts.push(t("without learning {accuracy}", { accuracy: measured(frozen) }));
  if (run.left_out.length) parts.push(t("left out: {columns}", { columns: run.left_out.join(", ") }));
  if (ended) parts.push(t("all rows have come"));
  return parts.join(" · ");
}

// Shows the latest rows of a table: what was predicted, and what was true.
function drawTable() {
  const { pairs } = latest?.arrays ?? {};
  for (const id of ["pairs", "pairs-meaning"]) find(id).toggleAttribute("hidden", !pairs);
  if (pairs) drawPairs(find("pairs"), pairs);
  const shown = (value) => (pairs ? number(Number(value)) : value);
  const told = ({ predicted, share }) => (predicted === null ? "–" : `${shown(predicted)}${share === null ? "" : ` (${percent(share)})`}`);
  find("latest").replaceChildren(...(latest?.latest ?? []).map((one) => element("tr", {},
    element("td", { class: "number", text: count(one.row) }),
    element("td", { text: told(one) }),
    element("td", { text: pairs ? shown(one.label) : `${one.right ? "✓" : "✗"} ${one.label}` }))));
}

function drawWorld(colors) {
  const canvas = find("mixture");
  fitCanvas(canvas);
  const context = canvas.getContext("2d");
  if (!latest) return context.clearRect(0, 0, canvas.width, canvas.height);
  const { map, truth, rows } = latest.arrays;
  drawMap(canvas, mapImage(map, divergingColors(colors, 0.5)));
  drawContour(canvas, map, 127.5, css(colors.text), Math.max(1.5, canvas.width / 220));
  context.setLineDash([canvas.width / 60, canvas.width / 60]);
  drawContour(canvas, truth, 127.5, css(colors.text), Math.max(1, canvas.width / 400));
  context.setLineDash([]);
  return drawLatest(canvas, rows, colors);
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
  let due = performance.now();
  while (playing) {
    const speed = SPEEDS[find("speed").value];
    const rows = Math.min(MOST, Math.max(1, Math.round(speed / FRAMES)));
    if (!document.hidden) await advance(rows);
    due = Math.max(due + (1000 * rows) / speed, performance.now() - 200); // a late frame is made up for
    const pause = document.hidden ? 200 : due - performance.now();
    if (playing) await new Promise((done) => setTimeout(done, Math.max(0, pause)));
  }
  showControls();
  showCode();
}

find("play").addEventListener("click", () => (playing ? (playing = false) : play()));
find("step").addEventListener("click", () => {
  playing = false;
  advance(STEP).then(showCode);
});
for (const kind of ["sudden", "gradual"]) find(kind).addEventListener("click", () => change("/stream/drift", { kind }));
find("freeze").addEventListener("click", () => change("/stream/freeze"));
controls.addEventListener("change", () => {
  own.show();
  showOrders();
  begin();
});
// Shows the lines of Python up to the latest row, once nothing moves.
function showCode() {
  if (!find("code").open || playing || !run) return;
  ask(async () => { find("python").textContent = (await post("/stream/code", { run: run.run })).code; });
}

find("code").addEventListener("toggle", showCode);
copyButton(find("copy"), find("python"));
find("anew").addEventListener("click", begin);
find("speed").addEventListener("input", () => {
  showControls();
  remember();
});
onTheme(() => {
  if (run) showMemories();
  draw();
});
const sizes = new ResizeObserver(draw);
for (const id of ["accuracy", "weights", "mixture", "pairs"]) sizes.observe(find(id));

addEventListener("hashchange", () => location.reload());

await own.recall().catch((error) => tell(sentenceOf(error)));
const state = { ...(own.table ? { data: "table" } : {}), ...address.read() };
controls.elements.data.value = state.data === "table" ? "table" : "world";
if (state.seed) controls.elements.seed.value = state.seed;
if (state.speed) find("speed").value = state.speed;
own.show(state.target);
showOrders(state.order);
if (find("trouble").hidden) ask(prepare); // Play may have been pressed by now
