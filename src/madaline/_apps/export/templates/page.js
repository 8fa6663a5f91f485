// The page: fields of a row, the answer to it, and a file of rows. Texts are those of @TEXTS@, by language.

const texts = @TEXTS@;
const written = @WRITTEN@;
const missingWords = new Set(["", "?", "-", "na", "n/a", "nan", "null", "none", "nat"]);
const $ = (id) => document.getElementById(id);
const made = (name, properties = {}, children = []) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};
let language = navigator.language.startsWith("zh") && texts.zh ? "zh" : Object.keys(texts)[0];
const say = (name, values = {}) => texts[language][name].replace(/\{(\w+)\}/g, (gap, key) => values[key] ?? gap);
const shown = (number) => number.toLocaleString(language, { maximumSignificantDigits: 4 });
const share = (number) => number.toLocaleString(language, { style: "percent", maximumFractionDigits: 1 });
const isoDay = (day) => new Date(day * 864e5).toISOString().slice(0, 10);

$("change").hidden = outputs.length > 1 || !outputs[0].labels; // numbers have no "other" answer
const usual = columns.map(({ typical }) => typical);
let row = [...usual], waiting;

/** Returns a cell as people write it as a number of the row; throws where it is none. */
function readCell(text, number) {
  const { kind } = columns[number], form = written[number], cell = text.trim();
  if (kind === "category") {
    const level = typed(cell, number);
    return level >= 0 ? level : missingWords.has(cell.toLowerCase()) ? NaN : typed(text, number);
  }
  if (missingWords.has(cell.toLowerCase()) || form.words.includes(cell)) return NaN;
  if (kind === "boolean") {
    const truth = { true: 1, yes: 1, t: 1, y: 1, 1: 1, false: 0, no: 0, f: 0, n: 0, 0: 0 }[cell.toLowerCase()];
    return typed(truth ?? cell, number);
  }
  if (kind === "datetime") {
    const [, first, second, year, rest] = cell.match(/^(\d{1,2})[./-](\d{1,2})[./-](\d{4})(.*)$/) ?? [];
    const [day, month] = form.order === "month-first" ? [second, first] : [first, second];
    const padded = (own) => own.padStart(2, "0");
    const iso = cell.replace(/^(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)/, (_, ...own) => [own[0], padded(own[1]), padded(own[2])].join("-"));
    return typed(!year ? iso : form.order ? `${year}-${padded(month)}-${padded(day)}${rest}` : cell, number);
  }
  let plain = cell.replace("\u2212", "-");
  for (const dress of [form.before, form.after, form.symbol]) if (dress) plain = plain.replace(dress, "").trim();
  if (form.thousands && /\d/.test(plain)) plain = plain.replaceAll(form.thousands, "");
  plain = plain.replace(form.decimal, ".");
  const scale = form.after && cell.includes(form.after) ? 10 ** form.power : 1;
  return scale * typed(/^[+-]?[\d.]+([eE][+-]?\d+)?$/.test(plain) ? plain : "?" + cell, number);
}

/** Returns the field of a column, which changes the row. */
function fieldOf(column, number) {
  const id = `field${number}`, set = (value) => ((row[number] = value), answer());
  const label = made("label", { htmlFor: id, textContent: column.name });
  const options = column.kind === "boolean" ? [["true", 1], ["false", 0]]
    : (column.levels ?? []).map((level, own) => [level, own]);
  if (column.kind === "category" && options.length > 500) {
    const known = made("datalist", { id: `${id}-levels` }, column.levels.slice(0, 5000).map((value) => made("option", { value })));
    const input = made("input", { id, className: "wide", value: row[number] >= 0 ? column.levels[row[number]] : "" });
    input.setAttribute("list", known.id);
    input.oninput = () => set(input.value ? typed(input.value, number) : NaN);
    return made("div", { className: "field" }, [label, input, known]);
  }
  if (column.kind === "category" || column.kind === "boolean") {
    const given = [[say("none"), ""], ...options];
    if (column.kind === "category") given.push([say("other"), -1]);
    const select = made("select", { id }, given.map(([textContent, value]) => made("option", { textContent, value })));
    select.value = Number.isNaN(row[number]) ? "" : row[number];
    select.onchange = () => set(select.value === "" ? NaN : +select.value);
    return made("div", { className: "field" }, [label, select]);
  }
  if (column.kind === "datetime") {
    const input = made("input", { id, type: "date", className: "wide", value: Number.isNaN(row[number]) ? "" : isoDay(row[number]) });
    input.oninput = () => set(input.value ? typed(input.value, number) : NaN);
    return made("div", { className: "field" }, [label, input]);
  }
  const [min, max] = column.span, value = row[number];
  const exact = made("input", { id, type: "number", step: "any", value: Number.isNaN(value) ? "" : +value.toPrecision(6) });
  const slider = made("input", { type: "range", min, max, step: "any", value });
  slider.setAttribute("aria-label", say("slider", { column: column.name }));
  slider.oninput = () => set(+(exact.value = (+slider.value).toPrecision(4)));
  exact.oninput = () => {
    if (exact.value) slider.value = exact.value;
    set(exact.value ? +exact.value : NaN);
  };
  return made("div", { className: "field" }, [label, slider, exact]);
}

