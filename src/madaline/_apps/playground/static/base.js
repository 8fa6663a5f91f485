// What all pages use: sentences, requests, elements, and the state in the address.

const catalog = JSON.parse(document.getElementById("catalog").textContent);

// What the server tells the page at the start.
export const facts = JSON.parse(document.getElementById("facts").textContent);

const language = document.documentElement.lang;

// Returns a sentence in the language of the page, with values in place of {names}.
export function t(sentence, values = {}) {
  const text = catalog[sentence] ?? sentence;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// Returns a number as people read it: up to `digits` significant digits.
export function number(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e5) return value.toExponential(digits - 1).replace("-", "−");
  const decimals = size >= 1 ? Math.max(0, digits - 1 - Math.floor(Math.log10(size))) : digits;
  return value.toFixed(decimals).replace("-", "−");
}

// The next round number that is not below a value.
export function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 1.5, 2, 3, 4, 6, 8, 10].find((step) => step * power >= value * 0.999);
}

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

// Sentences one after another.
export const joined = (...told) => told.filter(Boolean).join(language === "zh" ? "" : " ");

// What goes wrong in a way that people are told; other errors are mistakes of the page.
export class Told extends Error {}

export function sentenceOf(error) {
  if (error instanceof Told) return error.message;
  console.error(error);
  return t("Something went wrong on this page: reload it.");
}

// Asks with a JSON value; returns what the server answers, or folder.js where a folder has the page.
// An error has a sentence.
export async function post(path, value) {
  const answer = globalThis.madalineAnswers?.[path];
  return answer ? answer(value) : send(`${path}?lang=${language}`, JSON.stringify(value));
}

// Sends a file; returns what is answered.
export async function upload(path, file) {
  if (globalThis.madalineAnswers) throw new Told(t("A page that opens from a folder takes no table: start madaline playground for yours."));
  if (file.size > facts.max_bytes) throw new Told(t("{name} is larger than {size} MB: start madaline playground with its path, or open a table with fewer rows.", { name: file.name, size: Math.round(facts.max_bytes / 1e6) }));
  return send(`${path}?lang=${language}&name=${encodeURIComponent(file.name)}`, file);
}

// Sends a JSON value, and saves the file that is answered under a name.
export async function download(path, value, name) {
  const answer = await post(path, value);
  const link = element("a", { href: URL.createObjectURL(answer), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function send(path, body) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", body });
  } catch {
    throw new Told(t("The server does not answer: start madaline playground again, then reload this page."));
  }
  const kind = answer.headers.get("content-type");
  if (kind === "application/octet-stream") return readFrame(await answer.arrayBuffer());
  if (kind === "application/x-npz") return answer.blob();
  const told = await answer.json().catch(() => ({ error: t("The server does not answer: start madaline playground again, then reload this page.") }));
  if (!answer.ok) throw new Told(told.error);
  return told;
}

// Reads a Frame of page.py: { ...header, arrays: { name: { shape, values } } }.
export function readFrame(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const kinds = { uint8: Uint8Array, float32: Float32Array };
  const arrays = {};
  for (const [name, [kind, shape, start]] of Object.entries(header.arrays)) {
    const size = shape.reduce((product, one) => product * one, 1);
    arrays[name] = { shape, values: new kinds[kind](buffer, 4 + length + start, size) };
  }
  return { ...header, arrays };
}

// Makes an element: attributes that begin with "on" are listeners, `class`, `text` and others as named.
export function element(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "path", "line", "circle", "rect", "text", "title", "image"].includes(tag);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "text") made.textContent = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// Lets a button copy the text of an element, and say so.
export function copyButton(button, source) {
  button.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(source.textContent);
    button.textContent = t("Copied");
    setTimeout(() => { button.textContent = t("Copy"); }, 1500);
  });
}

// The state of a page in the address, so that it can be shared: #rate=0.1&hidden=4,2.
export const address = {
  read() {
    return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  },
  write(state) {
    history.replaceState(null, "", `#${new URLSearchParams(state)}`);
  },
};

// Another language keeps the state; another page keeps the data.
const OF_DATA = ["data", "noise", "rows", "seed", "table", "target"];
for (const link of document.querySelectorAll("header nav a")) {
  link.addEventListener("click", () => {
    const state = Object.entries(address.read()).filter(([name]) => "language" in link.dataset || OF_DATA.includes(name));
    link.href = `${link.href.split("#")[0]}#${new URLSearchParams(state)}`;
  });
}
