// The ward: a tile a bed, those with an alarm first.

import { text, nameOf, timeOfDay } from "./texts.js";
import { enter, may, bedOf } from "./session.js";
import { acknowledge } from "./acts.js";
import { ask, listen, best, isUsable, rates, pressureOf } from "./live.js";
import { Trace, drawTrace, animate, fit, colour } from "./strips.js";

const stripSeconds = 6, stripPoints = 90, trendMinutes = 30, staleSeconds = 5, mostStrips = 48;
const board = document.getElementById("beds");
const filter = document.getElementById("filter");
const search = document.getElementById("search");
const tiles = new Map();
const priorities = ["high", "medium", "low", "technical", "information"];
const streams = new Set();     // how to end each
let heard = "";

await enter();
filter.append(new Option(text("ward.all"), ""));
const past = await stored();
ask("/api/beds", show);
animate(20, () => {
  for (const tile of tiles.values())
    if (tile.isSeen && !tile.element.hidden)
      drawTrace(tile.strip, tile.trace);
});
filter.onchange = search.oninput = choose;
search.onkeydown = key => {
  if (["ArrowDown", "Enter"].includes(key.key)) {
    key.preventDefault();
    [...board.children].find(element => !element.hidden)?.tile.link.focus();
  }
};
document.addEventListener("keydown", key => {
  if (key.key === "/" && document.activeElement !== search) {
    key.preventDefault();
    search.focus();
  } else if (document.activeElement?.matches(".tile h2 a")) {
    move(key);
  }
});
// A tile that is not on the screen has no strip.
const seen = new IntersectionObserver(changes => {
  for (const change of changes)
    change.target.tile.isSeen = change.isIntersecting;
  hear();
});

/** What was stored of the last half hour, by patient and metric: of the signal that a tile would show. */
async function stored() {
  const byPatient = new Map();
  try {
    const query = rates.map(rate => `metric=${rate.metric}`).join("&");
    const answer = await fetch(`/api/history?${query}&minutes=${trendMinutes}&every=15`, { cache: "no-store" });
    const series = answer.ok ? (await answer.json()).series : [];
    for (const rate of rates)
      for (const signal of [...rate.signals].reverse())
        for (const one of series.filter(it => it.metric === rate.metric && it.signal === signal))
          byPatient.set(one.patient, withGaps(one));
  } catch { /* without a history the trends begin now */ }
  return byPatient;
}

function withGaps({ times, means }) {
  const points = [];
  times.forEach((time, index) => {
    if (index > 0 && time - times[index - 1] > 40000)
      points.push([times[index - 1] + 1, null]);
    points.push([time, means[index]]);
  });
  return points;
}

function show(answer) {
  const patients = answer.beds.flatMap(bed => bed.patients);
  for (const patient of patients) {
    let tile = tiles.get(patient.patient);
    if (!tile)
      tiles.set(patient.patient, tile = make(patient));
    update(tile, patient);
  }
  for (const [name, tile] of tiles)
    if (!patients.some(one => one.patient === name)) {
      seen.unobserve(tile.element);
      tile.element.remove();
      tiles.delete(name);
    }
  document.getElementById("empty").hidden = patients.length > 0;
  const all = [...tiles.values()];
  const needing = all.filter(tile => tile.isUrgent).length;
  const counts = document.getElementById("counts");
  counts.textContent = `${needing > 0 ? text("ward.needs", { count: needing }) : text("ward.calm")} · ${text("ward.counts", { beds: patients.length, well: all.filter(tile => tile.isWell).length })}`;
  counts.dataset.urgent = needing > 0;
  const open = patients.flatMap(one => one.alarms?.open ?? []).filter(one => one.state !== "acknowledged").length;
  document.getElementById("alarms").textContent = text("alarms.all", { count: open });
  const mute = answer.processes.filter(one => one.fault).map(one => one.process);
  if (mute.length > 0) {
    const line = document.getElementById("connection");
    line.textContent = text("connection.some", { processes: mute.join(", ") });
    line.hidden = false;
  }
  order();
  choose();
}

