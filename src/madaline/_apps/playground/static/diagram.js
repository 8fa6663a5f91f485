// The picture of a network: units as small maps, weights as lines that can be looked at.

import { element, number, t } from "./base.js";
import { divergingColors, mapPixels } from "./plane.js";

const NEAR = 9; // pixels from a line at which the pointer means it

export class Diagram {
  // `look(unit)` is called with { layer, unit } whose map is to be shown large, or null.
  // `edit(chosen)` is called with the weight or bias that was clicked, to be changed, or null.
  constructor(parent, { say, look, toggleFeature, edit }) {
    Object.assign(this, { parent, say, look, toggleFeature, edit, pinned: false });
    this.lines = element("svg", { "aria-hidden": "true" });
    this.keys = element("div", {
      class: "keys", tabindex: 0, role: "application",
      "aria-label": t("Weights of the network: left and right go through the weights of a unit, up and down through the units"),
      onkeydown: (event) => this.onKey(event), onblur: () => this.pinned || this.choose(null),
    });
    this.nodes = element("div", { class: "nodes" });
    parent.replaceChildren(this.keys, this.nodes);
    this.keys.append(this.lines);
    parent.addEventListener("pointermove", (event) => this.pinned || this.choose(this.under(event)));
    parent.addEventListener("pointerleave", () => this.pinned || this.choose(null));
    parent.addEventListener("click", (event) => event.target.closest(".input") || this.pin(this.under(event)));
    new ResizeObserver(() => { if (this.state && parent.clientWidth !== this.width) { this.build(); this.draw(); } }).observe(parent);
  }

  // Shows a first frame: which inputs there are, and all of the rest.
  start(frame, { features, all, inputs, activation }) {
    this.inputs = { features, all, maps: inputs };
    this.activation = { relu: "ReLU" }[activation] ?? activation;
    this.shape = "";
    this.update(frame);
  }

  update(frame) {
    this.state = frame;
    if (this.shape !== JSON.stringify(frame.layers)) this.build();
    this.draw();
  }

  // Places units and lines for the layers of the network.
  build() {
    const { layers, classes } = this.state;
    this.shape = JSON.stringify(layers);
    this.classes = classes ?? this.classes;
    const names = this.inputs.all ? Object.keys(this.inputs.all) : ["pixels"];
    const width = this.width = this.parent.clientWidth;
    const counts = [names.length, ...layers.slice(1)];
    const size = Math.max(18, Math.min(40, (width - 46) / (counts.length * 1.4), 330 / Math.max(...counts)));
    const height = Math.max(190, Math.max(...counts) * (size + 9));
    this.parent.style.height = `${height}px`;
    this.lines.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const labels = 46; // pixels for the names of the inputs
    const right = this.classes.length > 2 ? Math.min(72, 10 + 7 * Math.max(...this.classes.map((name) => name.length))) : 0;
    const gap = (width - size - labels - right - 4) / (counts.length - 1);
    this.places = counts.map((count, column) =>
      Array.from({ length: count }, (_, unit) => ({ x: labels + size / 2 + 2 + column * gap, y: height / 2 + (unit - (count - 1) / 2) * (size + 9) })));
    this.size = size;
    this.makeNodes(names);
    this.makeLines(names);
    this.pin(null);
  }

  makeNodes(names) {
    this.canvases = [];
    const made = [];
    this.places.forEach((column, layer) => column.forEach(({ x, y }, unit) => {
      const last = layer === this.places.length - 1;
      let node;
      if (layer === 0 && this.inputs.all) {
        const name = names[unit];
        const on = this.inputs.features.includes(name);
        node = element("button", { type: "button", class: "node input", "aria-pressed": String(on), "aria-label": t("input {name}", { name: this.inputs.all[name] }), onclick: () => this.toggleFeature(name) },
          element("canvas", { width: 24, height: 24 }), element("span", { text: this.inputs.all[name] }));
      } else if (layer === 0 || last) {
        const text = layer === 0 ? t("64 pixels") : this.classes.length > 2 ? this.classes[unit] : "";
        node = element("div", { class: layer ? "node end" : "node plain" }, element("span", { text }));
        if (last) node.dataset.color = this.classes.length > 2 ? unit : 1;
      } else node = element("div", { class: "node unit" }, element("canvas", { width: 24, height: 24 }));
      const wide = last ? this.size * 0.55 : this.size;
      Object.assign(node.style, { left: `${x - wide / 2}px`, top: `${y - wide / 2}px`, width: `${wide}px`, height: `${wide}px` });
      made.push(node);
      this.canvases.push({ layer, unit, canvas: node.querySelector("canvas"), node });
    }));
    this.nodes.replaceChildren(...made);
  }

