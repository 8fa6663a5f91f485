// The page of one network: settings, the loop that asks for frames, and what is drawn of them.

import { address, copyButton, download, element, facts, joined, number, post, sentenceOf, t, Told } from "./base.js";
import { Curve } from "./curve.js";
import { Data, thumbnails } from "./data.js";
import { Diagram, mapOf } from "./diagram.js";
import { drawDigits, drawPlane, drawRows, nearestPoint } from "./output.js";
import { fitCanvas, onTheme, palette } from "./plane.js";

const $ = (id) => document.getElementById(id);

const DEFAULTS = {
  data: "moons", noise: 0.2, rows: 300, seed: 0, held_out: 0.3, features: ["x1", "x2"], hidden: [6, 4],
  activation: "tanh", learning_rate: 0.1, batch_size: 10, optimizer: "sgd", l1: 0, l2: 0, adaptive: false,
  table: "", target: "", columns: [],
};

// Milliseconds between frames, and epochs of each.
const SPEEDS = { slow: [400, 1], normal: [33, 1], fast: [33, 10], fastest: [33, 100] };

// Settings of the data: with other data, losses cannot be compared.
const OF_DATA = ["data", "noise", "rows", "seed", "held_out", "table", "target", "columns"];

const state = { ...DEFAULTS, ...readAddress() };
let run = null; // { key, first, frame }
let playing = false;
let generation = 0; // of runs; answers for an older one are dropped
let busy = false;
let large = null; // the unit whose map is shown large

const canvas = $("boundary");
const curve = new Curve($("curve"), [{ name: t("training rows"), className: "" }, { name: t("held-out rows"), className: "s1" }], t("Loss over epochs"));
const diagram = new Diagram($("diagram"), {
  say: (text) => { $("weight").textContent = text || advice(); },
  look: (unit) => { if (large !== unit) { large = unit; drawOutput(); } },
  edit,
  toggleFeature(name) {
    const on = new Set(state.features);
    if (!on.delete(name)) on.add(name);
    if (on.size) change({ features: Object.keys(run.first.all_features).filter((one) => on.has(one)) });
  },
});
const data = new Data({ change, fail });

// What one can do with the picture.
function advice() {
  const look = t("Point at a line or a unit, or use the arrow keys in the picture. A click, or Enter, lets you change its value.");
  return run?.first.all_features ? joined(look, t("A click on an input uses it, or leaves it out.")) : look;
}

// ---- a weight by hand ----

let edited = null; // { layer, source, unit } of the weight or bias that is being changed
let typed = false; // whether its new value is being written

function edit(chosen) {
  [edited, typed] = [chosen, false];
  $("edit").hidden = !chosen;
  if (!chosen) return;
  showValue();
  $("edit-value").select();
}

// Shows the value as it is now, unless another is being written.
function showValue() {
  if (!edited || typed) return;
  const field = $("edit-value");
  field.value = Number(diagram.value().toPrecision(3));
  if (field === document.activeElement) field.select();
}

// Lets go of the weight or unit that was clicked.
function leave() {
  const writing = $("edit").contains(document.activeElement);
  diagram.pin(null);
  if (writing) diagram.keys.focus();
}

$("edit").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
document.addEventListener("click", (event) => { if (diagram.pinned && !event.target.closest("#diagram, #edit")) diagram.pin(null); });
$("edit-value").addEventListener("input", () => { typed = true; });
$("edit-value").addEventListener("change", async () => {
  const [{ layer, source, unit }, current, value] = [edited, run, $("edit-value").valueAsNumber];
  try {
    if (Number.isNaN(value)) throw new Told(t("The weight is no number: give one from −1000 to 1000."));
    const frame = await post("/network/change", { run: run.key, layer, source, unit, value });
    if (run !== current) return;
    fail(null);
    run.frame = frame;
    typed = false;
    lowest = null; // losses from before do not compare
    curve.add([], [frame.epoch]);
    draw(frame);
    refreshDetails();
  } catch (error) {
    fail(error);
  }
});

// ---- settings ----

function readAddress() {
  const read = {};
  for (const [name, text] of Object.entries(address.read())) {
    if (!(name in DEFAULTS)) continue;
    const kind = DEFAULTS[name];
    if (name === "hidden") read[name] = text ? text.split(",").map(Number) : [];
    else if (Array.isArray(kind)) read[name] = text ? text.split(",").map(decoded) : [];
    else if (typeof kind === "number") read[name] = Number(text);
    else read[name] = typeof kind === "boolean" ? text === "1" : text;
  }
  return read;
}

