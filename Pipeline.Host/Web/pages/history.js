// What was stored of one patient: trends with their uncertainty and limits, the spectrogram with the rate in it, strips of events, export.

import { text, nameOf, timeOfDay, dayAndTime } from "./texts.js";
import { may } from "./session.js";
import { fit, colour } from "./strips.js";

const element = id => document.getElementById(id);
const trendRows = [
  { name: "trend.rates", metrics: ["heart_rate", "fetal_heart_rate"], least: 40, most: 140, limits: ["low", "high"] },
  { name: "trend.pressure", metrics: ["systolic", "mean_pressure", "diastolic"], least: 40, most: 140, limits: ["meanLow", "meanHigh"] },
  { name: "trend.hrv", metrics: ["sdnn", "rmssd"], least: 0, most: 100 },
  { name: "trend.breathing", metrics: ["respiratory_rate"], least: 5, most: 30 },
];
const colours = { heart_rate: "--strip", fetal_heart_rate: "--fetus", sdnn: "--mother", rmssd: "--warn", respiratory_rate: "--strip", systolic: "--strip", mean_pressure: "--mother", diastolic: "--warn" };
const trust = ["ecg", "abp", "fhr", "ppg", "fecg", "pcg", "camera"];
let patient = "", hours = 1, series = [], everySeconds = 2, spectra = null, ridge = [], limits = null, last = 0;

/** Begins for a patient: fills the page's parts, and keeps them fresh while it is open. */
export function begin(name) {
  patient = encodeURIComponent(name);
  element("hours").onchange = () => { hours = Number(element("hours").value); loadTrends(); };
  element("trends").replaceChildren(...trendRows.map(row => {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = text(row.name);
    row.canvas = document.createElement("canvas");
    row.canvas.className = "trendwide";
    row.canvas.setAttribute("role", "img");
    row.canvas.ariaLabel = caption.textContent;
    figure.append(caption, row.canvas);
    row.figure = figure;
    return figure;
  }));
  document.addEventListener("theme", drawAll);
  new ResizeObserver(drawAll).observe(element("trends"));
  element("export").hidden = !may("export");
  element("picture").onclick = picture;
  element("print").onclick = () => print();
  for (const form of ["csv", "edf"])
    element(form).onclick = () => take(form);
  const turn = async (load, every) => {
    if (!document.hidden)
      await load();
    setTimeout(() => turn(load, every), every);
  };
  turn(loadTrends, 30000);
  turn(loadEvents, 30000);
  turn(loadSpectra, 15000);
}

/** Tells the limits that hold, and the newest event time. */
export function update(report) {
  const isFirst = last === 0;
  limits = report.limits;
  last = new Date(report.time).getTime();
  if (isFirst)
    loadSpectra();
}

