// One patient: every value, and all channels at 25 mm/s.

import { text, nameOf, timeOfDay } from "./texts.js";
import { enter, may, bedOf } from "./session.js";
import { acknowledge, editLimits } from "./acts.js";
import { ask, listen, best, isUsable, rates, pressureOf } from "./live.js";
import { Trace, drawTrace, animate } from "./strips.js";
import * as history from "./history.js";

const pixelsPerSecond = 25 * 96 / 25.4, keptSeconds = 30;
const name = new URLSearchParams(location.search).get("patient") ?? "";
const waves = document.getElementById("waves");
const traces = new Map();

await enter();
document.title = name;
document.getElementById("name").textContent = name;
waves.textContent = text("patient.no_waves");
ask(`/api/patients/${encodeURIComponent(name)}`, show, () => {
  document.getElementById("numbers").textContent = text("patient.unknown");
});
listen([name], 0, true, take);
history.begin(name);
animate(25, () => {
  for (const trace of traces.values())
    drawTrace(trace.canvas, trace, { pixelsPerSecond, grid: true, stroke: trace.stroke });
});

function take(stretch) {
  const key = `${stretch.device} ${stretch.label}`;
  let trace = traces.get(key);
  if (!trace) {
    if (traces.size === 0)
      waves.textContent = "";
    trace = new Trace(keptSeconds);
    [trace.device, trace.kind] = [stretch.device, stretch.kind];
    trace.stroke = { fecg: "--fetus", fhr: "--fetus", fhr2: "--fetus", ppg: "--mother" }[stretch.kind] ?? "--strip";
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = `${stretch.kind} ${stretch.label}${stretch.unit ? `, ${stretch.unit}` : ""}`;
    trace.canvas = document.createElement("canvas");
    trace.canvas.className = "wave";
    trace.canvas.setAttribute("role", "img");
    trace.canvas.ariaLabel = caption.textContent;
    figure.append(caption, trace.canvas);
    figure.dataset.key = key;
    const after = [...waves.children].find(one => one.dataset.key > key);
    waves.insertBefore(figure, after ?? null);
    traces.set(key, trace);
  }
  trace.take(stretch);
}

function show(patient) {
  document.getElementById("name").textContent = `${bedOf(patient)} ${patient.patient}`;
  showAlarms(patient.alarms);
  showActs(patient);
  history.update(patient);
  for (const trace of traces.values())
    trace.beats = patient.beats.filter(beat => beat.device === trace.device && beat.signal === trace.kind);
  const ctg = document.getElementById("ctg");
  ctg.hidden = !patient.series.some(one => ["fetal_heart_rate", "fetal_baseline"].includes(one.metric));
  ctg.href = `ctg.html?patient=${encodeURIComponent(patient.patient)}`;
  document.getElementById("numbers").replaceChildren(...rates.flatMap(rate => {
    const value = best(patient, rate.metric, rate.signals);
    return value ? [numberOf(rate, value, patient.silentSince)] : [];
  }), ...pressureBoxes(patient));
  document.getElementById("series").replaceChildren(...patient.series.filter(one => one.metric !== "presence").map(rowOf));
}

function showAlarms(alarms) {
  const open = alarms?.open ?? [];
  const lines = open.map(alarm => {
    const line = document.createElement("li");
    line.dataset.alarm = alarm.priority;
    const kind = document.createElement("b");
    kind.textContent = nameOf("alarm", alarm.kind);
    line.append(kind, ` ${nameOf("alarm_state", alarm.state)}, ${text("alarms.since", { time: timeOfDay(alarm.begin) })}: ${alarm.reason}`);
    return line;
  });
  const note = document.createElement("li");
  const isPaused = alarms?.pausedUntil && new Date(alarms.pausedUntil) > new Date();
  note.textContent = isPaused ? text("alarms.paused", { time: timeOfDay(alarms.pausedUntil) }) : text("alarms.none");
  document.getElementById("alarms").replaceChildren(...lines, ...(isPaused || lines.length === 0 ? [note] : []));
}