// Returns a part of a list in the address; one that was not written by this page stays as it is.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function writeAddress() {
  const written = { data: state.data };
  for (const [name, value] of Object.entries(state)) {
    if (JSON.stringify(value) === JSON.stringify(DEFAULTS[name])) continue;
    if (["table", "target", "columns"].includes(name) && state.data !== "table") continue;
    if (name === "hidden") written[name] = value.join(",");
    else if (Array.isArray(value)) written[name] = value.map(encodeURIComponent).join(",");
    else written[name] = typeof value === "boolean" ? Number(value) : value;
  }
  address.write(written);
}

// Takes over settings, and starts again with them.
function change(settings) {
  Object.assign(state, settings);
  showSettings();
  start(!Object.keys(settings).some((name) => OF_DATA.includes(name)));
}

function showSettings() {
  for (const name of ["activation", "optimizer", "batch_size", "l1", "l2", "learning_rate"]) {
    const select = $(name);
    if (![...select.options].some(({ value }) => value === String(state[name]))) select.add(element("option", { value: state[name], text: state[name] }));
    select.value = String(state[name]);
  }
  $("adaptive").checked = state.adaptive;
  $("decided").hidden = !state.adaptive;
  data.show(state);
  showLayers(state.hidden);
}

// Shows the sizes of hidden layers, as they are set or as the coach chose them.
function showLayers(shown) {
  if ($("layers").dataset.shown === JSON.stringify(shown)) return;
  $("layers").dataset.shown = JSON.stringify(shown);
  const at = [...$("layers").querySelectorAll("button")].indexOf(document.activeElement);
  const count = shown.length;
  const button = (sign, label, hidden, allowed) => element("button", { type: "button", class: "small", "aria-label": label, disabled: !allowed, onclick: () => change({ hidden: hidden.map((units) => Math.min(units, facts.max_units)) }), text: sign }); // the coach may grow further
  $("layers").replaceChildren(
    element("span", { class: "group" }, t("Hidden layers"), button("−", t("One layer less"), shown.slice(0, -1), count > 0), element("b", { text: count }), button("+", t("One layer more"), [...shown, 2], count < facts.max_layers)),
    ...shown.map((units, layer) => {
      const having = (n) => shown.with(layer, n);
      return element("span", { class: "group" }, t("Layer {n}", { n: layer + 1 }),
        button("−", t("Layer {n}: one unit less", { n: layer + 1 }), having(units - 1), units > 1), element("b", { text: units }),
        button("+", t("Layer {n}: one unit more", { n: layer + 1 }), having(units + 1), units < facts.max_units));
    }),
  );
  $("layers").querySelectorAll("button")[at]?.focus();
}

// Shows what the coach chose where settings are shown; the address keeps what was set.
function showChosen({ layers, learning_rate: rate }) {
  showLayers(layers.slice(1, -1));
  const select = $("learning_rate");
  if (document.activeElement === select) return;
  select.querySelector("[data-chosen]")?.remove();
  if (![...select.options].some(({ value }) => value === String(rate))) select.add(element("option", { value: rate, text: number(rate), "data-chosen": "" }));
  select.value = String(rate);
}

for (const name of ["activation", "optimizer", "batch_size", "l1", "l2", "learning_rate"]) {
  $(name).addEventListener("change", () => change({ [name]: ["activation", "optimizer"].includes(name) ? $(name).value : Number($(name).value) }));
}
$("adaptive").addEventListener("change", () => change({ adaptive: $("adaptive").checked }));

// ---- the loop ----

// Begins a run; the losses of the one before stay to be compared with, if they can be.
async function start(compare = false) {
  const mine = ++generation;
  writeAddress();
  try {
    const first = await post("/network/start", state);
    if (mine !== generation) return;
    fail(null);
    run = { key: first.run, first, frame: first };
    curve.clear(compare);
    lowest = null;
    $("earlier").hidden = !curve.earlier.length;
    $("decisions").replaceChildren();
    large = null;
    data.showNotes(first.notes, first.ends);
    diagram.colors = palette();
    $("weight").textContent = advice();
    diagram.start(first, { features: state.features, all: first.all_features, inputs: first.arrays.inputs, activation: state.activation });
    showFacts(first);
    draw(first);
    drawPoints();
    refreshDetails();
  } catch (error) {
    if (mine === generation) fail(error);
  }
}

