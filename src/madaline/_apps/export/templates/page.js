// The page: fields of a row, the answer to it, why, and what would change it. Texts are those of @TEXTS@, by language.

const texts = @TEXTS@;
const written = @WRITTEN@;
const $ = (id) => document.getElementById(id);
const made = (name, properties = {}, children = []) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};
let language = navigator.language.startsWith("zh") && texts.zh ? "zh" : Object.keys(texts)[0];
const say = (name, values = {}) => texts[language][name].replace(/\{(\w+)\}/g, (gap, key) => values[key] ?? gap);
const shown = (number) => number.toLocaleString(language, { maximumSignificantDigits: 4 });
const precise = (number) => +number.toPrecision(6);
const percent = (number) => number.toLocaleString(language, { style: "percent", maximumFractionDigits: 1 });
const share = (number) => number > 0 && number < 5e-4 ? `< ${percent(1e-3)}` : number < 1 && number >= 0.9995 ? `> ${percent(0.999)}` : percent(number);
const isoTime = (day, { step }) => new Date(Math.round(day * 1440) * 6e4).toISOString().slice(0, step < 1 ? 16 : 10);

const usual = columns.map(({ typical }) => typical);
let row = [...usual], waiting;

/** Returns the name of an output as people read it; a single interval is that of the quantile in the middle. */
const isQuantiles = outputs.length > 1 && !outputs[0].labels && evaluate(usual).intervals.length === 1;
const nameOf = ({ name }) => (isQuantiles ? say("quantile", { quantile: name }) : name);

/** Returns the field of a column, which changes the row. */
function fieldOf(column, number) {
  const id = `field${number}`, set = (value) => ((row[number] = value), answer());
  const label = made("label", { htmlFor: id, textContent: column.name });
  const options = column.kind === "boolean" ? [["true", 1], ["false", 0]]
    : (column.levels ?? []).map((level, own) => [level, own]);
  if (column.kind === "category" && options.length > 500) {
    const known = made("datalist", { id: `${id}-levels` }, column.levels.slice(0, 5000).map((value) => made("option", { value })));
    const input = made("input", { id, className: "wide", value: row[number] >= 0 ? column.levels[row[number]] : "" });
    const told = made("small", { id: `${id}-told` });
    input.setAttribute("list", known.id);
    input.setAttribute("aria-describedby", told.id);
    input.oninput = () => (set(input.value ? typed(input.value, number) : NaN), (told.textContent = row[number] < 0 ? say("unknown") : ""));
    return made("div", { className: "field" }, [label, input, told, known]);
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
    const type = column.step < 1 ? "datetime-local" : "date", value = Number.isNaN(row[number]) ? "" : isoTime(row[number], column);
    const input = made("input", { id, type, className: "wide", value });
    input.oninput = () => set(input.value ? typed(input.value, number) : NaN);
    return made("div", { className: "field" }, [label, input]);
  }
  const [min, max] = column.span, value = row[number];
  const exact = made("input", { id, type: "number", step: "any", value: Number.isNaN(value) ? "" : precise(value) });
  const slider = made("input", { type: "range", min, max, step: column.step || "any", value });
  slider.setAttribute("aria-label", say("slider", { column: column.name }));
  slider.oninput = () => set(+(exact.value = +(+slider.value).toPrecision(4)));
  exact.oninput = () => {
    if (exact.value) slider.value = exact.value;
    set(exact.value ? +exact.value : NaN);
  };
  return made("div", { className: "field" }, [label, slider, exact]);
}

const coverage = () => +$("coverage").value || 0.9;

/** Returns the probability of each label of each output. */
const probabilitiesOf = ({ probabilities }) =>
  outputs.length === 1 ? [[...(probabilities ?? [])]] : outputs.map((_, k) => probabilities && [1 - probabilities[k], probabilities[k]]);

/** Of outputs of two labels the one that is rarer in usual rows: its probability is told, whatever the answer. */
const rarer = outputs.map(({ labels }, k) => (labels?.length === 2 ? +(probabilitiesOf(evaluate(usual))[k][1] < 0.5) : null));

/** Shows the answer to the row. */
function answer() {
  const found = evaluate(row, coverage()), shares = probabilitiesOf(found);
  const heldBy = (bounds) => made("p", { textContent: say("interval", { coverage: share(coverage()), low: shown(bounds[0]), high: shown(bounds[1]) }) });
  const lines = outputs.flatMap(({ name, labels }, k) => {
    const named = outputs.length > 1 ? [made("small", { textContent: nameOf({ name }) })] : [];
    if (!labels)
      return [...named, made("p", { className: "big", textContent: shown(found.prediction[k]) }), ...(found.intervals.length === outputs.length ? [heldBy(found.intervals[k])] : [])];
    const label = found.label[k], ordered = shares[k].map((own, number) => [own, labels[number]]).sort((a, b) => b[0] - a[0]);
    const rows = ordered.slice(0, 10).map(([own, text]) => {
      const bar = made("meter", { value: own });
      bar.setAttribute("aria-label", text);
      return lineOf(text, [bar], share(own));
    });
    const notes = [say("sure", { target: outputs.length > 1 ? name : target, share: share(shares[k][label]), label: labels[label] })];
    if (ordered[1] && ordered[0][0] - ordered[1][0] < 0.2) notes.push(say("close"));
    if (shares[k][label] < ordered[0][0]) notes.push(say("threshold", { label: labels[label] }));
    return [...named, made("p", { className: "big", textContent: labels[label] }), made("table", {}, [made("tbody", {}, rows)]), ...notes.map((textContent) => made("p", { textContent }))];
  });
  if (found.intervals.length === 1 && outputs.length > 1) lines.push(heldBy(found.intervals[0]));
  $("answer").replaceChildren(...lines);
  $("why").setAttribute("aria-busy", "true");
  $("changes").setAttribute("aria-busy", "true");
  clearTimeout(waiting);
  waiting = setTimeout(() => (explain(), (waiting = setTimeout(change, 100))), 200); // not at each step of a slider
}

