// The fetal trace on paper: rates above, toco below. What is missing stays blank; nothing is drawn across a gap.

import { text, nameOf, timeOfDay } from "./texts.js";
import { enter, bedOf } from "./session.js";
import { ask } from "./live.js";
import { fit, colour } from "./strips.js";

const perCentimetre = 96 / 2.54, everySeconds = 2, mostGap = 3.5 * everySeconds * 1000, freshSeconds = 20, usual = [110, 160];
const name = new URLSearchParams(location.search).get("patient") ?? "";
const element = id => document.getElementById(id);
const lines = [
  { signal: "fhr", metric: "fetal_heart_rate", colour: "--text", name: "ctg.fetus" },
  { signal: "fhr2", metric: "fetal_heart_rate", colour: "--fetus", name: "ctg.second" },
  { signal: "fecg", metric: "fetal_heart_rate", colour: "--fetus", name: "ctg.electrodes" },
  { signal: "fecg", metric: "heart_rate", colour: "--mother", name: "ctg.mother" },
  { signal: "uc", metric: "uterine_activity", colour: "--text", name: "ctg.toco" },
];
const marks = { acceleration: ["--strip", "▲"], deceleration: ["--warn", "▼"], contraction: ["--text-soft", "◠"] };
const features = ["fetal_baseline", "fetal_variability", "fetal_stv", "signal_loss", "contraction_rate", "fetal_category"];
const values = new Map();     // "signal metric" to a map from time to value
let newest = null, newestReport = null, isAtEnd = true;

await enter();
document.title = `CTG ${name}`;
element("name").textContent = name;
element("patient").href = `patient.html?patient=${encodeURIComponent(name)}`;
element("print").onclick = () => print();
for (const id of ["speed", "scale", "offset"])
  element(id).onchange = draw;
element("length").onchange = async () => { await load(); draw(); };
element("paper").onscroll = () => {
  const { scrollLeft, scrollWidth, clientWidth } = element("paper");
  isAtEnd = scrollLeft + clientWidth > scrollWidth - 20;
};
document.addEventListener("theme", () => draw());
await load();
draw();
ask(`/api/patients/${encodeURIComponent(name)}`, show, () => { element("none").hidden = false; });

/** Fetches what was stored: a trace does not begin with the look at it. */
async function load() {
  const query = new URLSearchParams([["patient", name], ["minutes", element("length").value], ["every", everySeconds]]);
  for (const metric of [...new Set(lines.map(line => line.metric)), ...Object.keys(marks)])
    query.append("metric", metric);
  try {
    const answer = await fetch(`/api/history?${query}`, { cache: "no-store" });
    if (!answer.ok)
      return;
    for (const series of (await answer.json()).series) {
      const points = pointsOf(series);
      series.times.forEach((time, index) => points.set(time, series.means[index]));
      newest = Math.max(newest ?? 0, series.times.at(-1) ?? 0);
    }
  } catch { /* without a history the trace begins now */ }
}

function pointsOf({ signal, metric }) {
  const key = `${signal} ${metric}`;
  if (!values.has(key))
    values.set(key, new Map());
  return values.get(key);
}

function isUsable(series) {
  return series.status === "ok" && series.value !== null && !series.silentSince && series.ageSeconds < freshSeconds;
}

function show(patient) {
  newestReport = patient;
  element("name").textContent = `${bedOf(patient)} ${patient.patient}`;
  for (const series of patient.series) {
    const isLine = lines.some(line => line.signal === series.signal && line.metric === series.metric);
    const isMark = series.metric in marks;
    if (series.status !== "ok" || series.value === null || !(isLine || isMark))
      continue;
    const time = new Date(isMark ? series.windowStart : series.time).getTime();
    pointsOf(series).set(isMark ? time : time - time % (1000 * everySeconds), series.value);
    if (isLine)
      newest = Math.max(newest ?? 0, time);
  }
  const oldest = (newest ?? Date.now()) - 60000 * element("length").value;
  for (const points of values.values())
    for (const time of points.keys())
      if (time < oldest)
        points.delete(time);
  showNumbers(patient);
  draw();
}

function showNumbers(patient) {
  const boxes = [];
  for (const line of lines.filter(one => one.metric !== "uterine_activity")) {
    const series = patient.series.find(one => one.signal === line.signal && one.metric === line.metric);
    if (series)
      boxes.push(box(text(line.name), isUsable(series) ? Math.round(series.value) : "–",
        isUsable(series) ? "" : series.silentSince ? text("tile.silent", { time: timeOfDay(series.silentSince) }) : nameOf("status", series.status), line.colour));
  }
  for (const metric of features) {
    const all = patient.series.filter(one => one.metric === metric);
    const series = all.find(isUsable) ?? all[0];
    if (!series)
      continue;
    const shown = !isUsable(series) ? "–" : metric === "fetal_category" ? text(`category.${series.value}`)
      : metric === "signal_loss" ? `${Math.round(100 * series.value)} %` : `${Math.round(10 * series.value) / 10}${metric === "fetal_stv" ? " ms" : ""}`;
    boxes.push(box(nameOf("metric", metric), shown, isUsable(series) ? "" : nameOf("status", series.silentSince ? "silent" : series.status), "--text", metric === "fetal_category" ? series.value : null));
  }
  element("numbers").replaceChildren(...boxes);
}

function box(label, value, note, paint, category) {
  const one = document.createElement("div");
  one.className = "small";
  const [title, number, reason] = ["h3", "p", "small"].map(kind => document.createElement(kind));
  [title.textContent, number.textContent, reason.textContent] = [label, value, note];
  number.style.color = `var(${paint})`;
  if (category)
    one.dataset.category = category;
  one.append(title, number, reason);
  return one;
}

