// The choice of data on pages that learn from all columns of a table: made up, or the visitor's own.

import { address, element, facts, post, t, upload } from "./base.js";

export class TableChoice {
  // `open` runs a request that changes the table; then the page begins anew.
  constructor(page, controls, open) {
    Object.assign(this, { page, fields: controls.elements, table: facts.table }); // { table, name, columns, target }
    const read = async (file) => {
      if (!file) return;
      await open(async () => {
        this.table = await upload(`/${page}/table`, file);
        this.fields.data.value = "table";
        this.show("");
      });
      this.fields.file.value = ""; // so that the same file can be opened again
    };
    controls.addEventListener("submit", (event) => event.preventDefault());
    this.fields.file.addEventListener("change", (event) => {
      event.stopPropagation();
      read(event.target.files[0]);
    });
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      read(event.dataTransfer.files[0]);
    });
  }

  get isChosen() {
    return this.fields.data.value === "table";
  }

  // What is asked of the server, and stands in the address.
  get settings() {
    if (!this.isChosen) return {};
    const table = this.table?.table ?? address.read().table;
    return { ...(table ? { table } : {}), target: this.fields.target.value };
  }

  // Opens the table whose key is in the address, unless it is the one that was opened last.
  async recall() {
    const { data, table } = address.read();
    if (data !== "table" || !table || table === this.table?.table) return;
    this.table = null;
    this.table = await post(`/${this.page}/known`, { table });
  }

  // Shows the fields of the chosen data, and the columns of the table.
  show(target = this.fields.target.value) {
    const columns = this.table?.columns ?? [];
    fill(this.fields.target, columns, columns.includes(target) ? target : this.table?.target);
    document.getElementById("table-name").textContent = this.table?.name ?? "";
    for (const label of document.querySelectorAll(".made")) label.hidden = this.isChosen;
    for (const label of document.querySelectorAll(".own")) label.hidden = !this.isChosen;
  }

  get notOpen() {
    return this.isChosen && !this.table;
  }
}

// Puts names into a field; the first of `others` is the choice of none of them.
export function fill(select, names, chosen, none) {
  const options = names.map((name) => element("option", { value: name, text: name }));
  select.replaceChildren(...(none ? [element("option", { value: "", text: none })] : []), ...options);
  select.value = chosen ?? "";
}
