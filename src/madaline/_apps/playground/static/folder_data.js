// The data of a page that opens from a folder: the points that datasets.py makes, and what the
// network sees of them (options.py, learning_data.py).

import { facts } from "./base.js";

const { Rng } = globalThis.madalineEngine;

// The generator of NumPy's RandomState, which scikit-learn draws from: the Mersenne Twister, and
// normals by the polar method. Matsumoto and Nishimura (1998), ACM TOMACS 8(1).
class RandomState extends Rng {
  constructor(seed) {
    super(seed);
    Object.assign(this, { words: new Uint32Array([seed, ...new Array(623)]), place: 624, kept: null });
    for (let at = 1; at < 624; at++) this.words[at] = Math.imul(1812433253, this.words[at - 1] ^ (this.words[at - 1] >>> 30)) + at;
  }

  halfWord() {
    const { words } = this;
    for (let at = 0; at < 624 && this.place === 624; at++) {
      const joined = (words[at] & 0x80000000) | (words[(at + 1) % 624] & 0x7fffffff);
      words[at] = words[(at + 397) % 624] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.place %= 624;
    let word = words[this.place++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  share() {
    const high = this.halfWord() >>> 5;
    return (high * 2 ** 26 + (this.halfWord() >>> 6)) / 2 ** 53;
  }

  normal() {
    const { kept } = this;
    this.kept = null;
    if (kept !== null) return kept;
    for (;;) {
      const [x, y] = [2 * this.share() - 1, 2 * this.share() - 1];
      const size = x * x + y * y;
      if (size >= 1 || size === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(size)) / size);
      this.kept = factor * x;
      return factor * y;
    }
  }
}

const { cos, sin, exp, sqrt, PI } = Math;
const listed = (count, of) => Array.from({ length: count }, (_, at) => of(at));
const noisy = (x, noise, rng) => x.map((row) => row.map((value) => value + noise * rng.normal()));
const onSquare = (rows, rng) => listed(rows, () => [2 * rng.share() - 1, 2 * rng.share() - 1]);

// Returns rows in an order that is drawn, with classes: 0 of those that were the first ones.
function shuffled(x, first, rng) {
  const order = rng.permutation(x.length);
  return [order.map((row) => x[row]), order.map((row) => Number(row >= first))];
}

// Data with a class for each half of the rows, on a line of angles from 0 to `end`.
const curves = (first, second, end, isClosed) => (rows, noise, seed) => {
  const [rng, half] = [new RandomState(seed), Math.floor(rows / 2)];
  const angles = (count) => listed(count, (at) => (at * end) / (isClosed ? count : count - 1));
  const [x, y] = shuffled([...angles(half).map(first), ...angles(rows - half).map(second)], half, rng);
  return [noisy(x, noise, rng), y];
};

// Data with numbers: the height of a surface over a square.
const surface = (height) => (rows, noise, seed) => {
  const rng = new Rng(seed);
  const x = onSquare(rows, rng);
  return [x, x.map((row) => height(row) + noise * rng.normal())];
};
const near = ([a, b], center) => exp(-6 * ((a - center) ** 2 + (b - center) ** 2));

const DATASETS = {
  moons: curves((a) => [cos(a), sin(a)], (a) => [1 - cos(a), 1 - sin(a) - 0.5], PI, false),
  circles: curves((a) => [cos(a), sin(a)], (a) => [0.4 * cos(a), 0.4 * sin(a)], 2 * PI, true),
  clouds(rows, noise, seed) {
    const [rng, first] = [new RandomState(seed), Math.ceil(rows / 2)];
    const drawn = (row) => [0, 1].map(() => (row < first ? -1 : 1) + (0.3 + noise) * rng.normal());
    return shuffled(listed(rows, drawn), first, rng);
  },
  xor(rows, noise, seed) {
    const rng = new Rng(seed);
    const x = onSquare(rows, rng);
    return [noisy(x, noise, rng), x.map(([a, b]) => Number(a * b > 0))];
  },
  spirals(rows, noise, seed) {
    const rng = new Rng(seed);
    const y = listed(rows, (row) => row % 2);
    const far = y.map(() => sqrt(0.01 + (1 - 0.01) * rng.share()));
    const angle = far.map((value, row) => 3.5 * PI * value + PI * y[row]);
    return [noisy(far.map((value, row) => [value * sin(angle[row]), value * cos(angle[row])]), noise / 4, rng), y];
  },
  plane: surface(([a, b]) => a + b),
  hill: surface((row) => near(row, 0.4) - near(row, -0.4)),
  digits(rows, noise, seed) {
    const rng = new Rng(seed);
    const { pixels, classes } = facts.digits; // a letter for each, from "a" for 0
    const chosen = rng.permutation(classes.length).slice(0, rows);
    const code = (letters, at) => letters.charCodeAt(at) - 97;
    const x = chosen.map((row) => listed(64, (at) => code(pixels, 64 * row + at) / 16));
    return [noisy(x, noise, rng), chosen.map((row) => code(classes, row))];
  },
};

// The features of a point, in the order of the picture.
const FEATURES = {
  x1: ([a]) => a, x2: ([, b]) => b, x1x1: ([a]) => a * a, x2x2: ([, b]) => b * b, x1x2: ([a, b]) => a * b,
  sin1: ([a]) => sin(3 * a), sin2: ([, b]) => sin(3 * b),
};
export const ordered = (names) => Object.keys(FEATURES).filter((name) => names.includes(name));
export const featuresOf = (points, names) => points.map((point) => names.map((name) => FEATURES[name](point)));

// Returns what a network learns from: LearningData, and the targets as the engine has them.
export function learningData({ data, rows, noise, seed, features }) {
  const [points, codes] = DATASETS[data](rows, noise, seed);
  const ofNumbers = facts.datasets.find(({ name }) => name === data).task === "numbers";
  const classes = ofNumbers ? [] : listed(Math.max(...codes) + 1, String);
  const loss = ofNumbers ? "squared" : classes.length > 2 ? "classes" : "binary";
  const target = loss === "classes" ? codes.map((code) => classes.map((_, at) => Number(at === code))) : codes.map((code) => [code]);
  const made = { classes, codes, target, loss };
  if (data === "digits") return { ...made, x: points };
  const meanOf = (numbers) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const mean = [0, 1].map((axis) => meanOf(points.map((point) => point[axis])));
  const spread = [0, 1].map((axis) => sqrt(meanOf(points.map((point) => (point[axis] - mean[axis]) ** 2))));
  const plane = points.map((point) => point.map((value, axis) => (value - mean[axis]) / spread[axis]));
  return { ...made, x: featuresOf(plane, ordered(features)), plane, mean, spread };
}