function draw() {
  const minutes = Number(element("length").value);
  const speed = perCentimetre * element("speed").value / 60000;    // pixels a millisecond
  const [low, high] = element("scale").value.split("-").map(Number);
  const hasTwins = values.has("fhr2 fetal_heart_rate");
  element("twins").hidden = !hasTwins;
  const offset = hasTwins && element("offset").checked ? -20 : 0;
  const shown = lines.filter(line => (values.get(`${line.signal} ${line.metric}`)?.size ?? 0) > 0);
  element("none").hidden = shown.length > 0;
  const end = newest ?? Date.now();
  const width = Math.ceil(60000 * minutes * speed);
  const heightPerBeat = perCentimetre / (element("scale").value === "30-240" ? 30 : 20);
  prepare(element("fhr"), width, (high - low) * heightPerBeat);
  prepare(element("toco"), width, 4 * perCentimetre);

  const top = fit(element("fhr"));
  const x = time => width - (end - time) * speed;
  const y = value => (high - value) * heightPerBeat;
  paper(top, end, minutes, speed, low, high, 10, 30, y);
  for (const line of shown.filter(one => one.metric !== "uterine_activity"))
    curve(top.draw, values.get(`${line.signal} ${line.metric}`), x, value => y(value + (line.signal === "fhr2" ? offset : 0)), line, low, high);
  for (const [metric, [paint, sign]] of Object.entries(marks))
    if (metric !== "contraction")
      for (const [key, points] of values)
        if (key.endsWith(` ${metric}`))
          for (const [time, seconds] of points)
            mark(top.draw, x(time), x(time + 1000 * seconds), metric === "acceleration" ? 12 : 26, paint, sign);

  const bottom = fit(element("toco"));
  const toco = value => bottom.height - 4 - (bottom.height - 20) * value / 100;
  paper(bottom, end, minutes, speed, 0, 100, 25, 50, toco);
  for (const line of shown.filter(one => one.metric === "uterine_activity"))
    curve(bottom.draw, values.get(`${line.signal} ${line.metric}`), x, toco, line, -10, 110);
  for (const [time, seconds] of values.get("uc contraction") ?? [])
    mark(bottom.draw, x(time), x(time + 1000 * seconds), 12, ...marks.contraction);

  element("legend").replaceChildren(...shown.map(line => {
    const entry = document.createElement("span");
    entry.style.color = `var(${line.colour})`;
    entry.textContent = `— ${text(line.name)}${line.signal === "fhr2" && offset ? ` (${offset})` : ""}`;
    return entry;
  }));
  element("fhr").ariaLabel = text("ctg.fhr");
  element("toco").ariaLabel = text("ctg.toco");
  if (isAtEnd)
    element("paper").scrollLeft = element("paper").scrollWidth;
}

function prepare(canvas, width, height) {
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

function paper({ draw, width, height }, end, minutes, speed, low, high, every, labelled, y) {
  draw.font = "11px sans-serif";
  draw.fillStyle = colour("--usual");
  if (high > 120)
    draw.fillRect(0, y(usual[1]), width, y(usual[0]) - y(usual[1]));
  draw.strokeStyle = colour("--grid");
  for (let value = Math.ceil(low / every) * every; value <= high; value += every)
    stroke(draw, value % labelled === 0 ? 1.4 : 0.6, [0, y(value)], [width, y(value)]);
  const first = Math.ceil((end - 60000 * minutes) / 30000) * 30000;
  for (let time = first; time <= end; time += 30000) {
    const at = width - (end - time) * speed;
    stroke(draw, time % 60000 === 0 ? 1.4 : 0.6, [at, 0], [at, height]);
  }
  draw.fillStyle = colour("--text-soft");
  const labels = speed * 600000 < 500 ? 600000 : 300000;
  for (let time = Math.ceil(first / labels) * labels; time <= end; time += labels) {
    const at = width - (end - time) * speed;
    draw.fillText(timeOfDay(time).slice(0, 5), at + 3, height - 5);
    for (let value = Math.ceil(low / labelled) * labelled; value <= high; value += labelled)
      if (y(value) > 12 && y(value) < height - 16)
        draw.fillText(value.toString(), at + 3, y(value) - 2);
  }
}

function stroke(draw, width, from, to) {
  draw.lineWidth = width;
  draw.beginPath();
  draw.moveTo(...from);
  draw.lineTo(...to);
  draw.stroke();
}

function curve(draw, points, x, y, line, low, high) {
  draw.strokeStyle = draw.fillStyle = colour(line.colour);
  draw.lineWidth = 1.5;
  draw.beginPath();
  let previous = null;
  for (const time of [...points.keys()].sort((a, b) => a - b)) {
    const value = points.get(time);
    if (value < low || value > high) {
      previous = null;
      continue;
    }
    if (previous !== null && time - previous <= mostGap)
      draw.lineTo(x(time), y(value));
    else
      draw.moveTo(x(time) - 0.7, y(value)), draw.lineTo(x(time) + 0.7, y(value));
    previous = time;
  }
  draw.stroke();
}

function mark(draw, from, to, y, paint, sign) {
  if (to < 0)
    return;
  draw.strokeStyle = draw.fillStyle = colour(paint);
  stroke(draw, 3, [from, y], [to, y]);
  draw.fillText(sign, (from + to) / 2 - 4, y + 12);
}
