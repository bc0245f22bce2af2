// Moving strips on a canvas. A strip is drawn some time after its newest sample, so that it moves evenly although samples come in chunks.

const styleOf = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
let colours = {};
const readColours = () => {
  for (const name of ["--strip", "--grid", "--text-soft", "--fetus", "--mother", "--warn", "--text", "--usual"])
    colours[name] = styleOf(name);
};
document.addEventListener("theme", readColours);

/** The colour of this look by its name in style.css. */
export function colour(name) {
  if (!colours[name])
    readColours();
  return colours[name] ?? "#888";
}

/** Fits a canvas to its box and the screen's pixels. Returns its drawing context in CSS pixels, and its size. */
export function fit(canvas) {
  const scale = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h)
    [canvas.width, canvas.height] = [w, h];
  const draw = canvas.getContext("2d");
  draw.setTransform(scale, 0, 0, scale, 0, 0);
  draw.clearRect(0, 0, width, height);
  return { draw, width, height };
}

/** The last seconds of one channel. */
export class Trace {
  /** seconds: how much is kept. */
  constructor(seconds) {
    this.seconds = seconds;
    this.parts = [];
    this.beats = [];      // as the server tells them: { kind, label, epoch, seconds }
    this.lead = null;     // milliseconds from a sample's time to when it is drawn
  }

  /** Takes a stretch as the server sends it. */
  take(stretch) {
    const last = this.parts.at(-1);
    if (last && stretch.time <= last.time && stretch.time > last.time - 1000 * this.seconds)
      return;     // of two streams, while one takes over from the other
    if (last && stretch.time < last.time)
      this.parts = [];     // the device has begun anew
    this.parts.push(stretch);
    const end = stretch.time + 1000 * stretch.values.length / stretch.rateHz;
    while (this.parts.length && this.parts[0].time < end - 1000 * this.seconds - 2000)
      this.parts.shift();
    const behind = Date.now() - stretch.time;
    // A frame more than the latest chunk of the last seconds needed: then it does not stop. It follows a clock that drifts, and a stream that was late once.
    const needed = behind + 50, pull = Math.min(1, stretch.values.length / stretch.rateHz / 10);
    this.lead = this.lead === null ? needed : Math.max(needed, this.lead + pull * (needed - this.lead));
    this.isNew = true;
  }

  /** Time at the right edge, milliseconds. */
  get now() {
    return Date.now() - (this.lead ?? 0);
  }

  /** Least and greatest value that are kept; null where there is none. */
  range() {
    let [least, greatest] = [Infinity, -Infinity];
    for (const part of this.parts)
      for (const value of part.values)
        if (value !== null) {
          least = Math.min(least, value);
          greatest = Math.max(greatest, value);
        }
    return least <= greatest ? [least, greatest] : null;
  }
}

/** Draws a trace over the whole of a canvas; the newest at the right. pixelsPerSecond: null: all of trace.seconds. grid: lines each 0.2 s and 1 s. */
export function drawTrace(canvas, trace, { pixelsPerSecond = null, grid = false, stroke = "--strip" } = {}) {
  const { draw, width, height } = fit(canvas);
  const speed = pixelsPerSecond ?? width / trace.seconds;
  const now = trace.now;
  if (grid)
    drawGrid(draw, width, height, speed, now);
  const range = trace.range();
  if (!range)
    return;
  // The scale follows slowly, so that one artefact does not flatten all.
  const [least, greatest] = trace.shown = ease(trace.shown, range);
  const span = greatest - least || 1;
  const y = value => height - 4 - (height - 8) * (value - least) / span;
  draw.strokeStyle = colour(stroke);
  draw.lineWidth = 1.5;
  draw.lineJoin = "round";
  draw.beginPath();
  let previousEnd = null;
  for (const part of trace.parts) {
    const step = 1000 / part.rateHz;
    const end = part.time + step * part.values.length;
    let pen = previousEnd !== null && Math.abs(part.time - previousEnd) < 2 * step + 5;
    previousEnd = end;
    if (end < now - 1000 * width / speed)
      continue;
    for (let i = 0; i < part.values.length; i++) {
      const time = part.time + i * step;
      if (time > now)
        break;
      if (part.values[i] === null) {
        pen = false;
        continue;
      }
      const x = width - (now - time) * speed / 1000;
      if (pen)
        draw.lineTo(x, y(part.values[i]));
      else
        draw.moveTo(x, y(part.values[i]));
      pen = true;
    }
  }
  draw.stroke();
  drawBeats(draw, trace, width, speed, now);
}

// A tick at the top for each beat, with its class where it is not normal, or the number of the heart sound: a beat is known some seconds after it was.
function drawBeats(draw, trace, width, speed, now) {
  draw.font = "bold 12px sans-serif";
  draw.textAlign = "center";
  for (const beat of trace.beats) {
    const part = trace.parts.findLast(one => one.epoch === beat.epoch && one.seconds <= beat.seconds);
    if (!part)
      continue;
    const x = width - (now - part.time - 1000 * (beat.seconds - part.seconds)) * speed / 1000;
    if (x < 0 || x > width)
      continue;
    const name = { s1: "1", s2: "2" }[beat.kind] ?? (beat.label === "N" ? "" : beat.label);
    draw.strokeStyle = draw.fillStyle = colour(name && beat.kind === "qrs" ? "--warn" : beat.kind === "fetal_qrs" ? "--fetus" : "--text-soft");
    draw.lineWidth = 1.5;
    draw.beginPath();
    draw.moveTo(x, 0);
    draw.lineTo(x, beat.kind === "fetal_qrs" ? 10 : 5);
    draw.stroke();
    if (name)
      draw.fillText(name, x, 17);
  }
}

function ease(shown, [least, greatest]) {
  if (!shown)
    return [least, greatest];
  const pull = (from, to, outwards) => from + (to - from) * (outwards ? 0.5 : 0.02);
  return [pull(shown[0], least, least < shown[0]), pull(shown[1], greatest, greatest > shown[1])];
}

function drawGrid(draw, width, height, speed, now) {
  draw.strokeStyle = colour("--grid");
  for (const [every, line] of [[200, 0.5], [1000, 1]]) {
    draw.lineWidth = line;
    draw.beginPath();
    for (let time = Math.floor(now / every) * every; ; time -= every) {
      const x = width - (now - time) * speed / 1000;
      if (x < 0)
        break;
      draw.moveTo(x, 0);
      draw.lineTo(x, height);
    }
    draw.stroke();
  }
}

/** Draws at most so many times a second while the page is seen. */
export function animate(perSecond, draw) {
  let last = 0;
  const frame = time => {
    if (time - last >= 1000 / perSecond - 4) {
      last = time;
      draw();
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
