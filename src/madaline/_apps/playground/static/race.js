// The page of a population: it asks for the next epoch, and draws it.

import { address, copyButton, facts, post, sentenceOf, t } from "./base.js";
import { RaceView } from "./race_view.js";
import { TableChoice } from "./table_choice.js";

const SPEEDS = [0.5, 1, 4, 10, Infinity]; // epochs a second
const DEFAULTS = { data: "moons", rows: "300", noise: "0.2", effort: "100", seed: "0", speed: "2" };

const find = (id) => document.getElementById(id);
const controls = find("controls");
const view = new RaceView();
const own = new TableChoice("race", controls, (request) => {
  playing = false;
  return ask(async () => {
    await request();
    remember();
    await prepare();
  });
});
let run = null; // { run, next } of the race on the server
let playing = false;
let busy = Promise.resolve(); // requests follow one another

function settings() {
  const given = Object.fromEntries(["rows", "noise", "effort", "seed"].map((name) => [name, Number(controls.elements[name].value)]));
  return { data: controls.elements.data.value, ...given, ...own.settings };
}

function remember() {
  address.write({ ...settings(), speed: find("speed").value });
}

function recall() {
  const state = { ...DEFAULTS, ...(own.table ? { data: "table" } : {}), ...address.read() };
  controls.elements.data.value = state.data === "table" || facts.datasets.some(({ name }) => name === state.data) ? state.data : DEFAULTS.data;
  for (const name of ["rows", "noise", "effort", "seed"]) {
    const field = controls.elements[name];
    field.value = Math.min(field.max, Math.max(field.min, state[name]));
  }
  find("speed").value = state.speed;
  own.show(state.target);
  showControls();
}

function showControls() {
  const speed = SPEEDS[find("speed").value];
  find("pace").textContent = speed === Infinity ? t("as fast as it can") : t("{speed} epochs a second", { speed });
  find("play").textContent = playing ? t("Pause") : t("Play");
  find("play").disabled = own.notOpen || view.ended; // pressed early, it waits for the first epoch
  find("step").disabled = !run || view.ended;
}

function tell(sentence) {
  find("trouble").textContent = sentence;
  find("trouble").hidden = !sentence;
}

// Runs a request after those before it; what goes wrong is told on the page.
function ask(request) {
  busy = busy.then(request).catch((error) => {
    playing = false;
    tell(sentenceOf(error));
  }).finally(showControls);
  return busy;
}

function begin() {
  playing = false;
  remember();
  return ask(prepare);
}

// Prepares the race of the settings, and trains its first epoch.
async function prepare() {
  run = null;
  tell("");
  view.reset();
  view.setPlane(null);
  find("python").textContent = "";
  if (own.notOpen) {
    find("status").textContent = t("Open a table, or drop its file on the page: at most 20,000 rows. It stays on this machine.");
    return;
  }
  await patiently(async () => {
    const answer = await post("/race/start", settings());
    run = { run: answer.run, next: answer.next };
    view.setPlane(answer.plane);
    find("python").textContent = answer.python;
    view.take(answer);
    await nextEpoch(); // so that there is a picture from the start
  });
}

// Waits for an answer, and says what takes long.
async function patiently(request) {
  const started = performance.now();
  const told = setInterval(() => {
    const seconds = Math.round((performance.now() - started) / 1000);
    find("status").textContent = seconds < 3 ? t("Preparing the race …")
      : t("Preparing the race: {seconds} s so far. A large table takes some seconds; the first large race after an installation up to a minute, as numba compiles the training loop.", { seconds });
  }, 500);
  find("status").textContent = t("Preparing the race …");
  try {
    await request();
  } finally {
    clearInterval(told);
  }
}

function advance() {
  return ask(nextEpoch);
}

async function nextEpoch() {
  if (!run || view.ended) return;
  const current = run;
  const answer = await post("/race/next", { run: current.run, since: current.next });
  if (run !== current) return;
  current.next = answer.next;
  view.take(answer);
  if (view.ended) playing = false;
}

async function play() {
  playing = true;
  showControls();
  while (playing) {
    const started = performance.now();
    if (!document.hidden) await advance();
    const pause = 1000 / SPEEDS[find("speed").value] - (performance.now() - started);
    if (playing) await new Promise((done) => setTimeout(done, Math.max(document.hidden ? 200 : 0, pause)));
  }
  showControls();
}

controls.addEventListener("change", () => {
  own.show();
  showControls();
  begin();
});
find("anew").addEventListener("click", begin);
find("play").addEventListener("click", () => (playing ? (playing = false) : play()));
find("step").addEventListener("click", () => {
  playing = false;
  advance();
});
find("speed").addEventListener("input", () => {
  showControls();
  remember();
});
copyButton(find("copy"), find("python"));
addEventListener("hashchange", () => location.reload());

await own.recall().catch((error) => tell(sentenceOf(error)));
recall();
if (find("trouble").hidden) {
  remember();
  ask(prepare); // Play may have been pressed by now
}