// Asks for some epochs, and draws the state after them.
async function advance(epochs) {
  if (busy || !run) return;
  busy = true;
  const current = run;
  try {
    const frame = await post("/network/advance", { run: run.key, epochs });
    if (run !== current) return; // an answer of the run before
    run.frame = frame;
    fail(null);
    curve.add(frame.losses, frame.decisions.filter(([at]) => at >= $("decisions").children.length).map(([, epoch]) => epoch - 1));
    tell(frame.decisions);
    draw(frame);
    if (frame.ended) play(false);
    if (frame.loss[0] === null && !state.adaptive) throw new Told(t("The loss is no number any more: lower the learning rate, and start again."));
  } catch (error) {
    if (run === current) { play(false); fail(error); }
  } finally {
    busy = false;
  }
}

async function loop() {
  let due = performance.now();
  while (playing) {
    const [pause, epochs] = SPEEDS[$("speed").value];
    await new Promise((resolve) => { requestAnimationFrame(resolve); });
    if (performance.now() < due) continue;
    due = Math.max(due + pause, performance.now() - pause);
    await advance(epochs);
  }
  refreshDetails(); // of the last epoch, which may have been on its way when it was paused
}

function play(on) {
  if (on === playing) return;
  playing = on;
  $("play").textContent = on ? t("Pause") : t("Play");
  if (!on) return;
  diagram.pin(null);
  loop();
}

$("play").addEventListener("click", () => play(!playing));
$("epoch").addEventListener("click", async () => { play(false); await advance(1); refreshDetails(); });
$("reset").addEventListener("click", () => { play(false); start(true); });

// ---- drawing ----

function draw(frame) {
  $("count").textContent = frame.epoch.toLocaleString("en");
  $("loss-train").textContent = number(frame.loss[0]);
  $("loss-held-out").textContent = number(frame.loss[1] ?? NaN);
  const score = (value) => (value === null ? "–" : run.first.classes.length ? share(value) : number(value));
  $("score-train").textContent = score(frame.score[0]);
  $("score-held-out").textContent = score(frame.score[1]);
  curve.draw([frame.epoch, frame.loss[0] ?? NaN, frame.loss[1] ?? NaN]);
  $("rate-now").textContent = frame.ended ? t("Training has ended: the best weights are in place.") : state.adaptive ? t("Now: learning rate {rate}, hidden units {units}", { rate: number(frame.learning_rate), units: frame.layers.slice(1, -1).join(" + ") || 0 }) : "";
  if (state.adaptive) showChosen(frame);
  judge(frame);
  diagram.update(frame);
  showValue();
  drawOutput();
}

const share = (value) => `${(100 * value).toFixed(1)}%`;

let lowest = null; // { epoch, losses } where the loss on held-out rows was lowest

// Says so where the network overfits.
function judge({ epoch, loss }) {
  if (!lowest || loss[1] < lowest.loss[1]) lowest = { epoch, loss };
  const overfits = loss[1] !== null && loss[1] > 1.05 * lowest.loss[1] + 0.002 && loss[0] < lowest.loss[0];
  const told = () => t("Overfitting: since epoch {n}, the loss on held-out rows rose from {low} to {now}, while that on training rows fell.", { n: lowest.epoch.toLocaleString("en"), low: number(lowest.loss[1]), now: number(loss[1]) });
  const remedy = state.adaptive ? t("Try more rows, or fewer units.") : t("Switch “Adapt by itself” on, or try more rows, or fewer units.");
  $("fit").textContent = overfits ? joined(told(), remedy) : "";
}

// Shows decisions that are new, or whose outcome is known now; the latest stands first.
function tell(decisions) {
  for (const [at, epoch, sentence] of decisions) {
    const told = element("li", {}, element("b", { text: t("Epoch {n}", { n: epoch }) }), ` ${sentence}`);
    const list = $("decisions");
    if (at < list.children.length) list.children[list.children.length - 1 - at].replaceWith(told);
    else list.prepend(told);
  }
}

function drawOutput() {
  if (fitCanvas(canvas)) drawPoints();
  const colors = palette();
  if (!run.first.arrays.points) return drawDigits(canvas, run.first, run.frame, colors);
  const unit = large && large.layer < run.frame.layers.length - 1 ? diagram.unitMap(large) : null;
  $("output-title").textContent = unit ? t("What {unit} computes", { unit: diagram.name(large) }) : t("What it predicts");
  return drawPlane(canvas, run.first, run.frame.arrays.map, colors, unit);
}

