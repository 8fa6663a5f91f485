// A file of rows: reads it as people write it, shows the first rows, and offers all of them with predictions.

const missingWords = new Set(["", "?", "-", "na", "n/a", "nan", "null", "none", "nat"]);

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

const previewed = 20, toldProblems = 10;
let file; // what was made of the last one

/** Reads a row of cells; returns its values, and what is wrong with cells: a cell that cannot be read, or an unknown level. */
function readRow(cells) {
  const problems = new Map(), values = columns.map((_, number) => {
    try {
      const value = readCell(cells[number], number);
      if (columns[number].kind === "category" && value < 0) problems.set(number, "unknown");
      return value;
    } catch {
      problems.set(number, "unreadable");
      return NaN;
    }
  });
  return { values, problems, isRead: ![...problems.values()].includes("unreadable") };
}

/** Predicts the rows of a file, shows the first ones, and offers all with predictions. */
async function predictFile(given) {
  const { mark, rows } = parseCsv((await given.text()).replace(/^\ufeff/, ""));
  const [head, ...cells] = rows, places = columns.map(({ name }) => head.findIndex((own) => own.trim() === name));
  const absent = columns.filter((column, k) => places[k] < 0).map(({ name }) => name), found = [];
  const own = (file = { given, mark, head, cells, found, places, absent });
  showFile();
  for (const [k, line] of absent.length ? [] : cells.entries()) {
    found.push(readRow(places.map((place) => line[place] ?? "")));
    if (k % 200 === 199) {
      $("told").textContent = say("predicting", { rows: (k + 1).toLocaleString(language) });
      await new Promise((resume) => setTimeout(resume));
      if (file !== own) return; // another one was chosen meanwhile
    }
    if (found[k].isRead) found[k].answers = answersOf(evaluate(found[k].values, coverage()));
  }
  file.isDone = true;
  showFile();
}

/** Shows what became of the file. */
function showFile() {
  ["take", "rows", "problems"].forEach((id) => ($(id).hidden = true));
  $("told").textContent = "";
  if (!file?.isDone) return;
  const { absent, found, places, cells } = file, told = (own) => own.toLocaleString(language);
  if (absent.length) return ($("told").textContent = say("absent", { columns: absent.join(", ") }));
  const all = found.flatMap(({ problems }, k) => [...problems].map(([number, kind]) =>
    say(`cell_${kind}`, { row: k + 2, column: columns[number].name, cell: cells[k][places[number]] })));
  const unread = found.filter(({ isRead }) => !isRead).length;
  $("told").textContent = say("predicted", { rows: told(found.length - unread) }) + (unread ? ` ${say("unpredicted", { rows: told(unread) })}` : "") + countsOf(found);
  const lines = all.slice(0, toldProblems).concat(all.length > toldProblems ? say("more_problems", { count: told(all.length - toldProblems) }) : []);
  $("problems").replaceChildren(...lines.map((textContent) => made("li", { textContent })));
  $("problems").hidden = !all.length;
  $("rows").replaceChildren(previewTable());
  $("rows").hidden = false;
  offerFile();
}

/** Returns of a single output with labels how often each is predicted. */
function countsOf(found) {
  const counts = new Map();
  if (outputs.length === 1 && outputs[0].labels)
    for (const { answers } of found) if (answers) counts.set(answers[0], (counts.get(answers[0]) ?? 0) + 1);
  const told = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 10).map(([label, count]) => `${label}: ${count.toLocaleString(language)}`);
  return told.length ? ` ${told.join(", ")}.` : "";
}

/** Returns the table of the first rows: a button that shows the row above, its answer, and its cells. */
function previewTable() {
  const named = (scope) => (textContent) => made("th", { scope, textContent });
  const heads = [say("line"), ...(outputs.length > 1 ? outputs.map(({ name }) => name) : [target]), ...columns.map(({ name }) => name)];
  const lines = file.found.slice(0, previewed).map(({ values, problems, isRead }, k) => {
    const button = made("button", { textContent: k + 2, onclick: () => showRow(values) });
    button.setAttribute("aria-label", say("show_row", { row: k + 2 }));
    const answers = outputs.map((_, output) => made("td", { className: "answer", textContent: isRead ? shortAnswer(evaluate(values, coverage()), output) : "" }));
    const cells = columns.map((_, number) => {
      const cell = file.cells[k][file.places[number]] ?? "", problem = problems.get(number);
      return made("td", {}, problem ? [made("mark", { textContent: cell }), " ", made("small", { textContent: say(problem) })] : [cell]);
    });
    return made("tr", {}, [made("th", { scope: "row" }, [button]), ...answers, ...cells]);
  });
  return made("table", {}, [made("caption", { textContent: say("first_rows", { rows: lines.length }) }), made("thead", {}, [made("tr", {}, heads.map(named("col")))]), made("tbody", {}, lines)]);
}

function shortAnswer(found, k) {
  const { labels } = outputs[k], bounds = found.intervals.length === outputs.length ? found.intervals[k] : null;
  if (labels) {
    const own = rarer[k] ?? found.label[k], probability = share(probabilitiesOf(found)[k][own]);
    return `${labels[found.label[k]]} (${rarer[k] === null ? "" : `${labels[own]}: `}${probability})`;
  }
  return shown(found.prediction[k]) + (bounds ? ` (${say("to", { low: shown(bounds[0]), high: shown(bounds[1]) })})` : "");
}

/** Offers all rows with predictions as a file; of a row that cannot be read they are empty. */
function offerFile() {
  const { given, mark, head, cells, found } = file, names = answerNames();
  const quoted = (own) => (/["\n\r]/.test(own) || String(own).includes(mark) ? `"${String(own).replaceAll('"', '""')}"` : own);
  const full = cells.map((own, k) => [...head.map((_, place) => own[place] ?? ""), ...(found[k].answers ?? names.map(() => ""))]);
  const lines = [[...head, ...names], ...full].map((own) => own.map(quoted).join(mark)).join("\r\n") + "\r\n";
  URL.revokeObjectURL($("take").href);
  $("take").href = URL.createObjectURL(new Blob(["\ufeff", lines], { type: "text/csv" }));
  $("take").download = given.name.replace(/(\.\w+)?$/, "_predicted.csv");
  $("take").hidden = false;
}

/** Returns names of what is written of each row. */
const answerNames = () => outputs.flatMap(({ name, labels }) => {
  const several = outputs.length > 1, of = several ? `${target}_${name}` : target;
  return [`predicted_${of}`, ...(labels ?? []).map((label) => `probability_${several ? `${name}_` : ""}${label}`)];
}).concat(maxCoverage && outputs.length === 1 ? [`${target}_low`, `${target}_high`] : []);
const answersOf = (found) => {
  const shares = probabilitiesOf(found);
  return outputs.flatMap(({ labels }, k) => (labels ? [labels[found.label[k]], ...[...shares[k]].map(precise)] : [precise(found.prediction[k])]))
    .concat(maxCoverage && outputs.length === 1 ? [...found.intervals[0]].map(precise) : []);
};

$("file").onchange = () => $("file").files[0] && predictFile($("file").files[0]);
$("drop").ondragover = (event) => (event.preventDefault(), $("drop").classList.add("over"));
$("drop").ondragleave = () => $("drop").classList.remove("over");
$("drop").ondrop = (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  if (event.dataTransfer.files[0]) predictFile(event.dataTransfer.files[0]);
};
