// The engine of the playground where no server answers: `NeuralNetwork` of _apps/neural_network.
//
// It is written to be read beside the Python: parameters.py, network.py, descent.py, coach.py and
// training.py, in this order, with the same names. A classic script, as a page in a folder needs:
// it defines `madalineEngine`. A matrix is an array of rows. Draws, batches and decisions are those
// of the Python. Sums are added in another order, so that weights differ in their last digits; a
// test holds 1e-6 over 200 steps. Training that jumps magnifies such differences, as it does those
// of two machines: at a learning rate of 10 in mini-batches, both part within 200 steps.

"use strict";

globalThis.madalineEngine = (() => {
  // Random numbers, as those of numpy.random.default_rng(seed): SeedSequence, PCG64 (XSL-RR).
  // O'Neill (2014), "PCG: a family of simple fast space-efficient statistically good algorithms".

  const WORD = (1n << 64n) - 1n;
  const LONG = (1n << 128n) - 1n;
  const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

  /** Return the eight 32-bit words that NumPy's SeedSequence makes of a whole number below 2^32. */
  function seedWords(seed) {
    let factor = 0x43b0d7e5;
    const hash = (value) => {
      value = (value ^ factor) >>> 0;
      factor = Math.imul(factor, 0x931e8875) >>> 0;
      value = Math.imul(value, factor) >>> 0;
      return (value ^ (value >>> 16)) >>> 0;
    };
    const mix = (x, y) => {
      const mixed = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) >>> 0;
      return (mixed ^ (mixed >>> 16)) >>> 0;
    };
    const pool = [seed, 0, 0, 0].map(hash);
    for (let from = 0; from < 4; from += 1)
      for (let to = 0; to < 4; to += 1)
        if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
    factor = 0x8b51f9dd;
    return Array.from({ length: 8 }, (_, place) => {
      let value = (pool[place % 4] ^ factor) >>> 0;
      factor = Math.imul(factor, 0x58f38ded) >>> 0;
      value = Math.imul(value, factor) >>> 0;
      return (value ^ (value >>> 16)) >>> 0;
    });
  }

  /** The layers of the ziggurat below the bell curve: widths, and heights, 256 of equal area.
   *  Marsaglia and Tsang (2000), "The ziggurat method for generating random variables". */
  const TAIL = 3.6541528853610088;
  const { edges, heights } = (() => {
    const height = (x) => Math.exp(-0.5 * x * x);
    const area = 0.004928673233974658;
    const edges = new Array(256);
    edges[255] = TAIL;
    for (let layer = 254; layer > 0; layer -= 1) {
      const above = edges[layer + 1];
      edges[layer] = Math.sqrt(-2 * Math.log(area / above + height(above)));
    }
    edges[0] = area / height(TAIL); // of the lowest layer, which has the tail
    const heights = edges.map(height);
    heights[0] = 1;
    return { edges, heights };
  })();

  class Rng {
    constructor(seed) {
      const words = seedWords(seed).map(BigInt);
      const long = (at) => (words[at + 1] << 96n) | (words[at] << 64n) | (words[at + 3] << 32n) | words[at + 2];
      this.increment = ((long(4) << 1n) | 1n) & LONG;
      this.state = (this.increment + long(0)) & LONG;
      this.state = (this.state * MULTIPLIER + this.increment) & LONG;
      this.half = null; // the upper half of a word whose lower half was taken
    }

    word() {
      this.state = (this.state * MULTIPLIER + this.increment) & LONG;
      const folded = ((this.state >> 64n) ^ this.state) & WORD;
      const turn = this.state >> 122n;
      return ((folded >> turn) | (folded << ((64n - turn) & 63n))) & WORD;
    }

    halfWord() {
      if (this.half !== null) {
        const half = this.half;
        this.half = null;
        return half;
      }
      const word = this.word();
      this.half = Number(word >> 32n);
      return Number(word & 0xffffffffn);
    }

    /** Return a number from 0 to 1. */
    share() {
      return Number(this.word() >> 11n) / 2 ** 53;
    }

    normal() {
      for (;;) {
        const word = this.word();
        const layer = Number(word & 255n);
        const far = Number((word >> 9n) & 0xfffffffffffffn);
        const sign = (word >> 8n) & 1n ? -1 : 1;
        const x = (far * edges[layer]) / 2 ** 52;
        const inner = layer === 0 ? TAIL : layer === 1 ? 0 : edges[layer - 1];
        if (x < inner) return sign * x;
        if (layer === 0) return this.inTail(far);
        const [low, high] = [heights[layer], heights[layer - 1]];
        if ((high - low) * this.share() + low < Math.exp(-0.5 * x * x)) return sign * x;
      }
    }

    inTail(far) {
      for (;;) {
        const x = -Math.log1p(-this.share()) / TAIL;
        const y = -Math.log1p(-this.share());
        if (y + y > x * x) return Math.floor(far / 256) % 2 ? -(TAIL + x) : TAIL + x;
      }
    }

    /** Return a whole number from 0 to `most`, as NumPy's shuffle: by rejection. */
    below(most) {
      const mask = 2 ** (32 - Math.clz32(most)) - 1;
      for (;;) {
        const number = (this.halfWord() & mask) >>> 0;
        if (number <= most) return number;
      }
    }

    permutation(count) {
      const order = Array.from({ length: count }, (_, place) => place);
      for (let place = count - 1; place > 0; place -= 1) {
        const other = this.below(place);
        [order[place], order[other]] = [order[other], order[place]];
      }
      return order;
    }
  }

  // Matrices, as arrays of rows.

  const zeros = (rows, columns) => Array.from({ length: rows }, () => new Float64Array(columns));
  const filled = (rows, columns, draw) => {
    const matrix = zeros(rows, columns);
    for (const row of matrix) for (let at = 0; at < columns; at += 1) row[at] = draw();
    return matrix;
  };
  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

  /** Return x @ weights + bias; (n_samples, units). */
  function sumsOf(x, weights, bias) {
    return x.map((row) => {
      const sums = Float64Array.from(bias);
      for (let from = 0; from < row.length; from += 1)
        for (let to = 0; to < sums.length; to += 1) sums[to] += row[from] * weights[from][to];
      return sums;
    });
  }

  const sigmoid = (x) => 0.5 * (1 + Math.tanh(0.5 * x));

  /** Each has the value at a sum, and its slope there. */
  const ACTIVATIONS = {
    tanh: { of: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
    relu: { of: (x) => Math.max(x, 0), slope: (x) => (x > 0 ? 1 : 0) },
    sigmoid: { of: sigmoid, slope: (x) => sigmoid(x) * (1 - sigmoid(x)) },
  };

  // Losses of a row: its value, its slope by the outputs, what the outputs predict, and the
  // outputs of the best constant for some mean target.

  function softmax(output) {
    const most = Math.max(...output);
    const shares = output.map((value) => Math.exp(value - most));
    const total = shares.reduce((sum, share) => sum + share, 0);
    return shares.map((share) => share / total);
  }
  const clip = (value, low, high) => Math.min(high, Math.max(low, value));

  const LOSSES = {
    binary: {
      of: ([output], [target]) =>
        Math.max(output, 0) + Math.log1p(Math.exp(-Math.abs(output))) - target * output,
      slope: ([output], [target]) => [sigmoid(output) - target],
      prediction: ([output]) => [sigmoid(output)],
      constant: ([share]) => {
        const kept = clip(share, 1e-6, 1 - 1e-6);
        return [Math.log(kept) - Math.log1p(-kept)];
      },
    },
    classes: {
      of: (output, target) => {
        const most = Math.max(...output);
        let [total, chosen] = [0, 0];
        output.forEach((value, at) => {
          total += Math.exp(value - most);
          chosen += (value - most) * target[at];
        });
        return Math.log(total) - chosen;
      },
      slope: (output, target) => softmax(output).map((share, at) => share - target[at]),
      prediction: softmax,
      constant: (shares) => shares.map((share) => Math.log(clip(share, 1e-6, 1))),
    },
    squared: {
      of: ([output], [target]) => (output - target) ** 2,
      slope: ([output], [target]) => [2 * (output - target)],
      prediction: (output) => output,
      constant: (target) => target,
    },
  };
  const meanLoss = (loss, outputs, targets) =>
    mean(outputs.map((output, row) => loss.of(output, targets[row])));

  // parameters.py

  class Parameters {
    constructor(weights, biases) {
      [this.weights, this.biases] = [weights, biases];
    }

    /** Return every row of weights, then every bias: vectors that a step changes in place. */
    vectors() {
      return [...this.weights.flat(), ...this.biases];
    }

    get hiddenSize() {
      return this.biases.slice(0, -1).map((bias) => bias.length);
    }

    copy() {
      const weights = this.weights.map((matrix) => matrix.map((row) => row.slice()));
      return new Parameters(weights, this.biases.map((bias) => bias.slice()));
    }

    replaceBy(other) {
      [this.weights, this.biases] = [other.weights, other.biases];
    }
  }

  /** Return random weights (He) and biases (within 1) for these sizes, inputs first. */
  function initialParameters(sizes, rng) {
    const parameters = new Parameters([], []);
    for (let layer = 1; layer < sizes.length; layer += 1) {
      const [fanIn, fanOut] = [sizes[layer - 1], sizes[layer]];
      const isLast = layer === sizes.length - 1;
      const spread = Math.sqrt((isLast ? 1 : 2) / Math.max(1, fanIn));
      parameters.weights.push(filled(fanIn, fanOut, () => rng.normal() * spread));
      const [bias] = filled(1, fanOut, () => (isLast ? 0 : 2 * rng.share() - 1));
      parameters.biases.push(bias);
    }
    return parameters;
  }

  /** Return a network with twice the units in each hidden layer that predicts the same. */
  function twiceAsWide(parameters, rng) {
    let old = parameters;
    parameters.hiddenSize.forEach((before, widened) => {
      const weights = [];
      const biases = [];
      old.weights.forEach((matrix, layer) => {
        const fanIn = matrix.length + (layer === widened + 1 ? before : 0);
        const fanOut = matrix[0].length + (layer === widened ? before : 0);
        const spread = Math.sqrt(2 / Math.max(1, fanIn));
        const wider = filled(fanIn, fanOut, () => rng.normal() * spread);
        const [bias] = filled(1, fanOut, () => 2 * rng.share() - 1);
        if (layer === widened + 1) for (const row of wider.slice(before)) row.fill(0);
        matrix.forEach((row, at) => wider[at].set(row));
        bias.set(old.biases[layer]);
        weights.push(wider);
        biases.push(bias);
      });
      old = new Parameters(weights, biases);
    });
    return old;
  }

  // network.py

  class Network {
    constructor(sizes, activation, loss, seed) {
      this.activation = ACTIVATIONS[activation];
      this.loss = LOSSES[loss];
      this.rng = new Rng(seed);
      this.parameters = initialParameters(sizes, this.rng);
      this.history = [];
      this.decisions = [];
    }

    /** Return the sums of each layer; those of the last are the output. */
    sums(x) {
      const { weights, biases } = this.parameters;
      const sums = [sumsOf(x, weights[0], biases[0])];
      for (let layer = 1; layer < weights.length; layer += 1) {
        const signal = sums[layer - 1].map((row) => row.map(this.activation.of));
        sums.push(sumsOf(signal, weights[layer], biases[layer]));
      }
      return sums;
    }

    output(x) {
      return this.sums(x).at(-1);
    }

    forward(x) {
      return this.output(x).map((row) => this.loss.prediction(row));
    }

    lossOf(x, target) {
      return x.length ? meanLoss(this.loss, this.output(x), target) : null;
    }

    /** Return the gradient of the loss: the chain rule, from the last layer to the first. */
    gradients(x, target) {
      const { weights } = this.parameters;
      const sums = this.sums(x);
      const gradients = new Parameters([], []);
      const slopes = (output, row) => this.loss.slope(output, target[row]);
      let error = sums.at(-1).map((row, at) => Array.from(slopes(row, at), (e) => e / x.length));
      for (let layer = weights.length - 1; layer >= 0; layer -= 1) {
        const signal = layer ? sums[layer - 1].map((row) => row.map(this.activation.of)) : x;
        const byWeight = zeros(weights[layer].length, error[0].length);
        const byBias = new Float64Array(error[0].length);
        error.forEach((errors, row) => {
          for (let to = 0; to < errors.length; to += 1) {
            byBias[to] += errors[to];
            for (let from = 0; from < byWeight.length; from += 1)
              byWeight[from][to] += signal[row][from] * errors[to];
          }
        });
        gradients.weights.unshift(byWeight);
        gradients.biases.unshift(byBias);
        if (layer) error = this.passedBack(error, weights[layer], sums[layer - 1]);
      }
      return gradients;
    }

    /** Return the errors of the layer below: error @ weights.T * f'(its sums). */
    passedBack(error, weights, below) {
      return error.map((errors, row) =>
        weights.map((outgoing, unit) => {
          const total = errors.reduce((sum, value, to) => sum + value * outgoing[to], 0);
          return total * this.activation.slope(below[row][unit]);
        }),
      );
    }
  }

  // descent.py

  class Momentum {
    constructor(momentum) {
      this.momentum = momentum;
      this.velocity = null;
    }

    step(parameters, gradients, rate) {
      this.velocity ??= gradients.map((gradient) => new Float64Array(gradient.length));
      parameters.forEach((weight, number) => {
        const [gradient, velocity] = [gradients[number], this.velocity[number]];
        for (let at = 0; at < weight.length; at += 1) {
          velocity[at] = this.momentum * velocity[at] - rate * gradient[at];
          weight[at] += velocity[at];
        }
      });
    }

    copy() {
      const other = new Momentum(this.momentum);
      other.velocity = this.velocity?.map((vector) => vector.slice()) ?? null;
      return other;
    }
  }

  class Adam {
    constructor() {
      this.steps = 0;
      this.means = this.squares = null;
    }

    step(parameters, gradients, rate) {
      this.means ??= gradients.map((gradient) => new Float64Array(gradient.length));
      this.squares ??= gradients.map((gradient) => new Float64Array(gradient.length));
      this.steps += 1;
      const [forMean, forSquare] = [1 - 0.9 ** this.steps, 1 - 0.999 ** this.steps];
      parameters.forEach((weight, number) => {
        const gradient = gradients[number];
        const [means, squares] = [this.means[number], this.squares[number]];
        for (let at = 0; at < weight.length; at += 1) {
          means[at] += (1 - 0.9) * (gradient[at] - means[at]);
          squares[at] += (1 - 0.999) * (gradient[at] ** 2 - squares[at]);
          const length = Math.sqrt(squares[at] / forSquare) + 1e-8;
          weight[at] -= (rate * (means[at] / forMean)) / length;
        }
      });
    }

    copy() {
      const other = new Adam();
      other.steps = this.steps;
      other.means = this.means?.map((vector) => vector.slice()) ?? null;
      other.squares = this.squares?.map((vector) => vector.slice()) ?? null;
      return other;
    }
  }

  class Descent {
    constructor(parameters, newRule, learningRate, weightDecay) {
      this.parameters = parameters;
      this.newRule = newRule;
      this.learningRate = learningRate;
      this.weightDecay = weightDecay;
      this.forget();
    }

    forget() {
      this.rule = this.newRule();
    }

    /** Make every weight smaller by a share of itself, and take a step. */
    step(gradients) {
      const kept = 1 - this.learningRate * this.weightDecay;
      for (const row of this.parameters.weights.flat())
        for (let at = 0; at < row.length; at += 1) row[at] *= kept;
      this.rule.step(this.parameters.vectors(), gradients.vectors(), this.learningRate);
    }

    copy() {
      const { newRule, learningRate, weightDecay } = this;
      const other = new Descent(this.parameters.copy(), newRule, learningRate, weightDecay);
      other.rule = this.rule.copy();
      return other;
    }

    goTo(place) {
      const { parameters, rule, learningRate, weightDecay } = place.copy();
      this.parameters.replaceBy(parameters);
      Object.assign(this, { rule, learningRate, weightDecay });
    }
  }

  // coach.py, where the reasons for these numbers are

  const TRIAL_EPOCHS = 10;
  const END_SHARE = 0.2;
  const LONGER = 3;
  const RATE_FACTOR = 3;
  const MAX_ATTEMPTS = 3;
  const SLOW = 0.1;
  const UNEVEN = 0.4;
  const DIVERGED = 1.1;
  const JUMP = 1.01;
  const JITTERS = 8;
  const JITTER_EPOCHS = 20;
  const CLEAR = 0.3;
  const LOWER_GAIN = 0.1;
  const AGAIN = 0.5;
  const GOOD = 0.05;
  const WEAK = 0.2;
  const OVERFIT = 1.05;
  const LEARNED = 0.9;
  const OVERFIT_EPOCHS = 50;
  const DECAYS = [0.001, 0.01, 0.1];
  const DECAY_GAIN = 0.99;

  const keyOf = (value) =>
    Array.isArray(value) ? value.join(" + ") : String(Number(value.toPrecision(3)));

  function median(numbers) {
    const sorted = [...numbers].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** Where losses may lie: above the smallest possible one, and below that of a constant. */
  class LossRange {
    constructor(loss, target) {
      const average = Array.from(target[0], (_, at) => mean(target.map((row) => row[at])));
      const constant = loss.constant(average);
      this.floor = meanLoss(loss, target.map((row) => loss.constant(Array.from(row))), target);
      this.span = meanLoss(loss, target.map(() => constant), target) - this.floor;
    }

    above(loss) {
      return Number.isFinite(loss) ? loss - this.floor : Infinity;
    }
  }

  /** Changes the learning rate, the weight decay and the units of a network where that helps. */
  class Coach {
    constructor(descent, network, losses) {
      this.descent = descent;
      this.rng = network.rng;
      this.history = network.history;
      this.decisions = network.decisions;
      this.losses = losses;
      this.finished = false;
      this.best = this.bestHeldOut = this.mark = this.trial = null;
      this.since = network.history.length;
      this.epochs = TRIAL_EPOCHS;
      this.wait = TRIAL_EPOCHS;
      this.failed = new Map();
    }

    /** Look at the losses at the start of an epoch; return whether other weights are there. */
    look(now) {
      if (this.best && this.jumped(now, this.best.loss)) return this.goBack(now, this.best);
      this.note(now);
      if (this.trial) return this.follow(this.trial, now);
      if (this.bestHeldOut && this.overfits(now, this.bestHeldOut))
        return this.simplify(now, this.bestHeldOut);
      const waited = now.epoch - this.since >= this.wait;
      const isGood = this.losses.above(now.loss) <= GOOD * this.losses.span;
      return waited && !isGood && this.hurry(now);
    }

    // What it sees

    diverged(now, lowest) {
      if (!Number.isFinite(now.loss)) return true;
      const limit = Math.max(DIVERGED * this.losses.above(lowest), GOOD * this.losses.span);
      const isBeyond = this.losses.above(now.loss) > limit;
      return isBeyond && now.loss - lowest > JITTERS * this.jitter();
    }

    jumped(now, lowest) {
      const before = this.losses.above(this.history.at(-1).loss);
      return this.losses.above(now.loss) > JUMP * before && this.diverged(now, lowest);
    }

    jitter() {
      const recent = this.history.slice(-JITTER_EPOCHS).map((epoch) => epoch.loss);
      const losses = recent.filter(Number.isFinite);
      if (losses.length < 3) return 0;
      const steps = losses.slice(1).map((loss, at) => loss - losses[at]);
      return median(steps.slice(1).map((step, at) => Math.abs(step - steps[at]))) / 1.65;
    }

    level(epochs, now) {
      const last = [...this.history, now].slice(-Math.max(1, Math.floor(END_SHARE * epochs)));
      return mean(last.map((epoch) => epoch.loss));
    }

    note(now) {
      if (!this.trial && (!this.best || now.loss < this.best.loss))
        this.best = this.checkpoint(now, now.loss);
      const heldOut = now.validationLoss;
      if (heldOut !== null && (!this.bestHeldOut || heldOut < this.bestHeldOut.loss))
        this.bestHeldOut = this.checkpoint(now, heldOut);
    }

    overfits(now, best) {
      const recent = [...this.history.slice(-TRIAL_EPOCHS), now];
      const { losses } = this;
      return (
        now.epoch - Math.max(best.epoch.epoch, this.since) >= OVERFIT_EPOCHS &&
        recent.every((epoch) => (epoch.validationLoss ?? 0) > OVERFIT * best.loss) &&
        losses.above(now.loss) < LEARNED * losses.above(best.epoch.loss)
      );
    }

    // What it does

    goBack(now, best) {
      const old = this.descent.learningRate;
      const last = this.decisions.at(-1);
      let factor = RATE_FACTOR;
      if (last?.kind === "BestRestored" && last.epoch === best.epoch.epoch)
        factor *= last.previous / last.learningRate;
      this.failed.set(keyOf(old), { epoch: now.epoch, epochs: this.epochs, loss: best.loss });
      const [kind, learningRate] = ["BestRestored", old / factor];
      const [epoch, loss, previous] = [now.epoch, now.loss, old];
      this.decisions.push({ kind, epoch, loss, best: best.epoch, learningRate, previous });
      this.since = now.epoch;
      this.wait = LONGER * this.epochs;
      this.returnTo(best);
      this.descent.forget();
      this.descent.learningRate = learningRate;
      return true;
    }

    hurry(now) {
      const { mark, epochs } = this;
      if (mark && now.epoch - mark.epoch.epoch < epochs) return false;
      const here = (this.mark = this.checkpoint(now, this.level(epochs, now)));
      if (!mark) return false;
      const losses = [...this.history.slice(-epochs), now].map((epoch) => epoch.loss);
      const rises = losses.slice(1).filter((loss, at) => loss > losses[at]).length;
      const share = (mark.loss - here.loss) / Math.max(this.losses.above(mark.loss), 2 ** -1022);
      if (share >= SLOW || rises === epochs) return false;
      const decision = this.change(now, [mark.loss, here.loss], share, rises);
      if (!decision) {
        this.epochs *= LONGER;
        return false;
      }
      let gain = CLEAR * this.jitter();
      if (decision.kind === "RateLowered")
        gain = Math.max(gain, LOWER_GAIN * this.losses.above(here.loss));
      this.decisions.push(decision);
      return this.attempt({ decision, start: mark, best: here, gain, limit: Math.max(...losses) });
    }

    /** Return the first change that may help and has not failed, as a decision. */
    change(now, [loss, lossWithout], fall, rises) {
      const rate = this.descent.learningRate;
      const units = this.descent.parameters.hiddenSize;
      const factors = Array.from({ length: MAX_ATTEMPTS }, (_, at) => RATE_FACTOR ** (at + 1));
      const above = this.losses.above(now.loss);
      const seen = { epoch: now.epoch, epochs: this.epochs, loss, lossWithout };
      Object.assign(seen, { losses: [], value: null, kept: null, earlier: null });
      const higher = factors.map((factor) => rate * factor);
      const lower = factors.map((factor) => rate / factor);
      const wider = [units.map((size) => 2 * size)];
      const isWeak = units.length > 0 && above > WEAK * this.losses.span;
      const isUneven = rises > UNEVEN * this.epochs;
      const changes = [
        [fall >= 0, { ...seen, kind: "RateRaised", previous: rate, values: higher, fall }],
        [isUneven, { ...seen, kind: "RateLowered", previous: rate, values: lower, rises }],
        [isWeak, { ...seen, kind: "UnitsAdded", previous: units, values: wider }],
      ];
      for (const [helps, change] of changes) {
        const then = this.failed.get(keyOf(change.values[0]));
        const longer = then && this.epochs >= LONGER * then.epochs;
        const halved = then && above <= AGAIN * this.losses.above(then.loss);
        if (helps && (!then || longer || halved)) return { ...change, earlier: then ?? null };
      }
      return null;
    }

    simplify(now, best) {
      const previous = this.descent.weightDecay;
      const values = DECAYS.filter((decay) => decay > previous);
      const start = { ...best, place: best.place.copy() };
      start.place.forget();
      start.place.learningRate = this.descent.learningRate / RATE_FACTOR;
      start.place.weightDecay = previous;
      const decision = { kind: "WeightDecayRaised", epoch: now.epoch, epochs: OVERFIT_EPOCHS };
      Object.assign(decision, { loss: best.loss, lossWithout: best.loss, previous, values });
      const { learningRate } = start.place;
      Object.assign(decision, { losses: [], value: null, kept: null, learningRate });
      Object.assign(decision, { best: best.epoch, now });
      this.decisions.push(decision);
      if (values.length) {
        const gain = (1 - DECAY_GAIN) * this.losses.above(best.loss);
        return this.attempt({ decision, start, best: start, gain, limit: 2 * best.epoch.loss });
      }
      this.finished = true;
      return this.returnTo(start);
    }

    // The trial

    attempt(trial) {
      const { descent } = this;
      this.trial = trial;
      trial.began = this.history.length + 1;
      this.returnTo(trial.start);
      const { kind, values, losses } = trial.decision;
      const value = values[losses.length];
      if (kind === "UnitsAdded") {
        descent.parameters.replaceBy(twiceAsWide(descent.parameters, this.rng));
        descent.forget();
      } else if (kind === "WeightDecayRaised") descent.weightDecay = value;
      else descent.learningRate = value;
      return true;
    }

    follow(trial, now) {
      const epochs = now.epoch - trial.began;
      const diverged = this.diverged(now, trial.limit);
      const { decision } = trial;
      if (epochs < decision.epochs && !diverged) {
        if (decision.kind === "RateRaised" && epochs >= (1 - END_SHARE) * decision.epochs)
          this.descent.learningRate = trial.start.place.learningRate;
        return false;
      }
      const better = this.judge(trial, now, this.lossOfAttempt(trial, now, diverged));
      const wanted = better !== (decision.kind === "WeightDecayRaised");
      if (wanted && decision.losses.length < decision.values.length) return this.attempt(trial);
      return this.end(trial, now);
    }

    lossOfAttempt(trial, now, diverged) {
      const epochs = now.epoch - trial.began;
      if (trial.decision.kind === "WeightDecayRaised") {
        const ofAttempt = [...this.history.slice(this.history.length + 1 - epochs), now];
        return Math.min(...ofAttempt.map((epoch) => epoch.validationLoss ?? 0));
      }
      return diverged ? now.loss : this.level(epochs, now);
    }

    judge(trial, now, loss) {
      const { decision } = trial;
      const value = decision.values[decision.losses.length];
      const better = loss < trial.best.loss - trial.gain;
      if (better) {
        if (decision.kind === "RateRaised") this.descent.learningRate = value;
        trial.best = this.checkpoint(now, loss);
        decision.value = value;
      } else {
        const { epoch, epochs, loss: before } = decision;
        this.failed.set(keyOf(value), { epoch, epochs, loss: before });
      }
      decision.losses.push(loss);
      return better;
    }

    end(trial, now) {
      const { decision } = trial;
      const kept = decision.value !== null;
      decision.kept = kept;
      this.trial = null;
      this.since = now.epoch;
      this.epochs = kept ? TRIAL_EPOCHS : this.epochs;
      this.wait = kept ? TRIAL_EPOCHS : LONGER * decision.epochs;
      if (decision.kind === "WeightDecayRaised") {
        this.finished = !kept;
        this.wait = Infinity;
      }
      return this.returnTo(trial.best);
    }

    checkpoint(epoch, loss) {
      return { loss, epoch, place: this.descent.copy() };
    }

    returnTo(checkpoint) {
      this.descent.goTo(checkpoint.place);
      this.best = this.mark = null;
      return true;
    }
  }

  // training.py, and the playground's learning.py

  /** Return the rows to learn from and those to hold out, the same ones each time. */
  function split(count, share) {
    const nHeldOut = Math.min(count - 1, Math.ceil(share * count));
    const order = new Rng(0).permutation(count);
    const sorted = (rows) => rows.sort((a, b) => a - b);
    return [sorted(order.slice(nHeldOut)), sorted(order.slice(0, nHeldOut))];
  }

  /** A network that learns from data, as far as a page asked for; options as the page sends them.
   *  Targets are rows: a share, one of each class, or a number; `loss` is a name in LOSSES. */
  class Run {
    constructor(options, x, target, loss) {
      const sizes = [x[0].length, ...options.hidden, target[0].length];
      const network = (this.network = new Network(sizes, options.activation, loss, options.seed));
      [this.rows, this.heldOut] = split(x.length, options.held_out);
      const taken = (from, rows) => rows.map((row) => from[row]);
      [this.x, this.y] = [taken(x, this.rows), taken(target, this.rows)];
      [this.xHeldOut, this.yHeldOut] = [taken(x, this.heldOut), taken(target, this.heldOut)];
      this.options = options;
      this.ended = false;
      const keeps = options.optimizer === "momentum" || options.adaptive ? 0.9 : 0;
      const newRule = () => (options.optimizer === "adam" ? new Adam() : new Momentum(keeps));
      const { learning_rate: rate, l2 } = options;
      this.descent = new Descent(network.parameters, newRule, rate, l2);
      const range = new LossRange(network.loss, this.y);
      this.coach = options.adaptive ? new Coach(this.descent, network, range) : null;
      [this.lowest, this.bestParameters] = [Infinity, null];
    }

    /** Return the losses of the network as it is. */
    now(epoch) {
      const loss = this.network.lossOf(this.x, this.y);
      const validationLoss = this.network.lossOf(this.xHeldOut, this.yHeldOut);
      return { epoch, loss, learningRate: this.descent.learningRate, validationLoss };
    }

    /** Train for one epoch; return what was at its start, or null where the coach has stopped. */
    advance() {
      if (this.ended) return null;
      const { network, coach } = this;
      const number = network.history.length + 1;
      let now = this.now(number);
      while (coach && !coach.finished && coach.look(now)) now = this.now(number);
      now.learningRate = this.descent.learningRate;
      this.keepBest(now);
      if (coach?.finished) {
        this.end();
        return null;
      }
      network.history.push(now);
      for (const rows of this.batches()) {
        const taken = (from) => rows.map((row) => from[row]);
        this.descent.step(network.gradients(taken(this.x), taken(this.y)));
      }
      if (this.options.l1) this.soften(now.learningRate * this.options.l1);
      return now;
    }

    /** Return the rows of each batch of an epoch: all, or some of them in a new order. */
    batches() {
      const count = this.x.length;
      const size = Math.min(this.options.batch_size || count, count);
      if (size === count) return [this.x.map((_, row) => row)];
      const order = this.network.rng.permutation(count);
      const number = Math.ceil(count / size);
      return Array.from({ length: number }, (_, at) => order.slice(at * size, (at + 1) * size));
    }

    /** Move every weight toward zero by a threshold, and no further: the L1 penalty's step. */
    soften(threshold) {
      for (const row of this.network.parameters.weights.flat())
        for (let at = 0; at < row.length; at += 1) row[at] -= clip(row[at], -threshold, threshold);
    }

    keepBest(now) {
      const loss = now.validationLoss ?? now.loss;
      if (this.coach && loss < this.lowest) {
        this.lowest = loss;
        this.bestParameters = this.network.parameters.copy();
      }
    }

    /** Put the best weights in place: the coach has stopped. */
    end() {
      this.keepBest(this.now(this.network.history.length));
      if (this.bestParameters) this.network.parameters.replaceBy(this.bestParameters);
      this.ended = true;
    }
  }

  return { Rng, Network, Run, Momentum, Adam, split };
})();