// Draws the rows, on a canvas of their own, as they stay where they are.
function drawPoints() {
  const over = $("rows-drawn");
  fitCanvas(over);
  if (!run?.first.arrays.points) return over.getContext("2d").clearRect(0, 0, over.width, over.height);
  return drawRows(over, run.first, {
    colors: palette(), heldOut: $("show-held-out").checked, chosen: $("step").open ? Number($("row").value) : -1,
  });
}

// Shows what stays the same during a run.
function showFacts(first) {
  $("score-name").textContent = first.classes.length ? t("Accuracy") : "R²";
  $("score-meaning").hidden = first.classes.length > 0;
  $("baseline").hidden = !first.baseline;
  if (first.baseline) {
    const [label, ...shares] = first.baseline;
    $("baseline-name").textContent = t("Always “{label}”", { label });
    for (const [at, id] of ["baseline-train", "baseline-held-out"].entries()) $(id).textContent = shares[at] === null ? "–" : share(shares[at]);
  }
  const swatch = (color, text) => element("li", {}, element("i", { class: `swatch ${color}` }), text);
  const onPlane = Boolean(first.arrays.points);
  if (!onPlane) $("legend").replaceChildren(element("li", { text: t("Held-out digits with the predicted class; wrong ones are marked.") }));
  else if (first.classes.length) $("legend").replaceChildren(...first.classes.map((name, index) => swatch(`c${index}`, name)));
  else $("legend").replaceChildren(...first.range.map((value, index) => swatch(`c${index}`, number(value))));
  $("show-held-out-label").hidden = !onPlane;
  for (const [axis, id] of ["across", "up"].entries()) {
    const name = ["x₁", "x₂"][axis];
    const [low, high] = (first.ends?.[axis] ?? []).map((end) => number(end, 2));
    const of = state.data === "table" ? t("{name} = {column}, from {low} to {high}", { name, column: state.columns[axis], low, high }) : name;
    $(id).textContent = onPlane ? of : "";
  }
  $("row").max = first.arrays.held_out.values.length - 1;
}

function fail(error) {
  $("problem").hidden = !error;
  $("problem").textContent = error ? sentenceOf(error) : "";
}

// ---- one step, Python, file ----

async function refreshDetails() {
  if (!run || playing) return;
  const { key, frame } = run;
  if ($("step").open) {
    const told = await post("/network/step", { run: key, row: Number($("row").value) }).catch((error) => ({ lines: [sentenceOf(error)] }));
    $("step-lines").textContent = told.lines.join("\n");
  }
  if ($("python").open) {
    const told = await post("/network/code", { run: key }).catch((error) => ({ code: sentenceOf(error) }));
    $("code").textContent = told.code;
    const n = Math.max(1, frame.epoch); // a script trains for an epoch at least
    $("python-note").textContent = joined(t("The same data, network and numbers, up to epoch {n}.", { n }),
      state.adaptive ? t("At the end, adaptive training puts the best weights back.") : "");
  }
}

for (const id of ["step", "python"]) $(id).addEventListener("toggle", () => { refreshDetails(); drawPoints(); });
$("row").addEventListener("change", () => { refreshDetails(); drawPoints(); });
copyButton($("copy"), $("code"));
$("download").addEventListener("click", () => { if (run) download("/network/file", { run: run.key }, "network.npz").catch(fail); });
canvas.addEventListener("click", (event) => {
  if (!run?.first.arrays.points) return;
  const box = canvas.getBoundingClientRect();
  const at = [(2 * (event.clientX - box.left)) / box.width - 1, 1 - (2 * (event.clientY - box.top)) / box.height];
  $("row").value = nearestPoint(run.first.arrays.points.values, at);
  play(false);
  $("step").open = true;
  refreshDetails();
  drawPoints();
});
$("show-held-out").addEventListener("change", drawPoints);
onTheme(() => { diagram.colors = palette(); thumbnails(); drawPoints(); if (run) draw(run.frame); });
new ResizeObserver(() => { if (run) drawOutput(); }).observe(canvas);

// Opens the table whose key is in the address, or else the one that was opened last.
async function openTable() {
  const isOther = state.data === "table" && state.table !== facts.table?.table;
  const told = isOther ? await post("/network/known", { table: state.table }) : facts.table;
  if (!told) return;
  const chosen = data.use(told);
  if (!location.hash) Object.assign(state, { data: "table", ...chosen });
  else if (state.data === "table") state.rows = Math.min(state.rows, told.rows);
}

addEventListener("hashchange", () => location.reload());
try {
  await openTable();
  showSettings();
  start();
} catch (error) {
  showSettings();
  fail(error);
}
