// Changes: the smallest ones, of one column or of two together, that bring a row to a goal.

const triedLevels = 100, pairedColumns = 8, pairedValues = 2, pairingTime = 400; // milliseconds
const isMoving = ({ kind, span: [min, max] }) => (kind === "number" || kind === "datetime") && max > min;

/** Returns n values from one end of the usual ones of a column to the other, or its levels. */
function valuesOf({ kind, levels, span: [min, max], step }, n) {
  if (kind === "boolean") return [1, 0];
  if (kind === "category") return [...levels.slice(0, triedLevels).keys()];
  return Array.from({ length: n }, (_, k) => min + (max - min) * (k / (n - 1))).map((own) => (step ? step * Math.round(own / step) : own));
}

/** Returns a value with few digits, or a multiple of the step, a bit further from the row's. */
function rounded({ span: [min, max], step }, now, value, digits) {
  if (value === now) return now;
  const scale = step ? 1 / step : 10 ** (digits + Math.max(0, 1 - Math.floor(Math.log10(max - min))));
  const found = value > now ? Math.ceil(value * scale - 1e-9) / scale : Math.floor(value * scale + 1e-9) / scale;
  return step ? found : Math.min(Math.max(found, min), max);
}

/** Returns the least part of the way, of 1, on which a goal is reached, or none. */
function leastPart(isReached, steps = 20) {
  let step = 1;
  while (step <= steps && !isReached(step / steps)) step++;
  if (step > steps) return null;
  let [short, enough] = [(step - 1) / steps, step / steps];
  for (let k = 0; k < 12; k++) {
    const middle = (short + enough) / 2;
    if (isReached(middle)) enough = middle;
    else short = middle;
  }
  return enough;
}

/** Returns a change with its values as near to the row's as the goal allows, and its size; a level counts as a whole span. */
function shortest(row, parts, reaches) {
  const changed = (part, round = (column, now, value) => value) => {
    const own = [...row];
    for (const { number, value } of parts)
      own[number] = isMoving(columns[number]) ? round(columns[number], row[number], row[number] + part * (value - row[number])) : value;
    return own;
  };
  const part = parts.some(({ number }) => isMoving(columns[number])) ? leastPart((own) => reaches(changed(own))) : 1;
  for (let digits = 0; part && digits < 12; digits++) {
    const own = changed(part, (column, now, value) => rounded(column, now, value, digits));
    if (!reaches(own)) continue;
    const sizeOf = ({ number }, { span: [min, max] } = columns[number]) => isMoving(columns[number]) ? Math.abs(own[number] - row[number]) / (max - min) : 1;
    return { parts: parts.map(({ number }) => ({ number, value: own[number] })), size: parts.reduce((sum, one) => sum + sizeOf(one), 0), row: own };
  }
  return null;
}

/** Returns the smallest changes, first of single columns, then of pairs of which both are needed; `progress` grows towards the goal. */
function changes(row, reaches, progress, most = 3) {
  const bySize = (found) => found.filter(Boolean).sort((a, b) => a.size - b.size);
  const tried = (n) => columns.map((column, number) => (isMoving(column) && Number.isNaN(row[number]) ? [] : valuesOf(column, n))
    .filter((value) => value !== row[number]).map((value) => ({ number, value })));
  const singles = tried(2).map((own) => bySize(own.map((part) => shortest(row, [part], reaches)))[0]);
  const alone = ({ number, value }) => row.map((own, k) => (k === number ? value : own));
  const best = tried(5).map((own) => own.map((part) => [progress(alone(part)), part]).sort((a, b) => b[0] - a[0]).slice(0, pairedValues))
    .filter((own) => own.length).sort((a, b) => b[0][0] - a[0][0]).slice(0, pairedColumns).map((own) => own.map(([, part]) => part));
  const pairs = [], start = performance.now();
  best.forEach((first, k) => best.slice(k + 1).forEach((second) => {
    const least = Math.min(...[first, second].map(([{ number }]) => singles[number]?.size ?? Infinity));
    const both = first.flatMap((one) => second.map((other) => [one, other])).filter(([one, other]) => {
      const own = alone(one);
      own[other.number] = other.value;
      return performance.now() - start < pairingTime && reaches(own);
    });
    const found = bySize(both.map((parts) => shortest(row, parts, reaches)))[0];
    if (found && found.size < least && found.parts.every(({ number, value }) => !reaches(alone({ number, value })))) pairs.push(found);
  }));
  return [...bySize(singles).slice(0, most), ...bySize(pairs).slice(0, most)];
}

/** Returns for each number that `numbersOf` gives how low and how high each column alone brings it. */
function reach(row, numbersOf, n = 9) {
  const start = numbersOf(row);
  const found = columns.map((column, number) => valuesOf(column, isMoving(column) ? n : 1).map((value) => numbersOf(row.map((own, k) => (k === number ? value : own)))));
  return start.map((own, k) => found.map((of) => [Math.min(own, ...of.map((one) => one[k])), Math.max(own, ...of.map((one) => one[k]))]));
}
