// A race as a page shows it: it takes in events (lanes.py) and draws what is new.

import { element, t } from "./base.js";
import { divergingColors, drawContour, drawMap, drawPoints, css, fitCanvas, mapImage, onTheme, palette } from "./plane.js";
import { drawCurves, drawFolds } from "./race_chart.js";
import { describeMark, drawTrack, legend } from "./race_track.js";

const find = (id) => document.getElementById(id);

export class RaceView {
  constructor() {
    this.reset();
    find("legend").replaceChildren(...legend());
    onTheme(() => this.draw({ all: true }));
    addEventListener("resize", () => this.draw({ all: true }));
  }

  reset() {
    this.start = null;
    this.lanes = new Map(); // by their ids
    this.ensemble = []; // [epoch, loss]
    this.epoch = 0;
    this.end = this.failure = this.plane = this.lit = null;
    this.maps = new Map();
    this.fresh = new Set(); // lanes whose map is new
    this.all = null; // the lane of the ensemble
    for (const id of ["lanes", "decisions", "scores", "story"]) find(id).replaceChildren();
    find("none").hidden = false;
    find("result").hidden = true;
  }

  setPlane(plane) {
    this.plane = plane;
    find("plane").hidden = !plane;
    for (const cell of document.querySelectorAll(".of-plane")) cell.hidden = !plane;
    if (plane) [find("across").textContent, find("up").textContent] = plane.names;
  }

  // Takes in an answer: its events, and maps among its arrays.
  take({ events, arrays }) {
    for (const event of events) this[`take_${event.kind}`](event);
    for (const [name, map] of Object.entries(arrays)) {
      const lane = name.slice("map ".length);
      this.maps.set(lane, map);
      this.fresh.add(lane);
    }
    this.draw();
  }

  take_start(event) {
    this.start = event;
  }

  take_lane(event) {
    const lane = { ...event, losses: [], best: null, folds: [], marks: [], weight: 0, racing: true };
    this.lanes.set(event.lane, lane);
    this.addRow(lane);
  }

  take_loss(event) {
    const lane = this.lanes.get(event.lane);
    this.epoch = Math.max(this.epoch, event.epoch);
    lane.losses.push([event.epoch, event.loss]);
    lane.folds = event.folds.length ? event.folds : lane.folds;
    if (event.best) lane.best = [event.epoch, event.loss];
  }

  take_ensemble(event) {
    if (event.loss !== null) this.ensemble.push([event.epoch, event.loss]);
    this.addEnsemble();
    this.all.single = event.single;
    this.all.loss.textContent = event.loss === null ? "–" : event.loss.toFixed(4);
    this.weigh(event.weights);
  }

  take_decision(event) {
    const lane = this.lanes.get(event.lane);
    lane?.marks.push(event);
    if (lane && (event.action === "drop" || event.action === "stop")) {
      lane.racing = false;
      lane.why = event.action;
      lane.until = event.epoch;
    }
    find("none").hidden = true;
    const about = lane ? `${lane.letter} · ${lane.name}` : event.subject;
    const when = event.epoch ? t("epoch {epoch}", { epoch: event.epoch }) : t("before");
    const item = element("li", { class: "new" }, element("span", { text: when }),
      element("p", {}, element("b", { text: about }), event.sentence));
    find("decisions").prepend(item);
  }

  take_end(event) {
    this.end = event;
    for (const lane of this.lanes.values()) lane.racing = false;
    this.weigh(event.weights);
    const [first, ...others] = event.scores.map(({ metric, meaning, value, baseline }) =>
      (meaning ? t("{metric} {value} ({meaning}; a constant prediction: {baseline})", { metric, meaning, value, baseline })
        : t("{metric} {value} (a constant prediction: {baseline})", { metric, value, baseline })));
    find("promised").textContent = t("Promised for new rows: {score}", { score: first });
    find("scores").replaceChildren(...others.map((text) => element("li", { text })));
    const story = element("ul", {}, ...event.story.map((text) => element("li", { text })));
    find("story").replaceChildren(element("details", {}, element("summary", { text: t("The story of this fit") }), story));
    this.tellGain(this.all?.single);
    find("result").hidden = false;
  }

