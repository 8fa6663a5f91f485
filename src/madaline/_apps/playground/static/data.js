// The choice of data: those that are made up, or two columns of a table, and how many rows.

import { element, facts, joined, number, t, upload } from "./base.js";
import { css, divergingColors, drawPoints, palette } from "./plane.js";

const $ = (id) => document.getElementById(id);

const [LEAST_ROWS, MOST_ROWS] = [50, 1000]; // of data that are made up; a table has its own

const SLIDERS = { noise: (value) => value.toFixed(2), rows: String, held_out: (value) => `${Math.round(100 * value)}%` };

export class Data {
  constructor({ change, fail }) {
    Object.assign(this, { change, fail, table: null, rows: 300 }); // rows of data that are made up
    $("datasets").replaceChildren(...facts.datasets.map(({ name, title }) => this.choice(name, t(title))), this.choice("table", t("Your table")));
    thumbnails();
    for (const [name, show] of Object.entries(SLIDERS)) {
      $(name).addEventListener("input", () => { $(`${name}-value`).textContent = show(Number($(name).value)); });
      $(name).addEventListener("change", () => change({ [name]: Number($(name).value) }));
    }
    $("seed").addEventListener("change", () => change({ seed: Math.max(0, Math.round(Number($("seed").value))) }));
    $("file").addEventListener("change", async () => { await this.read($("file").files[0]); $("file").value = ""; });
    for (const [id, at] of [["column-across", 0], ["column-up", 1]]) {
      $(id).addEventListener("change", () => change({ columns: this.columns.with(at, $(id).value) }));
    }
    $("target").addEventListener("change", () => this.predict($("target").value));
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => { event.preventDefault(); this.read(event.dataTransfer.files[0]); });
  }

  choice(name, title) {
    const made = name !== "table" && element("canvas", { width: 72, height: 72, "data-name": name });
    return element("label", { class: "dataset", id: `choice-${name}` },
      element("input", { type: "radio", name: "dataset", value: name, onchange: () => this.change({ data: name, ...(name === "table" ? this.use(this.table) : { rows: this.rows }) }) }),
      made || element("i", { class: "table-picture", "aria-hidden": "true", text: "▦" }), element("span", { text: title }));
  }

  // Sends a file to the server, and shows two of its columns.
  async read(file) {
    if (!file) return;
    try {
      this.change({ data: "table", ...this.use(await upload("/network/table", file)) });
    } catch (error) {
      this.fail(error);
    }
  }

  // Takes over what the server tells of a table; returns the settings for it.
  use(told) {
    this.table = told;
    return { table: told.table, target: told.target, columns: told.columns, rows: this.mostRows };
  }

  get mostRows() {
    return Math.min(MOST_ROWS, this.table.rows);
  }

  // Chooses a target; an axis that is it already gives way.
  predict(target) {
    const free = this.table.axes.filter((name) => name !== target && !this.columns.includes(name));
    this.change({ target, columns: this.columns.map((name) => (name === target ? free.shift() ?? name : name)) });
  }

  show(state) {
    this.columns = state.columns;
    const chosen = $(`choice-${state.data}`)?.querySelector("input");
    if (chosen) chosen.checked = true;
    $("choice-table").hidden = !this.table;
    const isTable = state.data === "table";
    $("columns").hidden = !isTable;
    $("noise").parentElement.hidden = isTable;
    if (!isTable) this.rows = state.rows;
    const most = isTable && this.table ? this.mostRows : MOST_ROWS;
    Object.assign($("rows"), { min: Math.min(LEAST_ROWS, most), max: most, step: isTable ? 1 : 50 });
    for (const [name, show] of Object.entries(SLIDERS)) {
      $(name).value = state[name];
      $(`${name}-value`).textContent = show(Number(state[name]));
    }
    $("seed").value = state.seed;
    if (!isTable || !this.table) return;
    fill($("target"), this.table.targets, state.target);
    const axes = this.table.axes.filter((name) => name !== state.target);
    fill($("column-across"), axes.filter((name) => name !== state.columns[1]), state.columns[0]);
    fill($("column-up"), axes.filter((name) => name !== state.columns[0]), state.columns[1]);
  }

  // Tells how the columns are encoded, and which rows are left out.
  showNotes(notes, ends) {
    if (!notes?.codes) return;
    const told = this.columns.map((name, axis) => (notes.codes[name]
      ? t("{column} is a category: codes {codes}, standardized.", { column: name, codes: notes.codes[name] })
      : t("{column} is standardized: shown from {low} to {high}.", { column: name, low: number(ends[axis][0]), high: number(ends[axis][1]) })));
    if (notes.left_out) told.push(t("{n} rows have no value in one of the three columns and are left out.", { n: notes.left_out }));
    if (notes.rows < notes.complete) told.push(t("{n} of {all} rows are taken at random.", { n: notes.rows, all: notes.complete }));
    $("table-notes").textContent = t("{table}: {notes}", { table: this.table.name, notes: joined(...told) });
  }
}

// Draws a small picture of each data set.
export function thumbnails() {
  const colors = palette();
  const of = divergingColors(colors, 1);
  for (const { name, points, values } of facts.datasets) {
    const canvas = document.querySelector(`canvas[data-name="${name}"]`);
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, 72, 72);
    if (points) drawPoints(canvas, points, (row) => css(of[Math.round(127.5 * (1 + values[row]))]), { radius: 2.6, filled: true, edge: "transparent" });
    else {
      context.fillStyle = css(colors.text);
      context.font = "600 30px system-ui";
      context.textAlign = "center";
      context.fillText("3 8", 36, 46);
    }
  }
}

function fill(select, names, chosen) {
  select.replaceChildren(...names.map((name) => element("option", { value: name, text: name })));
  select.value = chosen;
}
