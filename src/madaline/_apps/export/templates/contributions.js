// Contributions: what columns add on the way from the usual row to a row, as Shapley values.

const exactColumns = 7; // all sets of so many columns are tried; of more, orders are drawn
const drawnOrders = 16; // each also reversed

/** Returns for each column what it adds to each of the numbers that `numbersOf` gives for a row; with those of the usual row they add up. */
function contributions(row, usual, numbersOf) {
  const moved = [...row.keys()].filter((k) => !Object.is(row[k], usual[k]));
  const start = numbersOf(usual), added = row.map(() => start.map(() => 0));
  const count = (column, weight, after, before) => after.forEach((own, k) => (added[column][k] += weight * (own - before[k])));
  if (moved.length <= exactColumns) allSets(moved, row, usual, numbersOf, count);
  else {
    let state = 1;
    const drawn = () => (state = (state * 48271) % 2147483647) / 2147483647; // the same at each call
    for (let k = 0; k < drawnOrders; k++) {
      const order = moved.map((column) => [drawn(), column]).sort((a, b) => a[0] - b[0]).map(([, column]) => column);
      for (const one of [order, [...order].reverse()]) {
        const now = [...usual];
        let before = start;
        for (const column of one) {
          now[column] = row[column];
          const after = numbersOf(now);
          count(column, 1 / (2 * drawnOrders), after, before);
          before = after;
        }
      }
    }
  }
  return added;
}

/** Counts each step from a set of columns to one with a column more, with its share of all orders. */
function allSets(moved, row, usual, numbersOf, count) {
  const n = moved.length, shareOf = [1 / n]; // of orders in which a set of some size comes before a column
  for (let size = 1; size < n; size++) shareOf.push((shareOf[size - 1] * size) / (n - size));
  const sizeOf = (set) => moved.filter((_, k) => set & (1 << k)).length;
  const all = Array.from({ length: 2 ** n }, (_, set) => {
    const mixed = [...usual];
    moved.forEach((column, k) => set & (1 << k) && (mixed[column] = row[column]));
    return numbersOf(mixed);
  });
  all.forEach((before, set) => moved.forEach((column, k) => {
    if (!(set & (1 << k))) count(column, shareOf[sizeOf(set)], all[set | (1 << k)], before);
  }));
}
