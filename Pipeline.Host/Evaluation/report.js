"use strict";
// Draws the report's pictures with Observable Plot from the JSON in the page. Colours are the page's own, so they follow light, dark and print.
const data = JSON.parse(document.getElementById("data").textContent);
const colour = name => `var(--${name})`;
const place = (id, ...nodes) => document.getElementById(id).append(...nodes);
// Labels of the axes: the upright one above its axis, the level one in the middle below, clear of the ticks.
const plot = ({ x, ...options }) => Plot.plot({
  style: { background: "none", fontSize: "12px", color: colour("ink") }, marginBottom: 42,
  x: { labelAnchor: "center", labelArrow: "none", labelOffset: 36, ...x }, ...options,
});
const windows = data.windows.map(([recording, start, reference, value, sigma, quality]) => ({ recording, start, reference, value, sigma, quality, error: value - reference }));
const sets = [...new Set(data.recordings.map(r => r.set))];
const setColours = ["accent", "second", "reference", "estimate"].map(colour);
const named = r => sets.length > 1 ? `${r.set} / ${r.subject ?? r.recording}` : r.subject ?? r.recording;
const signed = value => (value > 0 ? "+" : value < 0 ? "−" : "") + Math.abs(value).toFixed(1);

function legend(...entries) {
  const box = document.createElement("div");
  box.className = "legend";
  for (const [text, stroke, dashed] of entries) {
    const entry = document.createElement("span"), line = document.createElement("i");
    line.style.borderColor = stroke;
    if (dashed) line.style.borderTopStyle = "dashed";
    entry.append(line, text);
    box.append(entry);
  }
  return box;
}

function agreement() {
  const limits = [data.bias - 1.96 * data.sd, data.bias, data.bias + 1.96 * data.sd];
  const reach = 1.1 * Math.max(5, Math.max(...windows.map(w => Math.abs(w.error))));
  return plot({
    width: 500, height: 366, marginRight: 92,
    x: { label: "Mean of reference and estimate (bpm)", grid: true },
    y: { label: "Estimate − reference (bpm)", domain: [-reach, reach], grid: true },
    marks: [
      Plot.dot(windows, { x: w => (w.reference + w.value) / 2, y: "error", r: 1.8, fill: colour("accent"), fillOpacity: windows.length > 3000 ? 0.18 : 0.35 }),
      Plot.ruleY([limits[0], limits[2]], { stroke: colour("estimate"), strokeDasharray: "5 4" }),
      Plot.ruleY([limits[1]], { stroke: colour("estimate") }),
      Plot.text(limits, { y: d => d, text: (d, i) => `${["−1.96 SD", "bias", "+1.96 SD"][i]}  ${signed(d)}`, frameAnchor: "right", textAnchor: "start", dx: 6, fill: colour("soft") }),
    ],
  });
}

function risk() {
  const lines = [["riskByError", "soft", "4 4"], ["riskByQuality", "second", null], ["riskBySigma", "accent", null]];
  return [
    legend(["kept by σ", colour("accent")], ["kept by quality", colour("second")], ["kept by the error itself", colour("soft"), true]),
    plot({
      width: 500, height: 342,
      x: { label: "Windows kept (%)", domain: [0, 100], grid: true },
      y: { label: "Mean absolute error (bpm)", zero: true, grid: true },
      marks: lines.map(([key, name, dash]) => Plot.lineY(data[key], { x: p => 100 * p.coverage, y: "mae", stroke: colour(name), strokeWidth: 2, ...(dash ? { strokeDasharray: dash } : {}) })),
    }),
  ];
}