function make(patient) {
  const element = document.createElement("article");
  element.className = "tile";
  element.innerHTML = `<h2><a><b></b></a><small></small></h2><div class="top"><p class="alarm" hidden></p><button type="button" class="ack" hidden>✓</button></div><div class="rates"></div>
    <canvas class="strip" aria-hidden="true"></canvas><canvas class="trend" aria-hidden="true"></canvas><p class="state"></p><meter min="0" max="1" low="0.4" high="0.7" optimum="1"></meter>`;
  const part = name => element.querySelector(name);
  const tile = {
    element, trace: new Trace(stripSeconds), trend: past.get(patient.patient) ?? [], isSeen: false, isWell: false, bed: "", ward: "", name: patient.patient, priority: 2 * priorities.length, isUrgent: false,
    link: part("a"), act: part(".ack"), title: part("b"), note: part("small"), alarm: part(".alarm"), rates: part(".rates"), strip: part(".strip"), trendBox: part(".trend"), state: part(".state"), quality: part("meter"),
  };
  element.tile = tile;
  tile.link.href = `patient.html?patient=${encodeURIComponent(patient.patient)}`;
  tile.act.title = tile.act.ariaLabel = text("tile.acknowledge");
  tile.act.onclick = () => acknowledge(tile.patient, null);
  board.append(element);
  seen.observe(element);
  return tile;
}

function update(tile, patient) {
  [tile.bed, tile.ward] = [patient.bed, patient.ward];
  tile.patient = patient;
  tile.title.textContent = bedOf(patient);
  tile.note.textContent = patient.patient;
  const silent = patient.silentSince;
  const shown = rates.map(rate => ({ rate, value: best(patient, rate.metric, rate.signals) })).filter(one => one.value)
    .map(one => ({ ...one, isShown: isUsable(one.value) && !silent }));
  const isLabour = shown.length > 1;
  tile.isWell = shown.some(one => one.isShown);
  const reasons = shown.filter(one => !one.isShown && !silent && one.value.status !== "ok")
    .map(({ rate, value }) => `${isLabour ? `${text(rate.name)}: ` : ""}${nameOf("status", value.silentSince ? "silent" : value.status)}`);
  tile.rates.replaceChildren(...shown.map(({ rate, value, isShown }) => {
    const number = document.createElement("p");
    number.className = rate.metric === "fetal_heart_rate" ? "rate fetus" : "rate";
    number.append(isShown ? Math.round(value.value).toString() : "–");
    if (isLabour) {
      const label = document.createElement("small");
      label.textContent = text(rate.name);
      number.append(label);
    }
    return number;
  }));
  const pressure = pressureOf(patient);
  if (pressure) {
    const number = document.createElement("p");
    number.className = "pressure";
    number.textContent = pressure.text;
    tile.rates.append(number);
    if (tile.isWell && pressure.value.status !== "ok" && !silent)
      reasons.push(`${text("tile.pressure")}: ${nameOf("status", pressure.value.silentSince ? "silent" : pressure.value.status)}`);
  }
  const newest = patient.ageSeconds;
  const paused = patient.alarms?.pausedUntil;
  if (paused && new Date(paused) > new Date())
    reasons.unshift(text("tile.paused", { time: timeOfDay(paused) }));
  if (silent)
    reasons.unshift(text("tile.silent", { time: timeOfDay(silent) }));
  else if (newest > staleSeconds)
    reasons.unshift(text("tile.age", { age: Math.round(newest) }));
  tile.state.textContent = reasons.join(" · ") || nameOf("status", "ok");
  tile.element.dataset.state = silent ? "silent" : tile.isWell ? newest > staleSeconds ? "stale" : "ok" : "none";
  const first = shown[0]?.value;
  tile.quality.value = first && !silent ? first.quality : 0;
  tile.quality.title = text("tile.quality", { quality: Math.round(100 * tile.quality.value) });
  showAlarm(tile, patient.alarm, patient.alarms);
  const rate = shown.at(-1);
  const time = Date.now();
  if (tile.trend.length === 0 || time - tile.trend.at(-1)[0] > 4000)
    tile.trend.push([time, rate?.isShown ? rate.value.value : null]);
  while (tile.trend.length && tile.trend[0][0] < time - 60000 * trendMinutes)
    tile.trend.shift();
  if (tile.isSeen)
    drawTrend(tile, time);
  tile.quality.ariaLabel = tile.quality.title;
  tile.link.ariaLabel = [tile.title.textContent, tile.alarm.hidden ? "" : tile.alarm.textContent,
    ...shown.map(({ rate: one, value, isShown }) => `${nameOf("metric", one.metric)} ${isShown ? Math.round(value.value) : text("tile.no_value")}`), pressure ? `${text("tile.pressure")} ${pressure.text}` : "", tile.state.textContent].filter(Boolean).join(", ");
}