const coverage = () => +$("coverage").value || 0.9;

/** Shows the answer to the row. */
function answer() {
  const found = evaluate(row, coverage());
  const lines = outputs.flatMap((output, k) => {
    const name = outputs.length > 1 ? [made("small", { textContent: output.name })] : [];
    if (output.labels) {
      const shares = outputs.length > 1 ? [1 - found.probabilities[k], found.probabilities[k]] : [...found.probabilities];
      const ordered = shares.map((own, number) => [own, output.labels[number]]).sort((a, b) => b[0] - a[0]);
      const rows = ordered.slice(0, 10).map(([own, text]) => {
        const bar = made("meter", { value: own });
        bar.setAttribute("aria-label", text);
        return made("tr", {}, [made("th", { scope: "row", textContent: text }), made("td", {}, [bar]), made("td", { className: "number", textContent: share(own) })]);
      });
      return [...name, made("p", { className: "big", textContent: output.labels[found.label[k]] }), made("table", {}, [made("tbody", {}, rows)])];
    }
    const bounds = found.intervals.length === outputs.length ? found.intervals[k] : null;
    const held = bounds && say("interval", { coverage: share(coverage()), low: shown(bounds[0]), high: shown(bounds[1]) });
    return [...name, made("p", { className: "big", textContent: shown(found.prediction[k]) }), ...(held ? [made("p", { textContent: held })] : [])];
  });
  if (found.intervals.length === 1 && outputs.length > 1) {
    const [low, high] = found.intervals[0].map(shown);
    lines.push(made("p", { textContent: say("interval", { coverage: share(coverage()), low, high }) }));
  }
  $("answer").replaceChildren(...lines);
  $("why").setAttribute("aria-busy", "true");
  clearTimeout(waiting);
  waiting = setTimeout(() => (explain(), $("change").hidden || change()), 200); // not at each step of a slider
}

const valueText = ({ kind, levels }, value, told = shown) => Number.isNaN(value) ? say("none")
  : kind === "category" ? levels[value] ?? say("other") : kind === "datetime" ? isoDay(value) : kind === "boolean" ? String(value === 1) : told(value);

/** Shows what each column adds to the usual prediction. */
function explain() {
  const found = evaluate(row, coverage());
  const numbers = ({ prediction, probabilities }) => outputs.map(({ labels }, k) => {
    if (!labels) return prediction[k];
    if (outputs.length === 1) return probabilities[found.label[0]];
    return found.label[k] ? probabilities[k] : 1 - probabilities[k];
  });
  const numbersOf = (own) => numbers(evaluate(own, coverage()));
  const added = contributions(row, usual, numbersOf), before = numbersOf(usual), after = numbers(found);
  const tables = outputs.flatMap((output, k) => {
    const of = output.labels && say("probability", { label: output.labels[found.label[k]] });
    const caption = [outputs.length > 1 && output.name, of].filter(Boolean).join(": ");
    return [...(caption ? [made("small", { textContent: caption })] : []), sumTable(added.map((own) => own[k]), before[k], after[k], output.labels)];
  });
  const changed = row.some((own, k) => !Object.is(own, usual[k]));
  $("why").replaceChildren(...(changed ? tables : [made("p", { textContent: say("all_usual") })]));
  $("why").setAttribute("aria-busy", "false");
}

