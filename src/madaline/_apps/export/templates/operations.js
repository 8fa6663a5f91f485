function read_numbers(out, row, columns, n) {
  for (let k = 0; k < n; k++) out[k] = row[columns[k]];
}

function read_level(out, row, column, n_levels) {
  const level = row[column];
  out[0] = Number.isNaN(level) ? n_levels : level < 0 ? n_levels + 1 : level;
}

/* As in Howard Hinnant's "chrono-compatible low-level date algorithms": years begin with March. */
function date_parts(out, days, parts, n) {
  const { floor } = Math;
  const day = floor(days[0]), since = day + 719468, era = floor(since / 146097);
  const ofEra = since - 146097 * era;
  const year = floor(
    (ofEra - floor(ofEra / 1460) + floor(ofEra / 36524) - floor(ofEra / 146096)) / 365,
  );
  const ofYear = ofEra - (365 * year + floor(year / 4) - floor(year / 100));
  const month = (floor((5 * ofYear + 2) / 153) + 2) % 12;
  const weekday = day + 3 - 7 * floor((day + 3) / 7);
  const found = [86400 * days[0], 400 * era + year + (month < 2), month, weekday, 24 * (days[0] - day)];
  for (let k = 0; k < n; k++) out[k] = Number.isNaN(days[0]) ? NaN : found[parts[k]];
}

function fill_missing(out, x, centers, n) {
  for (let k = 0; k < n; k++) out[k] = Number.isNaN(x[k]) ? centers[k] : x[k];
}

function take_places(out, x, places, n) {
  for (let k = 0; k < n; k++) out[k] = x[places[k]];
}

function scale_smoothly(out, x, centers, spreads, n) {
  for (let k = 0; k < n; k++) {
    const z = Math.min(Math.max((x[k] - centers[k]) / spreads[k], -1e100), 1e100);
    out[k] = z / Math.sqrt((z / 3) * (z / 3) + 1);
  }
}

function flag_missing(out, x, shares, n) {
  for (let k = 0; k < n; k++) out[k] = (Number.isNaN(x[k]) ? 1 : 0) - shares[k];
}

function center_numbers(out, x, centers, n) {
  for (let k = 0; k < n; k++) out[k] = Number.isNaN(x[k]) ? 0 : x[k] - centers[k];
}

function circle_parts(out, x, periods, size, n) {
  for (let k = 0; k < n; k++) {
    const angle = x[k] * ((2 * Math.PI) / periods[k]);
    out[2 * k] = Number.isNaN(angle) ? 0 : Math.sin(angle);
    out[2 * k + 1] = Number.isNaN(angle) ? 0 : Math.cos(angle);
  }
}

function look_up_level(out, level, rows, table, n) {
  const start = rows[level[0]] * n;
  for (let k = 0; k < n; k++) out[k] = table[start + k];
}

function join_features(out, parts, sizes, places) {
  let next = 0;
  for (const part of parts) for (const own of part) out[places[next++]] = own;
}

function place_on_edges(out, x, edges, starts, n) {
  for (let k = 0; k < n; k++) {
    let low = starts[k], high = starts[k + 1] - 2; // the last edge that can begin a bin
    const number = Math.min(Math.max(x[k], edges[low]), edges[high + 1]);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (edges[middle] <= number) low = middle;
      else high = middle - 1;
    }
    const width = edges[low + 1] / 2 - edges[low] / 2; // halved, as twice 1e308 would overflow
    out[k] = low + (number / 2 - edges[low] / 2) / (width || 1);
  }
}

function fill_bins(out, places, owners, lows, means, n) {
  for (let k = 0; k < n; k++)
    out[k] = Math.fround(Math.min(Math.max(places[owners[k]] - lows[k], 0), 1)) - means[k];
}

function interpolate_rows(out, sums, places, table, n, nPlaces) {
  out.set(sums);
  for (let number = 0; number < nPlaces; number++) {
    const low = Math.floor(places[number]), part = places[number] - low, rest = 1 - part;
    const start = low * n, next = part > 0 ? start + n : start;
    for (let k = 0; k < n; k++) out[k] += rest * table[start + k] + part * table[next + k];
  }
}

function weight_inputs(out, x, weight, bias, members, inputs, units, apart) {
  for (let unit = 0, from = 0, start = 0; unit < out.length; unit += units, from += apart, start += inputs * units) {
    let j = 0;
    for (; j + 7 < units; j += 8) { // eight sums at once, kept in registers, take two thirds of the time
      const to = unit + j;
      let a = bias[to], b = bias[to + 1], c = bias[to + 2], d = bias[to + 3];
      let e = bias[to + 4], f = bias[to + 5], g = bias[to + 6], h = bias[to + 7];
      for (let k = from, at = start + j; k < from + inputs; k++, at += units) {
        const own = x[k];
        a += own * weight[at]; b += own * weight[at + 1]; c += own * weight[at + 2]; d += own * weight[at + 3];
        e += own * weight[at + 4]; f += own * weight[at + 5]; g += own * weight[at + 6]; h += own * weight[at + 7];
      }
      out[to] = a; out[to + 1] = b; out[to + 2] = c; out[to + 3] = d;
      out[to + 4] = e; out[to + 5] = f; out[to + 6] = g; out[to + 7] = h;
    }
    for (; j < units; j++) {
      let sum = bias[unit + j];
      for (let k = from, at = start + j; k < from + inputs; k++, at += units) sum += x[k] * weight[at];
      out[unit + j] = sum;
    }
  }
}