const valueText = (column, value, told = shown) => Number.isNaN(value) ? say("none")
  : column.kind === "category" ? column.levels[value] ?? say("other") : column.kind === "datetime" ? isoTime(value, column).replace("T", " ")
  : column.kind === "boolean" ? String(value === 1) : told(value);

/** Shows what each column adds to the usual prediction, or of the usual row how far each moves it. */
function explain() {
  const { label: labelNow } = evaluate(row, 0), label = outputs.map((_, k) => rarer[k] ?? labelNow?.[k]);
  const numbersOf = (own) => {
    const found = evaluate(own, 0), shares = probabilitiesOf(found);
    return outputs.map(({ labels }, k) => (labels ? shares[k][label[k]] : found.prediction[k]));
  };
  const isUsual = row.every((own, k) => Object.is(own, usual[k])), before = numbersOf(usual), after = numbersOf(row);
  const found = isUsual ? reach(row, numbersOf) : contributions(row, usual, numbersOf);
  const tables = outputs.flatMap((output, k) => {
    const of = output.labels && say("probability", { label: output.labels[label[k]] });
    const caption = [outputs.length > 1 && nameOf(output), of].filter(Boolean).join(": ");
    const table = isUsual ? reachTable(found[k], output.labels) : sumTable(found.map((own) => own[k]), before[k], after[k], output.labels);
    return [...(caption ? [made("small", { textContent: caption })] : []), table];
  });
  $("why-heading").textContent = say(isUsual ? "reach" : "why");
  $("why-text").textContent = say(isUsual ? "reach_text" : "why_text");
  $("why").replaceChildren(...tables);
  $("why").setAttribute("aria-busy", "false");
}

const tableOf = (lines) => made("table", {}, [made("tbody", {}, lines)]);
const lineOf = (name, bars, number) => made("tr", {}, [made("th", { scope: "row", textContent: name }), made("td", {}, bars), made("td", { className: "number" }, [number])]);

/** Returns a bar from one share of the width to another; a policy of styles allows it by script. */
function barOf(kind, from, to, sign = "more") {
  const part = made("span", { className: sign });
  part.style.width = `max(1px, ${100 * (to - from)}%)`;
  part.style.marginLeft = `min(${100 * from}%, 100% - 1px)`;
  return [made("span", { className: kind }, [part])];
}

/** Returns the table of how low and how high each column brings the prediction, the widest first. */
function reachTable(ranges, isShare) {
  const widthOf = (k) => ranges[k][1] - ranges[k][0], told = isShare ? share : shown;
  const ordered = [...ranges.keys()].sort((a, b) => widthOf(b) - widthOf(a)).slice(0, 12);
  const least = Math.min(...ranges.map(([low]) => low)), all = Math.max(...ranges.map(([, high]) => high)) - least;
  return tableOf(ordered.filter((k) => told(ranges[k][0]) !== told(ranges[k][1])).map((k) => {
    const [low, high] = ranges[k];
    return lineOf(columns[k].name, barOf("range", (low - least) / all, (high - least) / all), say("to", { low: told(low), high: told(high) }));
  }));
}

/** Returns the table of a sum: from the usual prediction over what columns add to the prediction of the row. */
function sumTable(added, before, after, isShare) {
  const largest = Math.max(Math.abs(before), Math.abs(after), ...added.map(Math.abs)) || 1;
  const digits = isShare ? 1 : Math.min(20, Math.max(0, 3 - Math.floor(Math.log10(largest))));
  const told = (value, signDisplay) => made("data", { value, textContent: value.toLocaleString(language, {
    signDisplay, style: isShare ? "percent" : "decimal", minimumFractionDigits: digits, maximumFractionDigits: digits }) });
  const ordered = [...added.keys()].filter((k) => Math.abs(added[k]) > 1e-9 * largest).sort((a, b) => Math.abs(added[b]) - Math.abs(added[a]));
  const rest = ordered.slice(11).reduce((sum, k) => sum + added[k], 0), longest = Math.abs(added[ordered[0]]);
  const lineOfSum = (name, value) => {
    const width = Math.min(0.5, (0.5 * Math.abs(value)) / longest);
    return lineOf(name, value < 0 ? barOf("signed", 0.5 - width, 0.5, "less") : barOf("signed", 0.5, 0.5 + width), told(value, "exceptZero"));
  };
  const lines = ordered.slice(0, 11).map((k) => lineOfSum(`${columns[k].name} = ${valueText(columns[k], row[k])}`, added[k]));
  if (ordered.length > 11) lines.push(lineOfSum(say("rest", { columns: ordered.length - 11 }), rest));
  return tableOf([lineOf(say("usual_prediction"), [], told(before, "auto")), ...lines, lineOf(say("this_prediction"), [], told(after, "auto"))]);
}

