// Opens pages of the built site in Chromium, narrow and wide, light and dark: `node browser.cjs SITE PAGE...`.
// It complains about requests to other hosts, errors of scripts, pages wider than the window, and what axe finds.
// CHROMIUM names another browser, SHOTS a folder for pictures.
"use strict";

const { readFileSync } = require("node:fs");
const { resolve } = require("node:path");
const { pathToFileURL } = require("node:url");
const puppeteer = require("puppeteer-core");

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const VIEWS = [400, 1400].flatMap((width) => ["light", "dark"].map((scheme) => ({ width, scheme })));

async function look(browser, site, name, { width, scheme }) {
  const problems = [];
  const page = await browser.newPage();
  await page.setViewport({ width, height: 1000 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) problems.push(`requests ${request.url()}`);
  });
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(pathToFileURL(resolve(site, name)).href, { waitUntil: "load" });
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (beyond > 0) problems.push(`${beyond} pixels wider than the window`);
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run());
  for (const { id, nodes } of violations)
    problems.push(`${id}, ${nodes.length} times: ${nodes[0].html.slice(0, 120)}: ${nodes[0].failureSummary.replace(/\s+/g, " ")}`);
  if (process.env.SHOTS)
    await page.screenshot({ path: `${process.env.SHOTS}/${name.replaceAll("/", "_")}-${width}-${scheme}.png` });
  await page.close();
  return problems.map((problem) => `${name}, ${width} pixels, ${scheme}: ${problem}`);
}

async function main([site, ...names]) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox"] });
  const problems = [];
  for (const name of names) for (const view of VIEWS) problems.push(...(await look(browser, site, name, view)));
  await browser.close();
  problems.forEach((problem) => console.error(problem));
  console.log(`${names.length} pages in ${VIEWS.length} views, ${problems.length} problems.`);
  process.exit(problems.length ? 1 : 0);
}

main(process.argv.slice(2));