function activate_relu(out, x, n) {
  for (let k = 0; k < n; k++) out[k] = x[k] > 0 ? x[k] : 0;
}

function activate_silu(out, x, n) {
  for (let k = 0; k < n; k++) out[k] = x[k] / (1 + Math.exp(-x[k]));
}

function activate_leaky_silu(out, x, n) {
  for (let k = 0; k < n; k++) out[k] = x[k] * (1 / (1 + Math.exp(-x[k])) + 0.1);
}

function walk_trees(out, x, feature, threshold, below, roots, bias, n, nTrees) {
  for (let k = 0, tree = 0; k < n; k++) {
    let sum = bias[k];
    for (const last = tree + nTrees; tree < last; tree++) {
      let node = roots[tree];
      while (feature[node] >= 0)
        node = below[2 * node + (x[feature[node]] > threshold[node] ? 1 : 0)];
      sum += threshold[node];
    }
    out[k] = sum;
  }
}

function add_means(out, before, x, shares, nFolds, nOutputs, members) {
  for (let fold = 0; fold < nFolds; fold++)
    for (let k = 0; k < nOutputs; k++) {
      let sum = before ? before[fold * nOutputs + k] : 0;
      for (let member = 0; member < members; member++)
        sum += shares[member * nFolds + fold] * x[member * nOutputs + k];
      out[fold * nOutputs + k] = sum;
    }
}

function mean_of_folds(out, x, nFolds, n) {
  for (let k = 0; k < n; k++) {
    out[k] = 0;
    for (let fold = 0; fold < nFolds; fold++) out[k] += x[fold * n + k] / nFolds;
  }
}

function calibrate(out, x, temperatures, n, nTemperatures) {
  for (let k = 0; k < n; k++) out[k] = x[k] / temperatures[k % nTemperatures];
}

function link_sigmoid(out, x, nOutputs, n) {
  for (let k = 0; k < n; k++) out[k] = 1 / (1 + Math.exp(-x[k]));
}

function link_softmax(out, x, nOutputs, n) {
  for (let start = 0; start < n; start += nOutputs) {
    const own = x.subarray(start, start + nOutputs), largest = Math.max(...own);
    const sum = own.reduce((total, output) => total + Math.exp(output - largest), 0);
    own.forEach((output, k) => (out[start + k] = Math.exp(output - largest) / sum));
  }
}

function link_exp(out, x, nOutputs, n) {
  for (let k = 0; k < n; k++) out[k] = Math.exp(Math.min(x[k], 30));
}

function link_sort(out, x, nOutputs, n) {
  out.set(x);
  for (let start = 0; start < n; start += nOutputs) out.subarray(start, start + nOutputs).sort();
}

function link_both(out, x, nOutputs, n) {
  for (let k = 0; k < n; k++) {
    out[2 * k] = 1 - x[k];
    out[2 * k + 1] = x[k];
  }
}

function to_unit(out, x, scales, centers, lows, highs, n) {
  for (let k = 0; k < n; k++)
    out[k] = Math.min(Math.max(x[k] * scales[k] + centers[k], lows[k]), highs[k]);
}

function choose_class(out, x, thresholds, nThresholds, n) {
  if (nThresholds) for (let k = 0; k < n; k++) out[k] = x[k] > thresholds[k] ? 1 : 0;
  else out[0] = x.indexOf(Math.max(...x));
}

function bound_interval(out, x, scores, starts, knots, errors, low, high, n, nFolds, nKnots, coverage) {
  if (!coverage) return out.fill(NaN); // who needs no interval
  const number = starts[nFolds], tail = (1 - coverage) / 2, centers = x.map((own) => Math.min(Math.max(own, low), high));
  const sizes = centers.map((center) => {
    let k = 0;
    while (k < nKnots && knots[k] <= center) k++;
    const size = errors[Math.max(k - 1, 0)], between = k > 0 && k < nKnots;
    return between ? size + ((errors[k] - errors[k - 1]) * (center - knots[k - 1])) / (knots[k] - knots[k - 1]) : size;
  });
  const ranks = [Math.floor(tail * (number + 1) + 1e-9), number + 1 - Math.ceil((1 - tail) * (number + 1) - 1e-9)];
  ranks.forEach((rank, end) => { // the values of each fold ascend: those next to each end are merged
    const next = Array.from(centers, (_, fold) => (end ? starts[fold + 1] - 1 : starts[fold]));
    let value = NaN;
    for (let count = 0; count < rank; count++) {
      let from = -1;
      for (let fold = 0; fold < nFolds; fold++) {
        if (next[fold] < starts[fold] || next[fold] >= starts[fold + 1]) continue;
        const own = centers[fold] + sizes[fold] * scores[next[fold]];
        if (from < 0 || (end ? own > value : own < value)) [from, value] = [fold, own];
      }
      next[from] += end ? -1 : 1;
    }
    out[end] = Math.min(Math.max(value, low), high);
  });
}