/** Returns whether a row reaches the goal, and what grows towards it. */
function wanted() {
  const k = +$("of").value, { labels } = outputs[k], now = evaluate(row, 0), goal = $("goal").value;
  if (labels) {
    const isAny = goal === "any", label = isAny ? now.label[k] : +goal;
    const reaches = (own) => (evaluate(own, 0).label[k] === label) !== isAny;
    return { reaches, progress: (own) => (isAny ? -1 : 1) * probabilitiesOf(evaluate(own, 0))[k][label] };
  }
  const sign = goal.startsWith("more") ? 1 : -1, amount = +$("amount").value;
  const bound = goal.endsWith("by") ? now.prediction[k] + sign * amount : amount, progress = (own) => sign * evaluate(own, 0).prediction[k];
  return { progress, reaches: (own) => progress(own) >= sign * bound };
}

/** Shows which changes reach the goal; a button makes one of them. */
function change() {
  const k = +$("of").value, { labels } = outputs[k], { reaches, progress } = wanted();
  const lines = reaches(row) ? [] : changes(row, reaches, progress).map((found) => {
    const told = found.parts.map(({ number, value }) => {
      const [now, then] = [row[number], value].map((own) => valueText(columns[number], own, precise));
      return say("change_part", { column: columns[number].name, value: then, now });
    });
    const { label, prediction } = evaluate(found.row, 0);
    const text = say("change_line", { changes: told.join(say("and")), answer: labels ? labels[label[k]] : shown(prediction[k]) });
    const button = made("button", { textContent: say("try"), onclick: () => showRow(found.row) });
    button.setAttribute("aria-label", `${say("try")}: ${text}`);
    return made("li", {}, [made("span", { textContent: text }), " ", button]);
  });
  $("changes").replaceChildren(...(lines.length ? lines : [made("li", { textContent: say(reaches(row) ? "reached" : "change_none") })]));
  $("changes").setAttribute("aria-busy", "false");
}

/** Offers the goals of the output that is chosen. */
function offerGoals() {
  const { labels } = outputs[+$("of").value], chosen = $("goal").value;
  const goals = labels ? [["any", say("any")], ...labels.map((label, own) => [String(own), label])] : ["more-by", "less-by", "more", "less"].map((own) => [own, say(own)]);
  $("goal").replaceChildren(...goals.map(([value, textContent]) => made("option", { value, textContent })));
  $("goal").value = goals.some(([value]) => value === chosen) ? chosen : goals[0][0];
  $("of").hidden = outputs.length === 1;
  $("amount").hidden = Boolean(labels);
  $("goals").hidden = outputs.length === 1 && labels?.length === 2;
  ["of", "amount"].forEach((id) => $(id).setAttribute("aria-label", say(`${id}_label`)));
}

/** Chooses an amount that is not small beside the errors of the output that is chosen. */
function chooseAmount() {
  const { prediction, intervals } = evaluate(row, coverage()), k = +$("of").value, [low, high] = intervals[k] ?? intervals[0] ?? [0, 0];
  if (prediction) $("amount").value = +((high - low) / 4 || Math.abs(prediction[k]) / 10 || 1).toPrecision(1);
}

/** Shows another row, and leads to its answer. */
function showRow(own) {
  row = [...own];
  show();
  $("answer-heading").focus();
}

/** Writes all texts anew, and the fields. */
function show() {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  $("title").textContent = document.title = say("title");
  $("score").textContent = say("score");
  $("answer-heading").textContent = say("answer", { target });
  $("covered").hidden = !maxCoverage;
  $("fields").replaceChildren(...columns.map(fieldOf));
  offerGoals();
  answer();
}

$("language").append(...Object.entries(texts).map(([value, { name }]) => made("option", { value, textContent: name, lang: value })));
$("language").value = language;
$("language").onchange = () => ((language = $("language").value), show(), showFile());
const shares = [0.5, 0.8, 0.9, 0.95, 0.99].filter((own) => own <= maxCoverage);
$("coverage").append(...(shares.length ? shares : [maxCoverage]).map((value) => made("option", { value, textContent: share(value) })));
$("coverage").value = shares.includes(0.9) ? 0.9 : (shares.at(-1) ?? maxCoverage);
$("coverage").onchange = () => (answer(), file && predictFile(file.given));
$("of").append(...outputs.map(({ name }, value) => made("option", { value, textContent: name })));
$("of").onchange = () => (offerGoals(), chooseAmount(), change());
$("goal").onchange = $("amount").oninput = change;
$("usual").onclick = () => ((row = [...usual]), show());
chooseAmount();
show();