  take_failure(event) {
    this.failure = event.sentence;
  }

  get ended() {
    return Boolean(this.end || this.failure);
  }

  weigh(weights) {
    for (const [key, lane] of this.lanes) lane.weight = weights[key] ?? 0;
  }

  // Adds the lane of the ensemble, above those of the recipes.
  addEnsemble() {
    if (this.all) return;
    const canvas = element("canvas", { width: 88, height: 88, role: "img", "aria-label": t("What the ensemble predicts") });
    this.all = { canvas, loss: element("td", { class: "number" }), told: element("td", { class: "state", colspan: 2 }) };
    find("lanes").prepend(element("tr", { class: "counts" }, element("th", { scope: "row" }, element("b", { text: t("all") }), ` ${t("the ensemble of the recipes below, at their best epochs")}`),
      element("td", { class: "of-plane", hidden: !this.plane }, canvas), this.all.told, this.all.loss, element("td"), element("td")));
  }

  // Tells whether the ensemble is better than the best recipe alone.
  tellGain(single) {
    if (!single || single.gain === null || !this.all) return;
    const name = this.lanes.get(single.lane)?.letter ?? "";
    const values = { name, gain: single.gain.toFixed(4), error: single.error?.toFixed(4) ?? "–" };
    const isClear = single.gain > 2 * (single.error ?? Infinity);
    const text = isClear ? t("{gain} ± {error} below recipe {name}, the best one alone: clearly better", values) : t("{gain} ± {error} below recipe {name}, the best one alone: no clear difference", values);
    this.all.told.textContent = text;
    find("scores").append(element("li", { text: t("Loss of the ensemble: {text}.", { text }) }));
  }

  addRow(lane) {
    const name = lane.differs || lane.name;
    const canvas = element("canvas", { width: 88, height: 88, role: "img", "aria-label": t("What {name} predicts", { name: lane.letter }) });
    const track = element("svg", { class: "track", role: "img", "aria-label": t("Epochs and decisions of {name}", { name: lane.letter }) });
    const folds = element("svg", { class: "folds", role: "img", "aria-label": t("The loss of each fold") });
    const bar = element("i");
    const share = element("span");
    const button = element("button", { type: "button", "aria-pressed": "false" }, element("b", { text: lane.letter }), element("span", { text: name }));
    lane.cells = { canvas, track, folds, bar, share, button, loss: element("td", { class: "number" }), state: element("td", { class: "state" }) };
    lane.row = element("tr", {}, element("th", { scope: "row" }, button),
      element("td", { class: "of-plane", hidden: !this.plane }, canvas), element("td", {}, track), element("td", {}, folds), lane.cells.loss,
      element("td", {}, element("div", { class: "weight" }, element("div", { class: "bar" }, bar), share)), lane.cells.state);
    button.addEventListener("click", () => this.light(this.pinned && this.lit === lane ? null : lane, true));
    lane.row.addEventListener("pointerenter", () => this.pinned || this.light(lane));
    lane.row.addEventListener("pointerleave", () => this.pinned || this.light(null));
    button.addEventListener("focus", () => this.pinned || this.light(lane));
    find("lanes").append(lane.row);
  }

  // Makes the curve of a lane stand out; a click keeps it so.
  light(lane, pin = false) {
    this.lit = lane;
    if (pin) this.pinned = Boolean(lane);
    for (const one of this.lanes.values()) {
      one.row.classList.toggle("lit", one === lane);
      one.cells.button.setAttribute("aria-pressed", String(Boolean(this.pinned && one === lane)));
    }
    if (!this.start) return;
    this.measure();
    this.drawChart();
  }

  draw({ all = false } = {}) {
    if (!this.start) return;
    this.measure();
    const losses = [...this.lanes.values()].flatMap((lane) => lane.folds).filter((loss) => loss !== null);
    const most = Math.min(this.start.baseline, Math.max(...losses, 1e-9));
    for (const lane of this.lanes.values()) this.drawLane(lane, most);
    this.drawChart();
    if (this.plane) this.drawMaps(all);
    this.drawStatus();
  }

