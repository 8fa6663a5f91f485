static void read_numbers(double *out, const double *row, const FLASH int *columns, int n)
{
    for (int k = 0; k < n; k++)
        out[k] = row[columns[k]];
}

static void read_level(int *out, const double *row, int column, int n_levels, int n)
{
    const double level = row[column];
    for (int k = 0; k < n; k++)
        out[k] = isnan(level) ? n_levels : level < 0 ? n_levels + 1 : (int)level;
}

/* As in Howard Hinnant's "chrono-compatible low-level date algorithms": years begin with March. */
static void date_parts(double *out, const double *days, const FLASH int *parts, int n)
{
    const double day = floor(days[0]), since = day + 719468, era = floor(since / 146097);
    const double of_era = since - 146097 * era;
    const double year = floor((of_era - floor(of_era / 1460) + floor(of_era / 36524)
                               - floor(of_era / 146096)) / 365);
    const double of_year = of_era - (365 * year + floor(year / 4) - floor(year / 100));
    const double shifted = floor((5 * of_year + 2) / 153) + 2;
    const double month = shifted - 12 * floor(shifted / 12);
    for (int k = 0; k < n; k++)
        switch (parts[k]) {
        case 0: out[k] = 86400 * days[0]; break;
        case 1: out[k] = 400 * era + year + (month < 2); break;
        case 2: out[k] = isnan(days[0]) ? days[0] : month; break;
        case 3: out[k] = day + 3 - 7 * floor((day + 3) / 7); break;
        default: out[k] = 24 * (days[0] - day);
        }
}

static void fill_missing(double *out, const double *x, const FLASH double *centers, int n)
{
    for (int k = 0; k < n; k++)
        out[k] = isnan(x[k]) ? centers[k] : x[k];
}

static void take_places(double *out, const double *x, const FLASH int *places, int n)
{
    for (int k = 0; k < n; k++)
        out[k] = x[places[k]];
}

static void scale_smoothly(float *out, const double *x, const FLASH double *centers,
                           const FLASH double *spreads, int n)
{
    for (int k = 0; k < n; k++) {
        const double z = fmin(fmax((x[k] - centers[k]) / spreads[k], -1e18), 1e18), third = z / 3;
        out[k] = (float)(z / sqrt(third * third + 1));
    }
}

static void flag_missing(float *out, const double *x, const FLASH double *shares, int n)
{
    for (int k = 0; k < n; k++)
        out[k] = (float)((isnan(x[k]) ? 1 : 0) - shares[k]);
}

static void center_numbers(float *out, const double *x, const FLASH double *centers, int n)
{
    for (int k = 0; k < n; k++)
        out[k] = isnan(x[k]) ? 0 : (float)(x[k] - centers[k]);
}

static void circle_parts(float *out, const double *x, const FLASH double *periods, int size, int n)
{
    for (int k = 0; k < n && 2 * k < size; k++) {
        const double angle = x[k] * (6.283185307179586 / periods[k]);
        out[2 * k] = isnan(x[k]) ? 0 : (float)sin(angle);
        out[2 * k + 1] = isnan(x[k]) ? 0 : (float)cos(angle);
    }
}

static void look_up_level(float *out, const int *level, const FLASH int *rows,
                          const FLASH float *table, int n)
{
    for (int k = 0; k < n; k++)
        out[k] = table[rows[level[0]] * n + k];
}

static void join_features(float *out, const float *const parts[], const FLASH int *sizes,
                          const FLASH int *places, int n, int n_parts)
{
    int next = 0;
    for (int part = 0; part < n_parts; part++)
        for (int k = 0; k < sizes[part] && next < n; k++)
            out[places[next++]] = parts[part][k];
}