/** Returns the table of a sum: from the usual prediction over what columns add to the prediction of the row. */
function sumTable(added, before, after, isShare) {
  const largest = Math.max(Math.abs(before), Math.abs(after), ...added.map(Math.abs)) || 1;
  const digits = isShare ? 1 : Math.min(20, Math.max(0, 3 - Math.floor(Math.log10(largest))));
  const told = (value, signDisplay) => made("data", { value, textContent: value.toLocaleString(language, {
    signDisplay, style: isShare ? "percent" : "decimal", minimumFractionDigits: digits, maximumFractionDigits: digits }) });
  const line = (name, bars, number) => made("tr", {}, [made("th", { scope: "row", textContent: name }), made("td", {}, bars), made("td", { className: "number" }, [number])]);
  const ordered = [...added.keys()].filter((k) => Math.abs(added[k]) > 1e-9 * largest).sort((a, b) => Math.abs(added[b]) - Math.abs(added[a]));
  const rest = ordered.slice(11).reduce((sum, k) => sum + added[k], 0), longest = Math.abs(added[ordered[0]]);
  const barOf = (value) => {
    const part = made("span", { className: value < 0 ? "less" : "more" }), width = Math.min(50, (50 * Math.abs(value)) / longest);
    part.style.width = `${width}%`; // a policy of styles allows it by script
    part.style.marginLeft = `${value < 0 ? 50 - width : 50}%`;
    return [made("span", { className: "signed" }, [part])];
  };
  const lines = ordered.slice(0, 11).map((k) =>
    line(`${columns[k].name} = ${valueText(columns[k], row[k])}`, barOf(added[k]), told(added[k], "always")));
  if (ordered.length > 11) lines.push(line(say("rest", { columns: ordered.length - 11 }), barOf(rest), told(rest, "always")));
  return made("table", {}, [made("tbody", {}, [line(say("usual_prediction"), [], told(before, "auto")), ...lines, line(say("answer"), [], told(after, "auto"))])]);
}

/** Returns the number nearest to the row's that gives another class, with few digits, or none. */
function nearestNumber({ span: [min, max] }, now, isOther) {
  const found = [max, min].map((end) => {
    const up = end > now, steps = 20, at = (step) => now + ((end - now) * step) / steps;
    if (up !== (end === max)) return null; // the row's lies at this end, or beyond
    let step = 1;
    while (step <= steps && !isOther(at(step))) step++;
    if (step > steps) return null;
    let [same, other] = [at(step - 1), at(step)];
    for (let k = 0; k < 12; k++) {
      const middle = (same + other) / 2;
      if (isOther(middle)) other = middle;
      else same = middle;
    }
    for (let digits = Math.max(0, 1 - Math.floor(Math.log10(max - min))); digits < 12; digits++) {
      const scale = 10 ** digits, rounded = (up ? Math.ceil(other * scale) : Math.floor(other * scale)) / scale;
      if (rounded >= min && rounded <= max && isOther(rounded)) return rounded;
    }
    return null;
  });
  return found.filter((own) => own !== null).sort((a, b) => Math.abs(a - now) - Math.abs(b - now))[0];
}

/** Returns changes of single columns that give another class, the smallest first; a level or a truth counts as a whole span. */
function changes() {
  const labelOf = (number, value) => evaluate(row.map((own, k) => (k === number ? value : own)), coverage()).label[0];
  const before = evaluate(row, coverage()).label[0];
  const found = columns.flatMap((column, number) => {
    const isOther = (value) => labelOf(number, value) !== before, [min, max] = column.span;
    if (column.kind === "number") {
      const value = max > min && !Number.isNaN(row[number]) ? nearestNumber(column, row[number], isOther) : undefined;
      return value === undefined ? [] : [{ number, value, size: Math.abs(value - row[number]) / (max - min) }];
    }
    const given = column.kind === "boolean" ? [1, 0] : column.kind === "category" ? column.levels.slice(0, 100).keys() : [];
    const value = [...given].find((own) => own !== row[number] && isOther(own));
    return value === undefined ? [] : [{ number, value, size: 1 }];
  });
  return found.sort((a, b) => a.size - b.size).slice(0, 5).map((own) => ({ ...own, label: labelOf(own.number, own.value) }));
}

/** Shows which change of one column would give another class. */
function change() {
  const lines = changes().map(({ number, value, label }) => {
    const [now, then] = [row[number], value].map((own) => valueText(columns[number], own, (exact) => +exact.toPrecision(12)));
    return say("change_line", { column: columns[number].name, value: then, now, label: outputs[0].labels[label] });
  });
  $("changes").replaceChildren(...(lines.length ? lines : [say("change_none")]).map((textContent) => made("li", { textContent })));
}

