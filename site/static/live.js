// The live pieces of the course: `pieces.py` writes their controls into the page, this moves them.
// Their numbers come from `madalineEngine` (engine.js), which learns as NeuralNetwork does. A classic script.

"use strict";

(() => {
  const { Run, Momentum, Adam } = globalThis.madalineEngine;
  const [WIDTH, HEIGHT, COLUMNS, ROWS] = [300, 200, 75, 50]; // of a picture, and of the map of colors below it
  const [BLUE, ORANGE] = [[31, 119, 180], [255, 127, 14]];

  const range = (from, to, count) => Array.from({ length: count }, (_, at) => from + ((to - from) * at) / (count - 1));
  const rounded = (number, digits) => (Number(number.toFixed(digits)) || 0).toFixed(digits).replace("-", "−");
  const format = (number, digits) => (Number.isFinite(number) ? rounded(number, digits) : "∞");
  const logistic = (z) => 1 / (1 + Math.exp(-z));
  const nudged = (f, w) => (f(w + 1e-5) - f(w - 1e-5)) / 2e-5;

  /** A picture with two axes: a map of colors, and above it lines and dots. */
  class Plot {
    constructor(node) {
      [this.across, this.up] = [node.dataset.across, node.dataset.up].map((ends) => JSON.parse(ends));
      this.map = node.querySelector("canvas").getContext("2d");
      this.inside = node.querySelector("svg svg");
      this.paths = {};
    }

    place([x, y]) {
      const [[left, right], [low, high]] = [this.across, this.up];
      const kept = (value) => Math.max(-1e4, Math.min(1e4, value)).toFixed(1);
      return `${kept((WIDTH * (x - left)) / (right - left))} ${kept((HEIGHT * (high - y)) / (high - low))}`;
    }

    draw(name, path) {
      this.paths[name] ??= this.inside.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
      this.paths[name].setAttribute("class", name);
      this.paths[name].setAttribute("d", path);
    }

    line(name, points) {
      this.draw(name, `M${points.map((point) => this.place(point)).join("L")}`);
    }

    dots(name, points) {
      const path = points.map((point) => `M${this.place(point)}h.01`).join("");
      for (const one of [`halo ${name}`, name]) this.draw(one, path);
    }

    steps(points) {
      this.line("path", points);
      this.dots("step", points);
    }

    tangent(f, slope, w) {
      this.line("curve", range(...this.across, 121).map((place) => [place, f(place)]));
      this.line("tangent", [-1, 1].map((far) => [w + far, f(w) + slope * far]));
      this.dots("here", [[w, f(w)]]);
    }

    /** Draw rows as blue disks and orange squares, below them what is predicted, and the line of a half. */
    plane(network, x, target) {
      const columns = range(...this.across, COLUMNS);
      const points = range(...this.up, ROWS).reverse().flatMap((y) => columns.map((x) => [x, y]));
      const above = network.forward(points).map(([p]) => p - 0.5);
      const image = new ImageData(COLUMNS, ROWS);
      const color = (value) => [...(value < 0 ? BLUE : ORANGE), 25 + 200 * Math.abs(value)];
      above.forEach((value, at) => image.data.set(color(value), 4 * at));
      this.map.putImageData(image, 0, 0);
      this.draw("border", above.map((_, at) => this.crossing(points, above, at)).join(""));
      for (const kind of [0, 1]) this.dots(`class${kind}`, x.filter((_, row) => target[row][0] === kind));
    }

    /** Return the part of the line that is in a cell of four points, the first of them `at`. */
    crossing(points, above, at) {
      if (at % COLUMNS === COLUMNS - 1 || at >= above.length - COLUMNS) return "";
      const corners = [at, at + 1, at + COLUMNS + 1, at + COLUMNS];
      const ends = corners.flatMap((from, side) => {
        const to = corners[(side + 1) % 4];
        if (above[from] < 0 === above[to] < 0) return [];
        const share = above[from] / (above[from] - above[to]);
        return [this.place(points[from].map((start, axis) => start + share * (points[to][axis] - start)))];
      });
      return ends.map((end, number) => (number % 2 ? `L${end}` : `M${end}`)).join("");
    }
  }

  /** A figure: its pictures, the values of its controls by their names, and the numbers it says. */
  class Stage {
    constructor(figure) {
      this.root = figure.querySelector(".piece");
      this.data = JSON.parse(figure.querySelector("script").textContent);
      this.plots = [...figure.querySelectorAll(".plot")].map((node) => new Plot(node));
      this.at = {};
      for (const control of this.root.querySelectorAll("input, select")) this.read(control);
      const piece = PIECES[figure.dataset.piece](this);
      piece.change();
      this.root.addEventListener("input", ({ target }) => {
        this.read(target);
        piece.change(target.name);
      });
      for (const button of this.root.querySelectorAll("button"))
        button.addEventListener("click", () => piece[button.name](button));
      this.root.hidden = false;
    }

    read({ name, type, value }) {
      this.at[name] = JSON.parse(value);
      if (type === "range") this.set(name, this.at[name]);
    }

    /** Move a slider, and write its number beside it, and more. */
    set = (name, value, more = "") => {
      const input = this.root.querySelector(`[name="${name}"]`);
      this.at[name] = input.value = value;
      const text = format(value, Math.max(0, input.step.length - 2)) + more;
      input.setAttribute("aria-valuetext", text);
      input.nextElementSibling.textContent = text;
    };

    say = (numbers) => {
      for (const [name, number] of Object.entries(numbers)) {
        const data = this.root.querySelector(`data[data-name="${name}"]`);
        if (data) data.textContent = format((data.value = number), Number(data.dataset.digits));
      }
    };
  }

  // The pieces: what happens when a control changes, or a button of a name is pressed

  const sigmoid = ({ plots: [plot], at, say }) => ({
    change() {
      const p = logistic(at.z);
      plot.tangent(logistic, p * (1 - p), at.z);
      say({ p, one: -Math.log(p), zero: -Math.log(1 - p) });
    },
  });

  function slope({ plots: [plot], at, say, set }) {
    const [f, rule] = [(w) => (w - 3) ** 2, (w) => 2 * (w - 3)];
    let path = [];
    const show = () => {
      plot.steps(path.map((place) => [place, f(place)]));
      set("w", path.at(-1));
      plot.tangent(f, rule(at.w), at.w);
      say({ step: path.length - 1, loss: f(at.w), nudged: nudged(f, at.w), rule: rule(at.w) });
    };
    const change = (name) => name !== "rate" && show((path = [at.w]));
    return { change, again: () => show((path = [0])), step: () => show(path.push(at.w - at.rate * rule(at.w))) };
  }

  const chain = ({ plots: [plot], at, say }) => ({
    change() {
      const f = (w) => -Math.log(at.y ? logistic(w * at.x + at.b) : 1 - logistic(w * at.x + at.b));
      const [z, p] = [at.w * at.x + at.b, logistic(at.w * at.x + at.b)];
      const [ofP, ofLoss, rule] = [p * (1 - p), at.y ? -1 / p : 1 / (1 - p), (p - at.y) * at.x];
      plot.tangent(f, rule, at.w);
      say({ z, p, loss: f(at.w), ofZ: at.x, ofP, ofLoss });
      say({ product: ofLoss * ofP * at.x, rule, nudged: nudged(f, at.w) });
    },
  });

  const valley = ({ plots: [plot], at, say, set, data, root }) => ({
    change(name) {
      const [highest, first] = data.rates[at.optimizer];
      root.querySelector("[name=rate]").max = highest;
      if (name === "optimizer") set("rate", first);
      const [w, path] = [Float64Array.of(-8, 1), [[-8, 1]]];
      const rule = at.optimizer === "adam" ? new Adam() : new Momentum(at.optimizer === "momentum" ? 0.8 : 0);
      while (path.length <= at.steps) {
        rule.step([w], [[w[0], 20 * w[1]]], at.rate);
        path.push([...w]);
      }
      plot.steps(path);
      plot.dots("here", [[0, 0]]);
      say({ distance: Math.hypot(...w), loss: (w[0] ** 2 + 20 * w[1] ** 2) / 2 });
    },
  });

  const nRight = (network, x, y) => network.forward(x).filter(([p], row) => p > 0.5 === (y[row][0] === 1)).length;

  /** A network whose weights a reader moves: sliders w0, w1, ..., in the order of the engine. */
  function byHand({ plots: [plot], at, say, set, data }) {
    const { x, target, options, slope } = data;
    const flat = (parameters) => parameters.vectors().flatMap((vector) => [...vector]);
    let [run, seed] = [null, 0];
    const show = () => {
      const slopes = flat(run.network.gradients(x, target));
      const beside = (place) => `, ${slope} ${format(slopes[place], 3)}`;
      flat(run.network.parameters).forEach((value, place) => set(`w${place}`, value, beside(place)));
      plot.plane(run.network, x, target);
      const p = Object.fromEntries(run.network.forward(x).map((row, at) => [`p${at}`, row[0]]));
      say({ loss: run.network.lossOf(x, target), right: nRight(run.network, x, target), ...p });
    };
    const put = (value, place) => {
      for (const vector of run.network.parameters.vectors()) {
        if (place in vector) vector[place] = value;
        place -= vector.length;
      }
    };
    const begin = (numbers) => {
      run = new Run({ ...options, ...at, seed }, x, target, "binary");
      run.network.activation ??= { of: (sum) => sum, slope: () => 1 };
      show(numbers.forEach(put));
    };
    const learn = (count) => show(Array.from({ length: count }, () => run.advance()));
    const change = (name = "") => {
      if (name.startsWith("w")) show(put(at[name], Number(name.slice(1))));
      else begin(name ? flat(run.network.parameters) : data.values);
    };
    const random = () => begin([], (seed += 1));
    return { change, random, again: () => change(), step: () => learn(1), steps: () => learn(100) };
  }

  /** A network that learns: the plane, and a curve of both losses. */
  function training({ plots: [plane, curve], at, say, data, root }) {
    const { x, target, others, theirs } = data;
    let [run, heldOut, isPlaying] = [];
    const show = () => {
      const { network } = run;
      const [epoch, loss, other] = [network.history.length, network.lossOf(x, target), network.lossOf(others, theirs)];
      heldOut.push([epoch, other]);
      curve.line("losses", [...network.history.map((now, at) => [at, now.loss]), [epoch, loss]]);
      curve.line("others", heldOut);
      plane.plane(network, x, target);
      const share = (x, target) => (100 * nRight(network, x, target)) / x.length;
      say({ epoch, loss, other, right: share(x, target), otherRight: share(others, theirs) });
    };
    const left = () => data.epochs - run.network.history.length;
    const learn = (count) => show(Array.from({ length: Math.min(count, left()) }, () => run.advance()));
    const playing = (on) => {
      const button = root.querySelector("[name=play]");
      button.textContent = button.dataset[(isPlaying = on) ? "pause" : "play"];
      root.querySelector("output").setAttribute("aria-live", on ? "off" : "polite");
    };
    const frame = () => {
      if (isPlaying) learn(data.pace);
      return isPlaying && left() ? requestAnimationFrame(frame) : playing(false);
    };
    const change = () => {
      playing(false);
      curve.draw("before", curve.paths.losses?.getAttribute("d") ?? "");
      run = new Run({ ...data.options, ...at, hidden: [at.hidden ?? data.options.hidden] }, x, target, "binary");
      const alike = (vector, place, all) => vector.fill(place < all.length - 2 ? 0.5 : 0); // biases come last
      if (at.seed === "same") run.network.parameters.vectors().forEach(alike);
      show((heldOut = []));
    };
    return { change, again: change, step: () => learn(1), play: () => frame(playing(!isPlaying)) };
  }

  const PIECES = { sigmoid, slope, chain, valley, byHand, training };
  for (const figure of document.querySelectorAll("figure.live")) new Stage(figure);
})();
