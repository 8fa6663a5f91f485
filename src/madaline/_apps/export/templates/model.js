// @STEM@.js: predicts @TARGET@. Written by madaline @VERSION@. An ES module for browsers and node:
//   import { predict } from "./@STEM@.js";
//   predict({ number: 3, category: "red", boolean: true, date: "2026-01-31" });
// A value that is null, undefined or NaN is missing.

/** The columns of a row: their names, kinds (number, boolean, datetime, category) and levels. */
export const columns = @COLUMNS@;
/** What is predicted: a name for each output, with its labels where classes are predicted. */
export const outputs = @OUTPUTS@;
export const target = @TARGET_TEXT@;
/** The highest coverage that intervals can have; 0 where there are none. */
export const maxCoverage = @MAX_COVERAGE@;

const bytes = Uint8Array.from(atob("@BYTES@"), (character) => character.charCodeAt(0)).buffer;
const constant = (type, start, length) => new type(bytes, start, length);
@CONSTANTS@
@VALUES@

@FUNCTIONS@

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?(Z|[+-]\d\d:\d\d)?$/i;
const levels = columns.map((column) => new Map(column.levels?.map((level, number) => [level, number])));

/** Returns a value of a column as a number: a level's, 1 for true, days since 1970 of a date. */
export function typed(value, number) {
  const { name, kind } = columns[number];
  if (value === null || value === undefined || Number.isNaN(value)) return NaN;
  if (kind === "category") return levels[number].get(String(value)) ?? -1;
  let own = Number(value);
  if (kind === "datetime" && typeof value !== "number") {
    const [text, day, time, zone] = ISO.exec(value) ?? [];
    const date = value instanceof Date ? value : new Date(text && `${day}T${time ?? "00:00"}${zone ?? "Z"}`);
    own = text && new Date(day).getUTCDate() !== +day.slice(8) ? NaN : date / 864e5; // 30 February
  }
  const wrong = kind === "datetime" ? !(own >= -719162 && own < 2932897)
    : kind === "boolean" ? own !== 0 && own !== 1
    : !Number.isFinite(own) || (typeof value === "string" && !value.trim());
  if (wrong) throw new RangeError(`Column "${name}" holds ${String(value)}, which is no ${kind}.`);
  return own;
}

/** Returns the answers to a row of numbers that `typed` made, each an array of numbers. */
export function evaluate(row, coverage = 0.9) {
  @CALLS@
  if (!@MEAN@.every(Number.isFinite)) throw new RangeError("No finite number comes out of the row.");
  return { @ANSWERS@ };
}

/** Predicts a row, an object with a value for each column, with intervals of some coverage. */
export function predict(row, coverage = 0.9) {
  if (maxCoverage && !(coverage > 0 && coverage <= maxCoverage))
    throw new RangeError(`coverage is ${coverage}: give a share above 0, and at most ${maxCoverage}.`);
  const found = evaluate(columns.map(({ name }, number) => typed(row[name], number)), coverage);
  const named = (values) =>
    outputs.length === 1 ? values[0] : Object.fromEntries(outputs.map(({ name }, k) => [name, values[k]]));
  if (!outputs[0].labels)
    return {
      prediction: named([...found.prediction]),
      interval: found.intervals.length === outputs.length ? named(found.intervals) : found.intervals[0],
    };
  const shares = outputs.map(({ labels }, k) => {
    const own = outputs.length === 1 ? found.probabilities : [1 - found.probabilities[k], found.probabilities[k]];
    return Object.fromEntries(labels.map((label, number) => [label, own[number]]));
  });
  return { label: named(outputs.map(({ labels }, k) => labels[found.label[k]])), probabilities: named(shares) };
}