/** Returns the rows of a CSV file, each a list of cells. */
function parseCsv(text) {
  const head = text.split(/\r?\n/, 1)[0], mark = [",", ";", "\t"].sort((a, b) => head.split(b).length - head.split(a).length)[0];
  const rows = [[]];
  for (let at = 0; at <= text.length; ) {
    let cell = "";
    if (text[at] === '"') {
      for (at++; at < text.length && (text[at] !== '"' || text[++at] === '"'); at++) cell += text[at];
    } else while (at < text.length && text[at] !== mark && text[at] !== "\n") cell += text[at++];
    rows.at(-1).push(cell.replace(/\r$/, ""));
    if (text[at] === "\r") at++;
    if (text[at] === "\n" && at < text.length - 1) rows.push([]);
    else if (text[at] === "\n" || at >= text.length) break;
    at++;
  }
  return { mark, rows };
}

/** Predicts the rows of a file, and offers them with predictions. */
async function predictFile(file) {
  $("take").hidden = true;
  const { mark, rows } = parseCsv((await file.text()).replace(/^\ufeff/, ""));
  const [head, ...cells] = rows, places = columns.map(({ name }) => head.findIndex((own) => own.trim() === name));
  const absent = columns.filter((column, k) => places[k] < 0).map(({ name }) => name);
  if (absent.length) return ($("told").textContent = say("absent", { columns: absent.join(", ") }));
  const quoted = (own) => (/["\n\r]/.test(own) || String(own).includes(mark) ? `"${String(own).replaceAll('"', '""')}"` : own);
  const made = [[...head, ...answerNames()]];
  for (const [k, own] of cells.entries()) {
    let column = 0;
    try {
      const values = columns.map((_, number) => readCell(own[places[(column = number)]] ?? "", number));
      made.push([...own, ...answersOf(evaluate(values, coverage()))]);
    } catch {
      const told = { row: k + 2, column: columns[column].name, cell: own[places[column]] };
      return ($("told").textContent = say("unreadable", told));
    }
  }
  const lines = made.map((own) => own.map(quoted).join(mark)).join("\r\n") + "\r\n";
  URL.revokeObjectURL($("take").href);
  $("take").href = URL.createObjectURL(new Blob(["\ufeff", lines], { type: "text/csv" }));
  $("take").download = file.name.replace(/(\.\w+)?$/, "_predicted.csv");
  $("take").hidden = false;
  $("told").textContent = say("predicted", { rows: cells.length.toLocaleString(language) });
}

const answerNames = () => outputs.flatMap(({ name, labels }) => {
  const of = outputs.length > 1 ? `${target}_${name}` : target;
  return labels ? [`predicted_${of}`, ...labels.map((label) => `probability_${outputs.length > 1 ? `${name}_` : ""}${label}`)] : [`predicted_${of}`];
}).concat(maxCoverage && outputs.length === 1 ? [`${target}_low`, `${target}_high`] : []);
const answersOf = (found) => outputs.flatMap(({ labels }, k) => {
  if (!labels) return [found.prediction[k]];
  const shares = outputs.length > 1 ? [1 - found.probabilities[k], found.probabilities[k]] : [...found.probabilities];
  return [labels[found.label[k]], ...shares];
}).concat(maxCoverage && outputs.length === 1 ? found.intervals[0] : []);

/** Writes all texts anew, and the fields. */
function show() {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  $("title").textContent = document.title = say("title");
  $("score").textContent = say("score");
  $("covered").hidden = !maxCoverage;
  $("fields").replaceChildren(...columns.map(fieldOf));
  answer();
}

$("language").append(...Object.entries(texts).map(([value, { name }]) => made("option", { value, textContent: name, lang: value })));
$("language").value = language;
$("language").onchange = () => ((language = $("language").value), show());
const shares = [0.5, 0.8, 0.9, 0.95, 0.99].filter((own) => own <= maxCoverage);
$("coverage").append(...(shares.length ? shares : [maxCoverage]).map((value) => made("option", { value, textContent: share(value) })));
$("coverage").value = shares.includes(0.9) ? 0.9 : (shares.at(-1) ?? maxCoverage);
$("coverage").onchange = answer;
$("usual").onclick = () => ((row = [...usual]), show());
$("file").onchange = () => $("file").files[0] && predictFile($("file").files[0]);
$("drop").ondragover = (event) => (event.preventDefault(), $("drop").classList.add("over"));
$("drop").ondragleave = () => $("drop").classList.remove("over");
$("drop").ondrop = (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  if (event.dataTransfer.files[0]) predictFile(event.dataTransfer.files[0]);
};
show();
