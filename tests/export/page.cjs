// Opens an exported page in Chromium, works on it, and prints what it found as JSON.
"use strict";

const { readFileSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const puppeteer = require("puppeteer-core");

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

async function main([path, table, language]) {
  const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  const page = await browser.newPage(), requests = [], errors = [];
  page.on("request", (request) => /^(file|data|blob):/.test(request.url()) || requests.push(request.url()));
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.evaluateOnNewDocument((own) => {
    Object.defineProperty(navigator, "language", { get: () => own });
    const create = URL.createObjectURL;
    URL.createObjectURL = (blob) => create.call(URL, (window.taken = blob));
  }, language);
  await page.setViewport({ width: 400, height: 900 });
  await page.goto(pathToFileURL(path).href, { waitUntil: "load" });
  const text = (id) => page.$eval(`#${id}`, (element) => element.innerText);
  const title = await text("title"), before = await text("answer");
  const changesOf = () => page.waitForSelector("#changes[aria-busy=false]").then(() => page.$$eval("#changes li", (own) => own.map(({ firstChild }) => firstChild.textContent)));
  const changes = await changesOf();
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const added = () => page.waitForSelector("#why[aria-busy=false]").then(() => page.$$eval("#why tr", (lines) => lines.map((line) => [line.firstChild.innerText, +line.querySelector("data")?.value])));
  const unchanged = await added().then(() => text("why"));
  for (const slider of await page.$$("#fields input[type=range]")) {
    await slider.focus();
    for (let k = 0; k < 12; k++) await page.keyboard.press("PageUp");
  }
  for (const select of await page.$$("#fields select")) await select.select(await select.$eval("option:nth-child(3)", (own) => own.value));
  const fields = await page.$$eval(".field", (own) => own.map((field) => {
    const chosen = field.querySelector("select"), { value } = field.querySelector("input:not([type=range]), select");
    return [field.firstChild.textContent, chosen ? chosen.selectedOptions[0].textContent : value];
  }));
  const after = await text("answer"), sums = await added(), why = await text("why");
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`));
  await (await page.$("#file")).uploadFile(table);
  await page.waitForFunction(() => !document.getElementById("take").hidden || /:/.test(document.getElementById("told").textContent));
  const told = await text("told");
  const cells = await page.$$eval("#rows tbody tr", (lines) => lines.map(({ children }) => [...children].map((own) => own.textContent)));
  const problems = await page.$$eval("#problems li", (own) => own.map(({ textContent }) => textContent));
  await page.$eval("#rows button", (button) => button.click()).catch(() => {});
  const loaded = await text("answer");
  violations.push(...(await page.evaluate(async () => (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`))));
  const csv = await page.evaluate(() => (window.taken ? window.taken.text() : ""));
  await browser.close();
  console.log(JSON.stringify({ requests, errors, title, before, after, unchanged, fields, sums, why, changes, beyond, violations, told, cells, problems, loaded, csv }));
}

main(process.argv.slice(2));