  // Reads the layout before anything is written, so that the browser lays the page out once.
  measure() {
    const chart = find("curves");
    this.size = { width: chart.clientWidth, height: chart.clientHeight };
    this.trackWidth = [...this.lanes.values()][0]?.cells.track.clientWidth ?? 0;
    if (this.plane) {
      fitCanvas(find("mixture"));
      this.colors = palette();
    }
  }

  drawChart() {
    for (const lane of this.lanes.values()) lane.state = lane.weight > 0 ? "counts" : lane.racing ? "racing" : "ended";
    const { lanes, ensemble, lit, size } = this;
    drawCurves(find("curves"), size, { lanes, ensemble, baseline: this.start.baseline, lit });
  }

  drawLane(lane, most) {
    const { row, cells } = lane;
    row.classList.toggle("racing", lane.racing);
    row.classList.toggle("ended", !lane.racing);
    row.classList.toggle("counts", lane.weight > 0);
    cells.loss.textContent = lane.best ? lane.best[1].toFixed(4) : "–";
    cells.bar.style.transform = `scaleX(${lane.weight})`; // without a layout of the page
    cells.share.textContent = lane.weight ? `${Math.round(100 * lane.weight)}%` : "";
    cells.state.textContent = describe(lane, Boolean(this.end));
    drawTrack(cells.track, lane, Math.max(8, this.epoch), this.trackWidth);
    drawFolds(cells.folds, lane.folds, most);
  }

  drawMaps(all) {
    const { colors } = this;
    const scale = divergingColors(colors, 0.5);
    const changed = all ? [...this.maps.keys()] : [...this.fresh];
    for (const key of changed) {
      const map = this.maps.get(key);
      const canvas = key ? this.lanes.get(key)?.cells.canvas : find("mixture");
      if (!canvas) continue;
      drawMap(canvas, mapImage(map, scale, colors));
      if (key) continue;
      if (this.all) drawMap(this.all.canvas, mapImage(map, scale, colors));
      const thickness = Math.max(1.5, canvas.width / 220);
      if (map.shape.length === 2 && this.start.classes) drawContour(canvas, map, 127.5, css(colors.text), thickness);
      this.drawRows(canvas, colors);
    }
    this.fresh.clear();
  }

  drawRows(canvas, colors) {
    const points = this.plane.points;
    const scale = divergingColors(colors, 1);
    const color = (row) => {
      const value = points[row][2];
      return css(this.start.classes ? colors.classes[value] : scale[Math.round(255 * Math.min(1, Math.max(0, value)))]);
    };
    const radius = Math.max(2, canvas.width / 160);
    drawPoints(canvas, points.flatMap(([x, y]) => [x, y]), color, { radius, filled: true, edge: css(colors.neutral) });
  }

  drawStatus() {
    const racing = [...this.lanes.values()].filter((lane) => lane.racing).length;
    const { recipes, folds, networks, rows } = this.start;
    const parts = [t("{recipes} recipes × {folds} folds = {networks} networks, {rows} rows", { recipes, folds, networks, rows })];
    if (this.failure) parts.push(this.failure);
    else if (this.end) parts.push(t("The race is over after {epoch} epochs: {networks} networks predict.", { epoch: this.epoch, networks: this.end.networks }));
    else if (this.epoch) {
      const loss = this.ensemble.at(-1)?.[1];
      const facts = { epoch: this.epoch, racing, loss: loss === undefined ? "–" : loss.toFixed(4) };
      parts.push(racing === 1 ? t("epoch {epoch}: 1 recipe trains, loss of the ensemble {loss}", facts) : t("epoch {epoch}: {racing} recipes train, loss of the ensemble {loss}", facts));
    } else parts.push(t("Nothing is trained yet."));
    find("status").textContent = parts.join(" · ");
  }
}

function describe(lane, over) {
  if (lane.racing) return t("training");
  if (lane.why === "drop") return t("stopped early, epoch {epoch}", { epoch: lane.until });
  if (lane.why === "stop") return t("stopped, epoch {epoch}", { epoch: lane.until });
  return over ? t("ended") : describeMark(lane.marks.at(-1));
}