function subjects() {
  const quantile = (values, q) => d3.quantile(values, q);
  const rows = data.subjects.map(s => {
    const own = new Set(data.recordings.flatMap((r, i) => r.set === s.set && r.subject === s.subject ? [i] : []));
    const errors = windows.filter(w => own.has(w.recording)).map(w => Math.abs(w.error)).sort(d3.ascending);
    return { ...s, low: quantile(errors, 0.05), q1: quantile(errors, 0.25), q3: quantile(errors, 0.75), high: quantile(errors, 0.95) };
  }).sort((a, b) => b.mae - a.mae);
  const key = named;
  return [
    ...(sets.length > 1 ? [legend(...sets.map((set, i) => [set, setColours[i % setColours.length]]))] : []),
    plot({
      width: 1024, height: 76 + 20 * rows.length, marginRight: 52, marginTop: 8, marginLeft: 24 + 6.6 * d3.max(rows, s => key(s).length),
      x: { label: "Absolute error (bpm)", grid: true, zero: true },
      y: { label: null, domain: rows.map(key), tickSize: 0 },
      marks: [
        Plot.barX(rows, { x: "mae", y: key, fill: s => setColours[sets.indexOf(s.set) % setColours.length], fillOpacity: 0.55, insetTop: 2, insetBottom: 2 }),
        Plot.ruleY(rows, { x1: "low", x2: "high", y: key, stroke: colour("ink"), strokeOpacity: 0.55 }),
        Plot.ruleY(rows, { x1: "q1", x2: "q3", y: key, stroke: colour("ink"), strokeWidth: 3.5, strokeOpacity: 0.7 }),
        Plot.text(rows, { x: "high", y: key, text: s => s.mae.toFixed(2), textAnchor: "start", dx: 6, fill: colour("soft") }),
        Plot.ruleX([0]),
      ],
    }),
  ];
}

function reliability() {
  return plot({
    width: 500, height: 360,
    x: { label: "Interval promises (%)", domain: [0, 100], grid: true },
    y: { label: "Interval holds (%)", domain: [0, 100], grid: true },
    marks: [
      Plot.line([[0, 0], [100, 100]], { stroke: colour("soft"), strokeDasharray: "4 4" }),
      Plot.line(data.reliability, { x: r => 100 * r.nominal, y: r => 100 * r.observed, stroke: colour("accent"), strokeWidth: 2 }),
      Plot.dot(data.reliability, { x: r => 100 * r.nominal, y: r => 100 * r.observed, fill: colour("accent"), r: 3.5 }),
      Plot.text(data.reliability.filter(r => r.nominal === 0.9), { x: r => 100 * r.nominal, y: r => 100 * r.observed, text: r => `${(100 * r.observed).toFixed(1)} %`, textAnchor: "end", dx: -8, dy: -6, fontWeight: 600, fill: colour("ink") }),
    ],
  });
}

function sigma() {
  const bins = data.bySigma.filter(b => b.sigma > 0 && b.rmse > 0);
  const low = 0.8 * Math.min(...bins.map(b => Math.min(b.sigma, b.rmse))), high = 1.25 * Math.max(...bins.map(b => Math.max(b.sigma, b.rmse)));
  const ticks = [0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100].filter(t => t >= low && t <= high);
  const axis = label => ({ label, type: "log", domain: [low, high], ticks, tickFormat: d => `${d}`, grid: true });
  return plot({
    width: 500, height: 360,
    x: axis("σ that was said (bpm)"),
    y: axis("Root mean squared error (bpm)"),
    marks: [
      Plot.line([[low, low], [high, high]], { stroke: colour("soft"), strokeDasharray: "4 4" }),
      Plot.line(bins, { x: "sigma", y: "rmse", stroke: colour("accent"), strokeWidth: 1.5 }),
      Plot.dot(bins, { x: "sigma", y: "rmse", fill: colour("accent"), r: 3.5 }),
    ],
  });
}

// Plot interpolates colours as numbers; the page's variables are read once for that.
const shade = () => {
  const style = getComputedStyle(document.documentElement);
  return d3.interpolateRgb(style.getPropertyValue("--low").trim(), style.getPropertyValue("--high").trim());
};

