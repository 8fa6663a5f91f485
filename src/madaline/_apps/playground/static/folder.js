// Answers a page that opens from a folder, in place of the server (network.py, learning.py, pictures.py).

import { facts, t, Told } from "./base.js";
import { featuresOf, learningData, ordered } from "./folder_data.js";
import { pythonCode, sentenceOf, stepLines } from "./folder_words.js";

const [SIDE, EVERY] = [72, 3]; // points along a side of a map; every third of them is in that of a unit
const FARTHEST = 3.5; // standard deviations that are shown, at most
const DIGITS_SHOWN = 60;
const MOST_MILLISECONDS = 25; // of the epochs of one frame, so that the page goes on answering

const finite = (value) => (Number.isFinite(value) ? value : null);
const largest = (numbers) => numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
const floats = (values) => ({ shape: [values.length], values: Float32Array.from(values) });

// Shares from 0 to 1 as 0 to 255; what is no number is in the middle.
function bytes(shape, share) {
  const values = new Uint8Array(shape.reduce((product, one) => product * one, 1));
  for (let at = 0; at < values.length; at++) {
    const value = share(at);
    values[at] = Math.min(255, Math.max(0, (Number.isNaN(value) ? 0.5 : value) * 255 + 0.5));
  }
  return { shape, values };
}

// Small maps of units, each a function of a place on the map to a value between -1 and 1.
function unitMaps(units) {
  const side = SIDE / EVERY;
  const place = (at) => (1 + EVERY * (Math.floor(at / side) % side)) * SIDE + 1 + EVERY * (at % side);
  return bytes([units.length, side, side], (at) => (units[Math.floor(at / side ** 2)](place(at)) + 1) / 2);
}

// What is shown of an output of each activation, from that at the highest sum.
const SHOWN = { tanh: (value) => value, sigmoid: (value) => 2 * value - 1, relu: (value, most) => value / Math.max(most, 1e-9) };

function mapsOf({ network, options, data, grid }) {
  const [sums, { of }, shown] = [network.sums(grid), network.activation, SHOWN[options.activation]];
  const units = sums.slice(0, -1).flatMap((layer) => Array.from(layer[0], (_, unit) => {
    const most = of(layer.reduce((top, row) => Math.max(top, row[unit]), -Infinity));
    return (place) => shown(of(layer[place][unit]), most);
  }));
  const predicted = sums.at(-1).map((row) => network.loss.prediction(row));
  const most = 2 * largest(data.codes);
  const share = data.classes.length ? (value) => value : (value) => value / most + 0.5;
  const map = bytes([predicted[0].length, SIDE, SIDE], (at) => share(predicted[at % SIDE ** 2][Math.floor(at / SIDE ** 2)]));
  if (map.shape[0] === 1) map.shape = [SIDE, SIDE];
  return { map, units: unitMaps(units) };
}

function digitArrays({ network, data, shownRows }) {
  const first = network.parameters.weights[0];
  const most = Array.from(first[0], (_, unit) => first.reduce((top, row) => Math.max(top, Math.abs(row[unit])), 1e-9));
  const weight = (pixel, unit) => (first[pixel][unit] / most[unit] + 1) / 2;
  const shares = network.forward(shownRows.map((row) => data.x[row])).flatMap((row) => [...row]);
  return { pictures: bytes([most.length, 8, 8], (at) => weight(at % 64, Math.floor(at / 64))), probabilities: bytes([shownRows.length, 10], (at) => shares[at]) };
}

// The share of rows whose class is predicted right, or R² of numbers.
function scoreOf({ network, data: { loss } }, x, target) {
  if (!x.length) return null;
  const predicted = network.forward(x);
  const codeOf = (shares) => (shares.length > 1 ? shares.indexOf(Math.max(...shares)) : Number(shares[0] > 0.5));
  if (loss !== "squared") return finite(predicted.filter((shares, row) => codeOf(shares) === codeOf(target[row])).length / x.length);
  const mean = target.reduce((sum, [value]) => sum + value, 0) / target.length;
  const squares = (other) => target.reduce((sum, [value], row) => sum + (value - other(row)) ** 2, 0);
  return finite(1 - squares((row) => predicted[row][0]) / (squares(() => mean) || 1));
}