  makeLines(names) {
    const { layers } = this.state;
    const used = this.inputs.all ? names.map((name, at) => [name, at]).filter(([name]) => this.inputs.features.includes(name)).map(([, at]) => at) : null;
    this.weights = [];
    let start = 0;
    for (let layer = 0; layer + 1 < layers.length; layer++) {
      const [from, to] = [layers[layer], layers[layer + 1]];
      if (layer > 0 || used) {
        for (let source = 0; source < from; source++) for (let unit = 0; unit < to; unit++) {
          const a = this.places[layer][layer === 0 ? used[source] : source];
          const b = this.places[layer + 1][unit];
          const line = element("line", { x1: a.x + this.size / 2, y1: a.y, x2: b.x - this.size / 2, y2: b.y });
          this.weights.push({ layer, source, unit, at: start + source * to + unit, line, input: layer === 0 ? this.inputs.all[names[used[source]]] : null });
        }
      }
      start += from * to;
    }
    this.lines.replaceChildren(...this.weights.map(({ line }) => line));
  }

  draw() {
    const { weights, biases } = this.state.arrays;
    this.values = weights.values;
    this.biases = biases.values;
    for (const { at, line } of this.weights) {
      const value = this.values[at];
      line.setAttribute("stroke-width", Math.min(6, 0.3 + 1.6 * Math.abs(value)).toFixed(1));
      line.classList.toggle("negative", value < 0);
    }
    this.drawMaps();
    if (this.chosen) this.tell();
  }

  drawMaps() {
    const colors = divergingColors(this.colors, 1);
    const { units, pictures } = this.state.arrays;
    let place = 0;
    for (const { layer, unit, canvas, node } of this.canvases) {
      if (!canvas) continue;
      let map = null;
      if (layer === 0) map = mapOf(this.inputs.maps, unit);
      else if (units) map = mapOf(units, place++);
      else if (layer === 1) map = mapOf(pictures, unit); // deeper units have no picture
      node.classList.toggle("bare", !map);
      if (!map) continue;
      const [height, width] = map.shape;
      if (canvas.width !== width) Object.assign(canvas, { width, height });
      canvas.getContext("2d").putImageData(mapPixels(map, colors), 0, 0);
    }
  }

  // The map of a hidden unit, to be shown large.
  unitMap({ layer, unit }) {
    return mapOf(this.state.arrays.units, this.unitsBefore(layer) + unit);
  }

  // The unit or the line that the pointer means.
  under(event) {
    const box = this.parent.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const over = this.canvases.find(({ layer, unit }) => layer > 0 && Math.hypot(this.places[layer][unit].x - x, this.places[layer][unit].y - y) < this.size / 2);
    if (over) return { layer: over.layer, unit: over.unit };
    let best = null;
    for (const weight of this.weights) {
      const { x1, y1, x2, y2 } = Object.fromEntries(["x1", "y1", "x2", "y2"].map((name) => [name, weight.line[name].baseVal.value]));
      if (x < x1 || x > x2) continue;
      const distance = Math.abs(y - (y1 + ((y2 - y1) * (x - x1)) / (x2 - x1)));
      if (distance < (best?.distance ?? NEAR)) best = { distance, weight };
    }
    return best && { layer: best.weight.layer + 1, unit: best.weight.unit, weight: best.weight };
  }