function spectrogram(s) {
  const bytes = Uint8Array.from(atob(s.power), c => c.charCodeAt(0));
  const values = Float32Array.from({ length: s.width * s.height }, (_, i) => bytes[(i % s.width) * s.height + (i / s.width | 0)] / 255);
  const half = s.stepRate / 2, seen = s.reference.map(r => r[1]).concat(s.estimate.flatMap(e => e[1] === null ? [] : [e[1]]));
  const top = Math.min(s.firstRate + (s.height - 1) * s.stepRate + half, Math.max(150, d3.max(seen) + 20));
  const box = document.createElement("div"), title = document.createElement("h3"), note = document.createElement("span");
  box.className = "spectrogram";
  note.textContent = ` · mean absolute error ${s.mae.toFixed(2)} bpm`;
  title.append(named(s), note);
  box.append(title, plot({
    width: 1024, height: 240, marginLeft: 44, marginTop: 18,
    x: { label: "Time (s)", domain: [s.middle - s.hop / 2, s.middle + (s.width - 0.5) * s.hop] },
    y: { label: "Rate (bpm)", domain: [s.firstRate - half, top] },
    color: { type: "linear", domain: [0, 1], interpolate: shade() },
    marks: [
      Plot.raster(values, {
        width: s.width, height: s.height, x1: s.middle - s.hop / 2, x2: s.middle + (s.width - 0.5) * s.hop,
        y1: s.firstRate - half, y2: s.firstRate + (s.height - 0.5) * s.stepRate, imageRendering: "pixelated", clip: true,
      }),
      Plot.line(s.reference, { x: r => r[0] + s.middle, y: r => r[1], z: null, stroke: colour("reference"), strokeWidth: 3, clip: true }),
      Plot.line(s.estimate, { x: e => e[0] + s.middle, y: e => e[1] === null ? NaN : e[1], z: null, stroke: colour("estimate"), strokeWidth: 1.3, clip: true }),
      Plot.dot(s.estimate.filter(e => e[1] !== null), { x: e => e[0] + s.middle, y: e => e[1], r: 1.5, fill: colour("estimate"), clip: true }),
    ],
  }));
  return box;
}

function worst(w) {
  const box = document.createElement("div"), title = document.createElement("h3"), note = document.createElement("span"), row = document.createElement("div");
  box.className = "window";
  note.textContent = ` · from ${w.start} s · reference ${w.reference.toFixed(1)}, estimate ${w.value.toFixed(1)} ± ${w.sigma.toFixed(1)} bpm (off by ${signed(w.value - w.reference)}), quality ${w.quality.toFixed(2)}`;
  title.append(w.recording, note);
  box.append(title, row);
  if (!w.wave) return box;
  const time = (_, i) => w.start + i * w.wave.seconds;
  const axis = { axis: null, domain: [w.wave.motion ? -0.75 : -0.05, 1.05] };
  row.append(
    plot({
      width: 610, height: 138, marginLeft: 8, marginTop: 4, x: { label: "Time (s)", grid: true, domain: [w.start, w.start + 8] }, y: axis,
      marks: [
        Plot.lineY(w.wave.signal, { x: time, y: d => d === null ? NaN : d, stroke: colour("accent"), strokeWidth: 1.3 }),
        ...(w.wave.motion ? [Plot.lineY(w.wave.motion, { x: time, y: d => d === null ? NaN : 0.6 * d - 0.7, stroke: colour("soft"), strokeWidth: 0.9 })] : []),
      ],
    }),
    plot({
      width: 400, height: 138, marginLeft: 8, marginTop: 4, x: { label: "Rate (bpm)", domain: [w.firstRate, w.firstRate + (w.power.length - 1) * w.stepRate] }, y: { axis: null, domain: [0, 1.05] },
      marks: [
        Plot.areaY(w.power, { x: (_, i) => w.firstRate + i * w.stepRate, y: d => d, fill: colour("accent"), fillOpacity: 0.25 }),
        Plot.lineY(w.power, { x: (_, i) => w.firstRate + i * w.stepRate, y: d => d, stroke: colour("accent"), strokeWidth: 1 }),
        Plot.ruleX([w.reference], { stroke: colour("reference"), strokeWidth: 2.5 }),
        Plot.ruleX([w.value], { stroke: colour("estimate"), strokeWidth: 2, strokeDasharray: "5 3" }),
        Plot.ruleY([0]),
      ],
    }));
  return box;
}

const ridge = () => legend(["reference", colour("reference")], ["estimate", colour("estimate")]);
if (windows.length > 0) {
  place("agreement", agreement());
  place("risk", ...risk());
  place("subjects", ...subjects());
  place("reliability", reliability());
  place("sigma", sigma());
  place("spectrograms", ridge(), ...data.spectrograms.map(spectrogram));
  place("worst", legend(["signal", colour("accent")], ["motion", colour("soft")], ["reference", colour("reference")], ["estimate", colour("estimate"), true]), ...data.worst.map(worst));
}