function showAlarm(tile, alarm, alarms) {
  // One that somebody has acknowledged comes after those that nobody has.
  tile.priority = alarm ? Math.max(0, priorities.indexOf(alarm.priority)) + (alarm.state === "acknowledged" ? priorities.length : 0) : 2 * priorities.length;
  tile.isUrgent = Boolean(alarm) && alarm.state !== "acknowledged" && ["high", "medium"].includes(alarm.priority);
  tile.alarm.hidden = !alarm;
  tile.act.hidden = !may("acknowledge") || !(alarms?.open ?? []).some(one => one.state !== "acknowledged");
  if (alarm) {
    tile.alarm.textContent = nameOf("alarm", alarm.kind) + (alarm.state === "active" ? "" : `, ${nameOf("alarm_state", alarm.state)}`);
    tile.alarm.title = alarm.reason;
    tile.element.dataset.alarm = alarm.priority;
    tile.element.dataset.alarmState = alarm.state;
  } else {
    tile.alarm.title = "";
    delete tile.element.dataset.alarm;
    delete tile.element.dataset.alarmState;
  }
}

function drawTrend(tile, now) {
  const { draw, width, height } = fit(tile.trendBox);
  const values = tile.trend.map(([, value]) => value).filter(value => value !== null);
  if (values.length < 2)
    return;
  const [least, greatest] = [Math.min(...values) - 5, Math.max(...values) + 5];
  draw.strokeStyle = colour("--text-soft");
  draw.lineWidth = 1;
  draw.beginPath();
  let pen = false;
  for (const [time, value] of tile.trend) {
    if (value === null) {
      pen = false;
      continue;
    }
    const x = width - (now - time) / (60000 * trendMinutes) * width;
    const y = height - 2 - (height - 4) * (value - least) / (greatest - least);
    if (pen)
      draw.lineTo(x, y);
    else
      draw.moveTo(x, y);
    pen = true;
  }
  draw.stroke();
}

function order() {
  const sorted = [...tiles.values()].sort((a, b) =>
    a.priority - b.priority || a.ward.localeCompare(b.ward) || a.bed.localeCompare(b.bed, undefined, { numeric: true }) || a.name.localeCompare(b.name));
  const focused = document.activeElement;
  sorted.forEach((tile, index) => {
    if (board.children[index] !== tile.element)
      board.insertBefore(tile.element, board.children[index] ?? null);
  });
  if (focused !== document.activeElement && board.contains(focused))
    focused.focus();     // a tile that moves takes the focus with it
  const wards = [...new Set(sorted.map(tile => tile.ward))].sort();
  const listed = [...filter.options].slice(1).map(option => option.value);
  if (wards.join("\n") !== listed.join("\n")) {
    const chosen = filter.value;
    filter.replaceChildren(new Option(text("ward.all"), ""), ...wards.map(ward => new Option(ward || "–", ward)));
    filter.value = wards.includes(chosen) ? chosen : "";
  }
}

function choose() {
  const wanted = search.value.trim().toLowerCase();
  for (const tile of tiles.values())
    tile.element.hidden = (filter.value !== "" && tile.ward !== filter.value) || !`${tile.title.textContent} ${tile.bed} ${tile.name}`.toLowerCase().includes(wanted);
  hear();
}

function hear() {
  const names = [...tiles.values()].filter(tile => tile.isSeen && !tile.element.hidden).map(tile => tile.name).sort().slice(0, mostStrips);
  if (names.join("\n") === heard)
    return;
  heard = names.join("\n");
  // The stream before goes on until this one has begun, so that no strip has a hole.
  const before = [...streams];
  streams.add(listen(names, stripPoints, false, stretch => {
    const tile = tiles.get(stretch.patient);
    if (!tile)
      return;
    if (tile.shownChannel !== stretch.device + stretch.label) {
      tile.trace = new Trace(stripSeconds);
      tile.shownChannel = stretch.device + stretch.label;
    }
    tile.trace.take(stretch);
  }, () => before.forEach(close => {
    close();
    streams.delete(close);
  })));
}

function move(key) {
  const seenTiles = [...board.children].filter(element => !element.hidden);
  const at = seenTiles.findIndex(element => element.contains(document.activeElement));
  if (key.key.toLowerCase() === "a" && !key.ctrlKey && !key.altKey && !key.metaKey && !seenTiles[at].tile.act.hidden) {
    key.preventDefault();
    seenTiles[at].tile.act.click();
    return;
  }
  const columns = seenTiles.filter(element => element.offsetTop === seenTiles[0].offsetTop).length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key.key];
  if (step && seenTiles[at + step]) {
    key.preventDefault();
    seenTiles[at + step].tile.link.focus();
  }
}