function showActs(patient) {
  const [act, limits] = ["acknowledge", "limits"].map(id => document.getElementById(id));
  act.hidden = !may("acknowledge") || !(patient.alarms?.open ?? []).some(one => one.state !== "acknowledged");
  act.onclick = () => acknowledge(patient, null);
  limits.hidden = !may("limits") || !patient.limits;
  const has = metric => patient.series.some(one => one.metric === metric);
  const kinds = ["heart", ...(has("fetal_heart_rate") ? ["fetal"] : []), ...(has("mean_pressure") ? ["pressure"] : [])];
  limits.onclick = () => editLimits(patient, patient.limits, kinds);
  const now = patient.limits;
  document.getElementById("limits-now").textContent = now
    ? [`${now.veryLow} · ${now.low}–${now.high} · ${now.veryHigh}`, ...(kinds.includes("fetal") ? [`${text("tile.fetus")} ${now.fetalVeryLow} · ${now.fetalLow}–${now.fetalHigh}`] : []),
      ...(kinds.includes("pressure") ? [`${text("tile.pressure")} ${now.systolicLow}–${now.systolicHigh} / ${now.diastolicLow}–${now.diastolicHigh} (${now.meanLow}–${now.meanHigh})`] : [])].join("; ") : "";
}

function pressureBoxes(patient) {
  const pressure = pressureOf(patient);
  if (!pressure)
    return [];
  const box = document.createElement("div");
  box.className = "big";
  const [label, number, note] = ["h3", "p", "small"].map(one => document.createElement(one));
  label.textContent = `${text("tile.pressure")}, mmHg`;
  number.textContent = pressure.text;
  note.textContent = isUsable(pressure.value) ? text("tile.quality", { quality: Math.round(100 * pressure.value.quality) }) : nameOf("status", pressure.value.silentSince ? "silent" : pressure.value.status);
  box.append(label, number, note);
  return [box];
}

function numberOf(rate, value, silent) {
  const box = document.createElement("div");
  box.className = rate.metric === "fetal_heart_rate" ? "big fetus" : "big";
  const [label, number, note] = ["h3", "p", "small"].map(one => document.createElement(one));
  label.textContent = nameOf("metric", rate.metric);
  number.textContent = isUsable(value) && !silent ? Math.round(value.value).toString() : "–";
  note.textContent = silent ? text("tile.silent", { time: timeOfDay(silent) })
    : isUsable(value) ? `± ${value.sigma.toFixed(1)} · ${text("tile.quality", { quality: Math.round(100 * value.quality) })}` : value.status === "ok" ? text("tile.age", { age: Math.round(value.ageSeconds) }) : nameOf("status", value.silentSince ? "silent" : value.status);
  box.append(label, number, note);
  return box;
}

function rowOf(series) {
  const row = document.createElement("tr");
  const usable = isUsable(series);
  const unit = series.unit === "/min" ? "" : ` ${series.unit === "mm[Hg]" ? "mmHg" : series.unit}`;
  const value = series.metric === "fetal_category" && usable ? text(`category.${series.value}`) : usable ? `${Math.round(10 * series.value) / 10}${unit}` : "–";
  const cells = [
    [`${nameOf("metric", series.metric)} (${series.signal})`], [value, "number"], [usable || series.quality > 0 ? `${Math.round(100 * series.quality)} %` : "–", "number"],
    [series.silentSince ? text("tile.silent", { time: timeOfDay(series.silentSince) }) : nameOf("status", series.status)],
    [`${Math.max(0, Math.round(series.ageSeconds))} s`, "number"], [series.device], [series.model],
  ];
  row.append(...cells.map(([content, kind]) => {
    const cell = document.createElement("td");
    cell.textContent = content;
    if (kind)
      cell.className = kind;
    return cell;
  }));
  row.dataset.state = usable ? "ok" : "none";
  return row;
}
