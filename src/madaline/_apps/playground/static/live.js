// The page of a fit that runs: it asks what is new, again and again, and draws it.

import { facts, post, t } from "./base.js";
import { RaceView } from "./race_view.js";

const PAUSE = 150; // milliseconds between two questions
const view = new RaceView();
const find = (id) => document.getElementById(id);

function tell(sentence) {
  find("trouble").textContent = sentence;
  find("trouble").hidden = !sentence;
}

view.setPlane(facts.plane);
find("subject").textContent = facts.subject;
let since = 0;
let silent = 0;
while (!view.ended && silent < 5) {
  try {
    const answer = await post("/live/events", { since });
    [since, silent] = [answer.next, 0];
    if (answer.events.length || Object.keys(answer.arrays).length) view.take(answer);
  } catch {
    silent += 1;
  }
  await new Promise((done) => setTimeout(done, document.hidden ? 5 * PAUSE : PAUSE));
}
tell(view.end ? t("The fit is over. This page keeps what it shows until it is closed or reloaded.") : t("The fit does not answer any more: it ended. This page keeps what it shows."));