static void place_on_edges(double *out, const double *x, const FLASH double *edges,
                           const FLASH int *starts, int n)
{
    for (int k = 0; k < n; k++) {
        int low = starts[k], high = starts[k + 1] - 2; /* the last edge that can begin a bin */
        const double number = fmin(fmax(x[k], edges[low]), edges[high + 1]);
        while (low < high) {
            const int middle = (low + high + 1) / 2;
            if (edges[middle] <= number)
                low = middle;
            else
                high = middle - 1;
        }
        /* halved, as twice 1e308 would overflow */
        const double width = edges[low + 1] / 2 - edges[low] / 2;
        out[k] = low + (number / 2 - edges[low] / 2) / (width > 0 ? width : 1);
    }
}

static void fill_bins(float *out, const double *places, const FLASH int *owners,
                      const FLASH int *lows, const FLASH float *means, int n)
{
    for (int k = 0; k < n; k++)
        out[k] = (float)fmin(fmax(places[owners[k]] - lows[k], 0), 1) - means[k];
}

static void interpolate_rows(float *out, const float *sums, const double *places,
                             const FLASH float *table, int n, int n_places)
{
    for (int k = 0; k < n; k++)
        out[k] = sums[k];
    for (int number = 0; number < n_places; number++) {
        const double low = floor(places[number]);
        const float part = (float)(places[number] - low), rest = 1 - part;
        const FLASH float *row = table + (long)low * n, *next = part > 0 ? row + n : row;
        for (int k = 0; k < n; k++)
            out[k] += rest * row[k] + part * next[k];
    }
}

static void weight_inputs(float *out, const float *x, const FLASH float *weight,
                          const FLASH float *bias, int members, int inputs, int units, int apart)
{
    for (int member = 0; member < members; member++) {
        const FLASH float *own = weight + (long)member * inputs * units;
        for (int unit = 0; unit < units; unit++)
            out[unit] = 0;
        for (int k = 0; k < inputs; k++)
            for (int unit = 0; unit < units; unit++)
                out[unit] += x[k] * own[k * units + unit];
        for (int unit = 0; unit < units; unit++)
            out[unit] += bias[unit];
        out += units;
        bias += units;
        x += apart;
    }
}

static void activate_relu(float *out, const float *x, int n)
{
    for (int k = 0; k < n; k++)
        out[k] = x[k] > 0 ? x[k] : 0;
}

static void activate_silu(float *out, const float *x, int n)
{
    for (int k = 0; k < n; k++)
        out[k] = x[k] / (1 + expf(-x[k]));
}

static void activate_leaky_silu(float *out, const float *x, int n)
{
    for (int k = 0; k < n; k++)
        out[k] = x[k] * (1 / (1 + expf(-x[k])) + 0.1f);
}

static void walk_trees(float *out, const float *x, const FLASH int *feature,
                       const FLASH float *threshold, const FLASH int *below, const FLASH int *roots,
                       const FLASH float *bias, int n, int n_trees)
{
    for (int k = 0; k < n; k++) {
        double sum = 0;
        for (int tree = 0; tree < n_trees; tree++) {
            int node = *roots++;
            while (feature[node] >= 0)
                node = below[2 * node + (x[feature[node]] > threshold[node])];
            sum += threshold[node];
        }
        out[k] = (float)(sum + bias[k]);
    }
}

static void add_means(double *out, const double *before, const float *x, const FLASH double *shares,
                      int n_folds, int n_outputs, int members)
{
    for (int fold = 0; fold < n_folds; fold++)
        for (int k = 0; k < n_outputs; k++) {
            double sum = 0;
            for (int member = 0; member < members; member++)
                sum += shares[member * n_folds + fold] * x[member * n_outputs + k];
            out[fold * n_outputs + k] = sum + (before ? before[fold * n_outputs + k] : 0);
        }
}

static void mean_of_folds(double *out, const double *x, int n_folds, int n)
{
    for (int k = 0; k < n; k++) {
        out[k] = 0;
        for (int fold = 0; fold < n_folds; fold++)
            out[k] += x[fold * n + k] / n_folds;
    }
}

static void calibrate(double *out, const double *x, const FLASH double *temperatures, int n,
                      int n_temperatures)
{
    for (int k = 0; k < n; k++)
        out[k] = x[k] / temperatures[k % n_temperatures];
}