async function get(path) {
  try {
    const answer = await fetch(path, { cache: "no-store" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

async function loadTrends() {
  const query = new URLSearchParams([["patient", decodeURIComponent(patient)], ["minutes", 60 * hours], ...trendRows.flatMap(row => row.metrics).map(metric => ["metric", metric])]);
  const answer = await get(`/api/history?${query}`);
  if (!answer)
    return;
  ({ series, everySeconds } = answer);
  drawAll();
}

/** Of each metric the series that is trusted most: the others are in the table. */
function chosen(metric) {
  const all = series.filter(one => one.metric === metric && one.times.length > 0);
  return all.sort((a, b) => trust.indexOf(a.signal) - trust.indexOf(b.signal))[0];
}

function drawAll() {
  for (const row of trendRows)
    drawTrends(row);
  drawSpectra();
}

function drawTrends(row) {
  const shown = row.metrics.map(metric => ({ metric, one: chosen(metric) })).filter(it => it.one);
  row.figure.hidden = shown.length === 0;
  if (shown.length === 0)
    return;
  const { draw, width, height } = fit(row.canvas);
  const values = shown.flatMap(({ one }) => one.means);
  const bands = row.limits && limits ? [row.limits.map(name => limits[name])] : [];
  const least = Math.min(row.least, ...values) - 5, most = Math.max(row.most, ...values, ...bands.flat()) + 5;
  const end = Date.now(), begin = end - 3600000 * hours;
  const x = time => 40 + (width - 40) * (time - begin) / (end - begin), y = value => height - 16 - (height - 20) * (value - least) / (most - least);
  draw.font = "11px sans-serif";
  if (bands.length > 0) {
    draw.fillStyle = colour("--usual");
    const [low, high] = bands[0];
    draw.fillRect(40, y(high), width - 40, y(low) - y(high));
  }
  draw.strokeStyle = colour("--grid");
  draw.fillStyle = colour("--text-soft");
  draw.lineWidth = 1;
  for (let value = Math.ceil(least / 20) * 20; value < most; value += 20) {
    line(draw, 40, y(value), width, y(value));
    draw.fillText(value.toString(), 8, y(value) + 4);
  }
  const step = 3600000 * (hours <= 1 ? 1 / 6 : hours <= 6 ? 1 : hours <= 24 ? 3 : 12);
  for (let time = Math.ceil(begin / step) * step; time < end; time += step) {
    line(draw, x(time), 0, x(time), height - 14);
    draw.fillText(timeOfDay(time).slice(0, 5), x(time) - 14, height - 3);
  }
  for (const { metric, one } of shown) {
    const gap = 1000 * Math.max(3.5 * everySeconds, 45);
    for (const part of parts(one, gap))
      band(draw, part, x, y, colour(colours[metric]));
  }
  row.canvas.ariaLabel = `${text(row.name)}: ${shown.map(({ metric, one }) => `${nameOf("metric", metric)} ${Math.round(one.means.at(-1))}`).join(", ")}`;
}

/** Stretches without a gap: nothing is drawn across one. */
function parts({ times, means, sigmas }, gap) {
  const all = [];
  times.forEach((time, i) => {
    if (i === 0 || time - times[i - 1] > gap)
      all.push([]);
    all.at(-1).push({ time, mean: means[i], sigma: sigmas[i] ?? 0 });
  });
  return all;
}

function band(draw, part, x, y, paint) {
  draw.fillStyle = draw.strokeStyle = paint;
  draw.globalAlpha = 0.2;
  draw.beginPath();
  part.forEach(({ time, mean, sigma }) => draw.lineTo(x(time), y(mean + sigma)));
  [...part].reverse().forEach(({ time, mean, sigma }) => draw.lineTo(x(time), y(mean - sigma)));
  draw.fill();
  draw.globalAlpha = 1;
  draw.lineWidth = 1.5;
  draw.beginPath();
  part.forEach(({ time, mean }, i) => i === 0 ? draw.moveTo(x(time) - 0.7, y(mean)) : draw.lineTo(x(time), y(mean)));
  draw.lineTo(x(part.at(-1).time) + 0.7, y(part.at(-1).mean));
  draw.stroke();
}

function line(draw, x1, y1, x2, y2) {
  draw.beginPath();
  draw.moveTo(x1, y1);
  draw.lineTo(x2, y2);
  draw.stroke();
}

async function loadSpectra() {
  if (!last)
    return;
  const [from, to] = [Math.round(last - 300000), Math.round(last)];
  const answer = await get(`/api/patients/${patient}/spectrogram?from=${from}&to=${to}`);
  element("spectra").hidden = !answer;
  if (!answer)
    return;
  spectra = { ...answer, bytes: Uint8Array.from(atob(answer.spectra.levels), one => one.charCodeAt(0)), to };
  const rates = await get(`/api/history?patient=${patient}&metric=heart_rate&minutes=6&every=2`);
  ridge = rates?.series.filter(one => one.signal === answer.kind) ?? [];
  if (ridge.length === 0)
    ridge = rates?.series ?? [];
  element("spectra-of").textContent = `${answer.kind} ${answer.label}`;
  drawSpectra();
}

function drawSpectra() {
  if (!spectra)
    return;
  const { draw, width, height } = fit(element("spectrogram"));
  const { firstSeconds, hopSeconds, lowHz, stepHz, binCount } = spectra.spectra;
  const frames = spectra.bytes.length / binCount;
  const picture = new ImageData(Math.max(1, frames), binCount);
  for (let frame = 0; frame < frames; frame++)
    for (let bin = 0; bin < binCount; bin++) {
      const level = spectra.bytes[frame * binCount + bin], at = 4 * ((binCount - 1 - bin) * frames + frame);
      // Dark blue over green to yellow, as it is seen by the colour-blind too.
      const warm = level / 255;
      picture.data.set([255 * Math.max(0, 2 * warm - 1), 40 + 215 * warm ** 1.5, 90 + 70 * Math.sin(Math.PI * warm), level === 0 ? 0 : 255], at);
    }
  const small = document.createElement("canvas");
  [small.width, small.height] = [picture.width, picture.height];
  small.getContext("2d").putImageData(picture, 0, 0);
  const seconds = (spectra.to - spectra.from) / 1000;
  const x = time => 40 + (width - 40) * (time - spectra.from) / 1000 / seconds;
  const y = perMinute => height - height * (perMinute / 60 - lowHz) / (binCount * stepHz);
  draw.drawImage(small, x(spectra.from + 1000 * (firstSeconds - hopSeconds / 2)), 0, (width - 40) * frames * hopSeconds / seconds, height);
  draw.fillStyle = colour("--text-soft");
  draw.font = "11px sans-serif";
  for (let rate = 60; rate < 240; rate += 60)
    draw.fillText(rate.toString(), 8, y(rate) + 4);
  draw.strokeStyle = colour("--text");
  draw.lineWidth = 1.5;
  draw.setLineDash([4, 3]);
  for (const one of ridge)
    for (const part of parts({ ...one, sigmas: [] }, 12000)) {
      draw.beginPath();
      part.forEach(({ time, mean }, i) => i === 0 ? draw.moveTo(x(time), y(mean)) : draw.lineTo(x(time), y(mean)));
      draw.stroke();
    }
  draw.setLineDash([]);
}

async function loadEvents() {
  const [events, alarms] = await Promise.all([get(`/api/patients/${patient}/events?minutes=1440`), get(`/api/alarms?patient=${patient}&minutes=1440`)]);
  const all = [
    ...(events ?? []).map(one => ({ time: one.time, what: nameOf("event", one.kind || one.metric), seconds: one.seconds, priority: one.priority, reason: one.reason })),
    ...(alarms ?? []).filter(one => one.action === "raised").map(one => ({ time: one.time, what: nameOf("alarm", one.kind), priority: one.priority, reason: one.reason })),
  ].sort((a, b) => b.time - a.time).slice(0, 50);
  element("no-events").hidden = all.length > 0;
  element("events").replaceChildren(...all.map(one => {
    const row = document.createElement("tr");
    if (one.priority)
      row.dataset.alarm = one.priority;
    const strip = document.createElement("button");
    strip.type = "button";
    strip.textContent = text("events.strip");
    strip.onclick = () => showStrip(one);
    row.append(...[dayAndTime(one.time), one.what, one.seconds === undefined || one.seconds === null ? "" : `${Math.round(one.seconds)} s`, one.reason, strip].map(content => {
      const cell = document.createElement("td");
      cell.append(content);
      return cell;
    }));
    return row;
  }));
}

/** The signals around an event, 10 s at 25 mm/s. */
async function showStrip(event) {
  const answer = await get(`/api/patients/${patient}/stretch?from=${Math.round(event.time - 6000)}&to=${Math.round(event.time + 6000)}`);
  const box = element("strip");
  const title = document.createElement("h3");
  title.textContent = `${event.what}, ${dayAndTime(event.time)}`;
  const shown = (answer?.channels ?? []).filter(one => ["ecg", "ppg", "abp", "fecg", "fhr", "pcg", "camera"].includes(one.kind)).slice(0, 4);
  if (shown.length === 0) {
    const none = document.createElement("p");
    none.textContent = text("events.no_samples");
    box.replaceChildren(title, none);
    return;
  }
  const canvas = document.createElement("canvas");
  canvas.className = "rhythm";
  canvas.setAttribute("role", "img");
  canvas.ariaLabel = title.textContent;
  canvas.style.height = `${90 * shown.length}px`;
  box.replaceChildren(title, canvas);
  const { draw, width, height } = fit(canvas);
  const perSecond = 25 * 96 / 25.4, seconds = Math.min(12, width / perSecond), each = height / shown.length;
  const first = 6 - seconds / 2;
  draw.strokeStyle = colour("--grid");
  for (let at = Math.ceil(first / 0.2) * 0.2; at < first + seconds; at += 0.2) {
    draw.lineWidth = Math.abs(at - Math.round(at)) < 0.01 ? 1 : 0.5;
    line(draw, (at - first) * perSecond, 0, (at - first) * perSecond, height);
  }
  shown.forEach((channel, row) => {
    const values = channel.values.filter(value => value !== null);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    draw.fillStyle = colour("--text-soft");
    draw.fillText(`${channel.kind} ${channel.label}`, 4, row * each + 12);
    draw.strokeStyle = colour("--strip");
    draw.lineWidth = 1.5;
    draw.beginPath();
    let pen = false;
    channel.values.forEach((value, i) => {
      if (value === null) {
        pen = false;
        return;
      }
      const [px, py] = [(i / channel.rateHz - first) * perSecond, (row + 1) * each - 8 - (each - 24) * (value - least) / (most - least || 1)];
      if (pen)
        draw.lineTo(px, py);
      else
        draw.moveTo(px, py);
      pen = true;
    });
    draw.stroke();
  });
}

/** Takes the last minutes of the signals away. */
function take(form) {
  const link = document.createElement("a");
  link.href = `/api/patients/${patient}/stretch.${form}?from=${Math.round(last - 60000 * element("minutes").value)}&to=${Math.round(last)}`;
  link.download = "";
  link.click();
}

/** Takes the trends away as a picture. */
function picture() {
  const shown = trendRows.filter(row => !row.figure.hidden).map(row => row.canvas);
  const whole = document.createElement("canvas");
  [whole.width, whole.height] = [Math.max(...shown.map(one => one.width)), shown.reduce((sum, one) => sum + one.height, 0)];
  const draw = whole.getContext("2d");
  draw.fillStyle = colour("--tile");
  draw.fillRect(0, 0, whole.width, whole.height);
  let top = 0;
  for (const one of shown) {
    draw.drawImage(one, 0, top);
    top += one.height;
  }
  const link = document.createElement("a");
  link.href = whole.toDataURL("image/png");
  link.download = `${decodeURIComponent(patient)}.png`;
  link.click();
}