function frameOf(run, epochs) {
  const { network, options, data, told } = run;
  const { weights, biases } = network.parameters;
  const sentences = network.decisions.map((decision) => [decision.epoch, sentenceOf(decision)]);
  const news = [...sentences.entries()].filter(([at, [, sentence]]) => told[at] !== sentence).map(([at, one]) => [at, ...one]);
  run.told = sentences.map(([, sentence]) => sentence);
  return {
    epoch: network.history.length, ended: run.ended, layers: [weights[0].length, ...biases.map((bias) => bias.length)],
    losses: epochs.map(({ epoch, loss, validationLoss }) => [epoch - 1, finite(loss), finite(validationLoss)]),
    loss: [network.lossOf(run.x, run.y), network.lossOf(run.xHeldOut, run.yHeldOut)].map(finite),
    score: [scoreOf(run, run.x, run.y), scoreOf(run, run.xHeldOut, run.yHeldOut)],
    learning_rate: epochs.at(-1)?.learningRate ?? options.learning_rate, decisions: news,
    arrays: { weights: floats(weights.flatMap((matrix) => matrix.flatMap((row) => [...row]))), biases: floats(biases.flatMap((bias) => [...bias])), ...(data.plane ? mapsOf(run) : digitArrays(run)) },
  };
}

// What stays the same in a run, beside its state.
function firstFrame(run) {
  const { data, options } = run;
  const reach = data.plane && Math.min(FARTHEST, 1.08 * largest(data.plane.flat()));
  const middle = (at) => reach * ((2 * at + 1) / SIDE - 1);
  const points = Array.from({ length: SIDE ** 2 }, (_, at) => [middle(at % SIDE), middle(SIDE - 1 - Math.floor(at / SIDE))]);
  run.grid = data.plane && featuresOf(points, ordered(options.features));
  run.shownRows = (run.heldOut.length ? run.heldOut : run.rows).slice(0, DIGITS_SHOWN);
  const frame = frameOf(run, []);
  const held = new Set(run.heldOut);
  Object.assign(frame.arrays, { held_out: { shape: [data.x.length], values: Uint8Array.from(data.x, (_, row) => held.has(row)) } });
  const most = data.classes.length ? 0 : largest(data.codes);
  Object.assign(frame, { run, classes: data.classes, notes: {}, baseline: baselineOf(run), range: [-most, most] });
  if (!data.plane) {
    Object.assign(frame.arrays, { digits: bytes([run.shownRows.length, 8, 8], (at) => data.x[run.shownRows[Math.floor(at / 64)]][at % 64]), digit_classes: { values: Uint8Array.from(run.shownRows, (row) => data.codes[row]) } });
    return frame;
  }
  const all = ordered(Object.keys(facts.features)); // facts are sorted
  const grid = featuresOf(points, all);
  const tops = all.map((_, at) => grid.reduce((top, row) => Math.max(top, Math.abs(row[at])), 0));
  Object.assign(frame.arrays, { points: floats(data.plane.flat().map((value) => value / reach)), values: floats(data.codes.map((code) => code / (most || 1))), inputs: unitMaps(all.map((_, at) => (place) => grid[place][at] / tops[at])) });
  const ends = [0, 1].map((axis) => [-1, 1].map((side) => data.mean[axis] + side * reach * data.spread[axis]));
  return Object.assign(frame, { all_features: Object.fromEntries(all.map((name) => [name, facts.features[name].label])), ends });
}

function baselineOf({ data: { classes, codes }, rows, heldOut }) {
  if (!classes.length) return null;
  const counts = classes.map((_, code) => rows.filter((row) => codes[row] === code).length);
  const best = counts.indexOf(Math.max(...counts));
  return [classes[best], ...[rows, heldOut].map((some) => finite(some.filter((row) => codes[row] === best).length / some.length))];
}

function check({ data, rows, hidden, seed }) {
  const is = facts.datasets.some(({ name }) => name === data) && rows >= 10 && rows <= 5000 && seed >= 0 && seed < 2 ** 31 && hidden.length <= facts.max_layers && hidden.every((units) => units >= 1 && units <= facts.max_units);
  if (!is) throw new Told(t("The address has settings that this page does not know: open it without what stands behind #."));
}

globalThis.madalineAnswers = {
  "/network/start"(options) {
    check(options);
    const data = learningData(options);
    const run = new globalThis.madalineEngine.Run(options, data.x, data.target, data.loss);
    return firstFrame(Object.assign(run, { data, changes: [], told: [] }));
  },
  "/network/advance"({ run, epochs }) {
    const [done, end] = [[], performance.now() + MOST_MILLISECONDS];
    do {
      const now = run.advance();
      if (now) done.push(now);
    } while (!run.ended && done.length < epochs && performance.now() < end);
    return frameOf(run, done);
  },
  "/network/step": ({ run, row }) => ({ lines: stepLines(run, row) }),
  "/network/change"({ run, layer, source, unit, value }) {
    const { weights, biases } = run.network.parameters;
    (source === null ? biases[layer] : weights[layer][source])[unit] = value;
    run.changes.push({ epoch: run.network.history.length, layer, source, unit, value });
    return frameOf(run, []);
  },
  "/network/code": ({ run }) => ({ code: pythonCode(run, ordered(run.options.features)) }),
};