static void link_sigmoid(double *out, const double *x, int n_outputs, int n)
{
    for (int k = 0; k < n && n_outputs; k++)
        out[k] = 1 / (1 + exp(-x[k]));
}

static void link_softmax(double *out, const double *x, int n_outputs, int n)
{
    for (int start = 0; start < n; start += n_outputs) {
        double largest = x[start], sum = 0;
        for (int k = start; k < start + n_outputs; k++)
            largest = fmax(largest, x[k]);
        for (int k = start; k < start + n_outputs; k++)
            sum += out[k] = exp(x[k] - largest);
        for (int k = start; k < start + n_outputs; k++)
            out[k] /= sum;
    }
}

static void link_exp(double *out, const double *x, int n_outputs, int n)
{
    for (int k = 0; k < n && n_outputs; k++)
        out[k] = exp(fmin(x[k], 30));
}

static void link_sort(double *out, const double *x, int n_outputs, int n)
{
    for (int k = 0; k < n; k++) {
        int place = k;
        for (; place % n_outputs && out[place - 1] > x[k]; place--)
            out[place] = out[place - 1];
        out[place] = x[k];
    }
}

static void link_both(double *out, const double *x, int n_outputs, int n)
{
    for (int k = 0; k < n && n_outputs; k++) {
        out[2 * k] = 1 - x[k];
        out[2 * k + 1] = x[k];
    }
}

static void to_unit(double *out, const double *x, const FLASH double *scales,
                    const FLASH double *centers, const FLASH double *lows,
                    const FLASH double *highs, int n)
{
    for (int k = 0; k < n; k++)
        out[k] = fmin(fmax(x[k] * scales[k] + centers[k], lows[k]), highs[k]);
}

static void choose_class(int *out, const double *x, const FLASH double *thresholds,
                         int n_thresholds, int n)
{
    out[0] = 0;
    for (int k = 0; k < n; k++)
        if (n_thresholds)
            out[k] = x[k] > thresholds[k];
        else if (x[k] > x[out[0]])
            out[0] = k;
}

static void bound_interval(double *out, const double *x, const FLASH float *scores,
                           const FLASH int *starts, const FLASH double *knots,
                           const FLASH double *errors, double low, double high, int n, int n_folds,
                           int n_knots, double coverage)
{
    double center[FOLDS], size[FOLDS];
    int next[FOLDS];
    const int number = starts[n_folds];
    const double tail = (1 - coverage) / 2;
    const int ranks[2] = {(int)floor(tail * (number + 1) + 1e-9),
                          number + 1 - (int)ceil((1 - tail) * (number + 1) - 1e-9)};
    for (int fold = 0; fold < n_folds; fold++) {
        int k = 0;
        const double own = center[fold] = fmin(fmax(x[fold], low), high);
        while (k < n_knots && knots[k] <= own)
            k++;
        size[fold] = k == 0 ? errors[0] : errors[k - 1];
        if (k > 0 && k < n_knots)
            size[fold] += (errors[k] - errors[k - 1]) * (own - knots[k - 1])
                          / (knots[k] - knots[k - 1]);
    }
    /* From below, then from above: the next value of the folds, so often as the rank says. */
    for (int side = 0; side < n; side++) {
        double bound = NAN;
        for (int fold = 0; fold < n_folds; fold++)
            next[fold] = side ? starts[fold + 1] - 1 : starts[fold];
        for (int rank = coverage < 1 ? 0 : ranks[side]; rank < ranks[side]; rank++) {
            int best = -1;
            for (int fold = 0; fold < n_folds; fold++) {
                if (next[fold] < starts[fold] || next[fold] == starts[fold + 1])
                    continue;
                const double value = center[fold] + size[fold] * scores[next[fold]];
                if (best < 0 || (side ? value > bound : value < bound)) {
                    best = fold;
                    bound = value;
                }
            }
            next[best] += side ? -1 : 1;
        }
        out[side] = isnan(bound) ? bound : fmin(fmax(bound, low), high);
    }
}
