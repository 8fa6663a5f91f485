// The words of a page that opens from a folder: the sentences of the coach (decisions.py), one step
// with all its numbers (step.py), and the lines of Python (python_code.py). Templates are those of
// the Python, whose translations the page brings.

import { facts, t, Told } from "./base.js";

const MAX_PARAMETERS = 60;

// Returns a number as Python writes it with so many significant digits.
function general(value, digits) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const short = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent >= -4 && exponent < digits) return short(Object.is(value, -0) ? "-0" : value.toFixed(digits - 1 - exponent));
  return `${short(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
const number = (value) => general(value, 4);

function formatted(value, form = "") {
  if (form.endsWith("g")) return general(value, Number(form[1]));
  if (form.endsWith("%")) return `${(100 * value).toFixed(Number(form[1]))}%`;
  return form === "," ? value.toLocaleString("en") : String(value);
}

// A space stands between Chinese and others alone, as in widths.py.
const [BETWEEN, APART] = [/(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])/g, /(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%²])(?=[\u4e00-\u9fff])/g];

function say(template, values = {}) {
  const text = t(template).replace(/\{(\w+)(?::([^}]*))?\}/g, (_, name, form) => formatted(values[name], form));
  return text.replace(BETWEEN, "").replace(APART, " ");
}

// ---- decisions.py ----

const shown = (value) => (Array.isArray(value) ? value.join(" + ") : general(value, 3));

const REASONS = {
  RateRaised: ({ fall, epochs, values, previous }) => say("Slow: the loss {fell} in {epochs} epochs, so they are repeated with a learning rate of {values:.3g} or more, up from {previous:.3g}", { fell: fall >= 0.0005 ? say("fell by {fall:.1%}", { fall }) : say("hardly fell"), epochs, values: values[0], previous }),
  RateLowered: ({ rises, epochs, values, previous }) => say("Uneven: the loss rose in {rises} of {epochs} epochs, so they are repeated with a learning rate of {values:.3g} or less, down from {previous:.3g}", { rises, epochs, values: values[0], previous }),
  UnitsAdded: ({ loss, epochs, previous }) => say("Weak fit: the loss is still {loss:.3g}, so {epochs} epochs are repeated with more than {previous} hidden units", { loss, epochs, previous: shown(previous) }),
  BestRestored: ({ loss, best, previous, learningRate }) => say("Diverged: the loss rose from {loss:.3g} to {to}, so training goes back to the weights of epoch {epoch}, and the learning rate goes down from {previous_learning_rate:.3g} to {learning_rate:.3g}", { loss: best.loss, to: Number.isFinite(loss) ? general(loss, 3) : "infinity", epoch: best.epoch, previous_learning_rate: previous, learning_rate: learningRate }),
  WeightDecayRaised({ best, now, values, previous, epochs, learningRate }) {
    const seen = say("Overfit: since epoch {epoch}, the loss fell from {loss:.3g} to {to:.3g} on training rows, but rose from {validation_loss:.3g} to {held_out_to:.3g} on held-out rows, so training goes back to that epoch", { epoch: best.epoch, loss: best.loss, to: now.loss, validation_loss: best.validationLoss, held_out_to: now.validationLoss });
    if (!values.length) return say("{seen}, and stops", { seen });
    return say("{seen}, at a learning rate of {learning_rate:.3g}, and tries a weight decay of {values:.3g} or more, up from {previous:.3g}, for {epochs} each", { seen, learning_rate: learningRate, values: values[0], previous, epochs: say("{n:,} epochs", { n: epochs }) });
  },
};

const COURSES = [
  "the loss comes out at {a} for {first}, not {old}",
  "the loss comes out at {a} for {first} and {b} for {second}, not {old}",
  "the loss comes out at {a} for {first}, {b} for {second} and {c} for {third}, not {old}",
];

function outcome({ kind, losses, lossWithout, values, value, kept, previous }) {
  const all = [lossWithout, ...losses];
  const digits = [3, 4].find((count) => new Set(all.map((loss) => general(loss, count))).size === new Set(all).size) ?? 5;
  const [[old, a, b, c], [first, second, third]] = [all.map((loss) => general(loss, digits)), values.map(shown)];
  const course = say(COURSES[losses.length - 1], { a, b, c, first, second, third, old });
  const keeps = () => say(kind === "UnitsAdded" ? "{value} are kept" : "{value} is kept", { value: shown(value) });
  const again = () => (kind === "WeightDecayRaised" ? say("training stops") : say("it is {previous} again", { previous: shown(previous) }));
  return say("{course}, so {verdict}", { course, verdict: kept ? keeps() : again() });
}

// Returns what the coach saw and did, and what came of it.
export function sentenceOf(decision) {
  const [reason, { kept = null, earlier }] = [REASONS[decision.kind](decision), decision];
  const sentence = kept === null ? say("{reason}.", { reason }) : say("{reason}; {outcome}.", { reason, outcome: outcome(decision) });
  if (!earlier) return sentence;
  return say("{sentence} It was tried before, in epoch {epoch}, over {epochs} epochs from a loss of {loss:.3g}.", { sentence, ...earlier });
}

// ---- step.py ----

const listOf = (values) => (values.length === 1 ? number(values[0]) : `(${Array.from(values, number).join(", ")})`);
const products = (one, other) => Array.from(one, (value, at) => `${number(value)} × ${number(other[at])}`);
const LOSSES = { binary: "BinaryCrossEntropy", classes: "CrossEntropy", squared: "Squared" };

// Returns the lines that explain what a step for a row would change.
export function stepLines({ network, options, data }, row) {
  const { parameters: { weights, biases }, loss, activation: { of: activated } } = network;
  const size = network.parameters.vectors().reduce((sum, vector) => sum + vector.length, 0);
  if (size > MAX_PARAMETERS) throw new Told(say("The network has {size:,} parameters, and explain_step prints each: use a network of up to {MAX_PARAMETERS}, such as NeuralNetwork(2, 2, 1).", { size, MAX_PARAMETERS }));
  const [rate, x, target, last] = [options.learning_rate, Float64Array.from(data.x[row]), data.target[row], weights.length - 1];
  const [sums, gradients, isSquared] = [network.sums([x]).map(([of]) => of), network.gradients([x], [target]), data.loss === "squared"];
  const signals = [x, ...sums.slice(0, -1).map((of) => of.map(activated))];
  const predicted = loss.prediction(sums[last]);
  const before = number(loss.of(sums[last], target));
  const into = (layer, unit) => weights[layer].map((of) => of[unit]);
  const units = biases.flatMap((bias, layer) => Array.from(bias, (_, unit) => [layer, unit]));
  const nameOf = (layer, at) => (layer === last ? say("output {unit}", { unit: at + 1 }) : last === 1 ? say("hidden unit {unit}", { unit: at + 1 }) : say("layer {layer}, unit {unit}", { layer: layer + 1, unit: at + 1 }));

  const outputOf = (layer, unit) => {
    const [sum, prediction] = [number(sums[layer][unit]), number(predicted[unit])];
    if (layer < last) return say("output = {name}({number}) = {number2}", { name: options.activation, number: sum, number2: number(activated(sums[layer][unit])) });
    if (isSquared) return say("prediction = {prediction}", { prediction });
    if (data.loss === "binary") return say("prediction = sigmoid({number}) = {prediction}", { number: sum, prediction });
    return say("prediction = exp({number}) / ({total}) = {prediction}", { number: sum, total: Array.from(sums[last], (one) => `exp(${number(one)})`).join(" + "), prediction });
  };
  const forward = units.flatMap(([layer, unit]) => {
    const terms = [...products(signals[layer], into(layer, unit)), number(biases[layer][unit])].join(" + ");
    return [say("   {name}: sum = {terms} = {number}", { name: nameOf(layer, unit), terms, number: number(sums[layer][unit]) }), `      ${outputOf(layer, unit)}`];
  });

  const [p, truth] = [number(predicted[0]), target[0]];
  const formula = { binary: () => `-log(${truth ? p : `1 - ${p}`})`, classes: () => `-log(${number(predicted[target.indexOf(1)])})`, squared: () => `(${p} - ${number(truth)})²` }[data.loss]();
  const errorOf = (layer, unit) => {
    const values = { share: "", difference: `(${number(predicted[unit])} - ${number(target[unit])})` };
    if (layer === last) return isSquared ? say("2 × (prediction - target){share} = 2 × {difference}{share} = ", values) : say("(prediction - target){share} = {difference}{share} = ", values);
    const output = number(activated(sums[layer][unit]));
    const slope = { sigmoid: `${output} × (1 - ${output})`, tanh: `(1 - ${output.startsWith("-") ? `(${output})` : output}²)`, relu: sums[layer][unit] > 0 ? "1" : "0" }[options.activation];
    return `(${products(gradients.biases[layer + 1], weights[layer + 1][unit]).join(" + ")}) × ${slope} = `;
  };
  const backward = units.toSorted((one, other) => other[0] - one[0]).flatMap(([layer, unit]) => {
    const error = number(gradients.biases[layer][unit]);
    const byWeight = Array.from(signals[layer], (signal, at) => say("      by weight {source}: error × input = {product} = {by_weight}", { source: at + 1, product: `${error} × ${number(signal)}`, by_weight: number(gradients.weights[layer][at][unit]) }));
    return [say("   {name}: error = {how}{number}", { name: nameOf(layer, unit), how: errorOf(layer, unit), number: error }), ...byWeight, say("      by bias: error = {number}", { number: error })];
  });

  const update = units.flatMap(([layer, unit]) => {
    const slopes = [...gradients.weights[layer].map((of) => of[unit]), gradients.biases[layer][unit]];
    const names = [...weights[layer].map((_, at) => say("weight {source}", { source: at + 1 })), "bias"];
    const changed = [...into(layer, unit), biases[layer][unit]].map((old, at) => `      ${names[at]} = ${number(old)} - ${number(rate)} × ${number(slopes[at])} = ${number(old - rate * slopes[at])}`);
    return [`   ${nameOf(layer, unit)}:`, ...changed];
  });
  const stepped = Object.assign(Object.create(network), { parameters: network.parameters.copy() });
  stepped.parameters.vectors().forEach((vector, at) => vector.forEach((old, place) => { vector[place] = old - rate * gradients.vectors()[at][place]; }));
  const [after] = stepped.output([x]);
  return [
    say("One step of gradient descent: x = {row}, target = {row2}, learning rate = {number}", { row: listOf(x), row2: listOf(target), number: number(rate) }),
    say("1. Forward: weighted inputs + bias, then the activation"), ...forward,
    say("2. Loss: {name}{logarithm}", { name: LOSSES[data.loss], logarithm: isSquared ? "" : say(", log is the natural logarithm") }),
    say("   loss = {loss_formula}{number}", { loss_formula: `${formula} = `, number: before }),
    say("3. Gradient: the chain rule, from the last layer to the first"), ...backward,
    say("4. Update: new = old - learning rate × gradient"), ...update,
    say("After the update: prediction {row}, loss {number} (before: {row2}, {number2})", { row: listOf(loss.prediction(after)), number: number(loss.of(after, target)), row2: listOf(predicted), number2: before }),
  ];
}

// ---- python_code.py ----

const changeCode = ({ layer, source, unit, value }) => `network.${source === null ? `biases[${layer}][${unit}]` : `weights[${layer}][${source}, ${unit}]`} = ${Number.isInteger(value) ? value.toFixed(1) : value}`;

// Returns a script that makes the same data and trains the same network for as many epochs.
export function pythonCode({ options, data, changes, ended, network }, names) {
  const { code, max_rows: most } = facts.datasets.find(({ name }) => name === options.data);
  const made = code.trim().replace(/\{(\w+)\}/g, (_, name) => ({ ...options, rows: Math.min(options.rows, most) })[name]).split("\n");
  const activation = { tanh: "Tanh", relu: "ReLU", sigmoid: "Sigmoid" }[options.activation];
  const imports = [...made.filter((line) => line.startsWith("from ")), "from madaline import NeuralNetwork", `from madaline.nn.layers import ${activation}`];
  const lines = made.filter((line) => !line.startsWith("from "));
  if (data.plane) {
    imports.push("from sklearn.preprocessing import StandardScaler");
    lines.push("x = StandardScaler().fit_transform(x)");
    if (names.join() !== "x1,x2") lines.push(`x = np.column_stack([${names.map((name) => facts.features[name].code).join(", ")}])`);
  }
  if (data.loss === "squared") imports.push("from madaline.nn.losses import Squared");
  const { l1, l2, batch_size: batch, optimizer, held_out: heldOut, adaptive } = options;
  lines.push(`network = NeuralNetwork(${data.x[0].length}, [${options.hidden.join(", ")}], ${data.target[0].length}, activation=${activation}()${data.loss === "squared" ? ", loss=Squared()" : ""}, random_state=${options.seed})`);
  for (const change of changes.filter(({ epoch }) => !epoch)) lines.push(`${changeCode(change)}  # by hand`);
  const rule = { sgd: [], momentum: ["momentum=0.9"], adam: ["optimizer='adam'"] }[optimizer];
  const settings = [`epochs=${Math.max(1, network.history.length + ended)}`, `learning_rate=${options.learning_rate}`, `adaptive=${adaptive ? "True" : "False"}`, ...(batch ? [`batch_size=${batch}`] : []), ...rule, ...(l2 ? [`weight_decay=${l2}`] : []), `validation_fraction=${heldOut}`];
  lines.push(`settings = dict(${settings.join(", ")})`);
  const later = changes.filter(({ epoch }) => epoch);
  lines.push(l1 || later.length ? "for epoch in network.training(x, y, **settings):" : "network.train(x, y, **settings)");
  if (l1) lines.push(`    threshold = ${l1} * epoch.learning_rate`, "    for weights in network.weights:  # L1: toward zero by the threshold", "        weights -= np.clip(weights, -threshold, threshold)");
  for (const change of later) lines.push(`    if len(network.history_) == ${change.epoch}:  # by hand`, `        ${changeCode(change)}`);
  lines.push('print(f"loss {network.loss_:.3f}")', ...(heldOut ? ['print(f"loss on held-out rows {network.validation_loss_:.3f}")'] : []), ...(adaptive ? ["print(*network.decisions_, sep='\\n')"] : []));
  const key = (line) => `${Number(line.includes("madaline"))} ${line}`;
  const head = [...new Set(imports)].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return `${[...(lines.some((line) => line.includes("np.")) ? ["import numpy as np"] : []), ...head, "", ...lines].join("\n")}\n`;
}