  onKey(event) {
    const moves = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
    if (event.key === "Enter" && this.chosen) this.pin(this.chosen);
    if (!moves[event.key]) return;
    event.preventDefault();
    const [along, units] = moves[event.key];
    const all = this.canvases.filter(({ layer }) => layer > 0);
    let at = all.findIndex(({ layer, unit }) => layer === this.chosen?.layer && unit === this.chosen?.unit);
    at = at < 0 ? 0 : (at + units + all.length) % all.length;
    const { layer, unit } = all[at];
    const into = [null, ...this.weights.filter((one) => one.layer === layer - 1 && one.unit === unit)];
    const old = units ? 0 : into.indexOf(this.chosen?.weight ?? null);
    this.choose({ layer, unit, weight: into[(Math.max(0, old) + along + into.length) % into.length] ?? undefined });
  }

  // Chooses a weight or a bias for as long as it is changed.
  pin(chosen) {
    this.pinned = Boolean(chosen);
    this.choose(chosen);
    this.edit(chosen && this.place());
  }

  // Where the chosen weight or bias is, as the server counts.
  place() {
    const { layer, unit, weight } = this.chosen;
    return { layer: layer - 1, source: weight ? weight.source : null, unit };
  }

  value() {
    const { layer, unit, weight } = this.chosen;
    return weight ? this.values[weight.at] : this.biases[this.unitsBefore(layer) + unit];
  }

  unitsBefore(layer) {
    return this.state.layers.slice(1, layer).reduce((sum, one) => sum + one, 0);
  }

  // Chooses a weight, or a unit with its bias.
  choose(chosen) {
    this.chosen?.weight?.line.classList.remove("chosen");
    for (const { node } of this.canvases ?? []) node.classList.remove("chosen");
    this.chosen = chosen;
    const hidden = chosen && !chosen.weight && chosen.layer < this.places.length - 1;
    this.look(hidden && this.state.arrays.units ? chosen : null);
    if (!chosen) return this.say("");
    if (chosen.weight) chosen.weight.line.classList.add("chosen");
    else this.canvases.find(({ layer, unit }) => layer === chosen.layer && unit === chosen.unit).node.classList.add("chosen");
    this.tell();
  }

  tell() {
    const { layer, unit, weight } = this.chosen;
    const name = this.name({ layer, unit });
    if (weight) {
      const from = weight.input ?? this.name({ layer: weight.layer, unit: weight.source });
      return this.say(t("Weight from {source} to {unit}: {value}", { source: from, unit: name, value: number(this.values[weight.at]) }));
    }
    const bias = this.value();
    const told = t("Bias of {unit}: {value}", { unit: name, value: number(bias) });
    const formula = this.formula(layer, unit, bias);
    this.say(formula ? t("{told}. Its output is {formula}", { told, formula }) : told);
  }

  // Names a unit, such as "unit 2 of layer 1".
  name({ layer, unit }) {
    const n = unit + 1;
    return layer === this.places.length - 1 ? t("output {n}", { n }) : t("unit {n} of layer {layer}", { n, layer });
  }

  // What a unit of the first hidden layer computes of the inputs, such as tanh(0.77 x₁ − 0.35 x₂ + 0.1).
  formula(layer, unit, bias) {
    const into = this.weights.filter((one) => one.layer === 0 && one.unit === unit);
    if (layer !== 1 || !into.length || this.places.length < 3) return "";
    const terms = [...into.map(({ at, input }) => [this.values[at], ` ${input}`]), [bias, ""]];
    const sum = terms.map(([value, name], place) => {
      const sign = value < 0 ? "−" : place ? "+" : "";
      return `${place ? ` ${sign} ` : sign}${number(Math.abs(value))}${name}`;
    });
    return `${this.activation}(${sum.join("")})`;
  }
}

// One of several maps of the same size.
export function mapOf({ shape: [, height, width], values }, index) {
  return { shape: [height, width], values: values.subarray(index * height * width, (index + 1) * height * width) };
}
