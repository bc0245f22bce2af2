// What comes from the server: newest values by asking each second, samples by one stream.

import { text, timeOfDay } from "./texts.js";
import { toSignIn } from "./session.js";

const patience = 4000;

/** Asks a path each second for as long as the page is open. take(answer), or lost(since) when there was none. */
export function ask(path, take, missing = () => {}) {
  let answered = Date.now();
  const line = document.getElementById("connection");
  const turn = async () => {
    try {
      const answer = await fetch(path, { signal: AbortSignal.timeout(patience), cache: "no-store" });
      if (answer.status === 401) {
        toSignIn();
        return;
      }
      if (answer.status === 404) {
        missing();
      } else if (!answer.ok) {
        throw new Error(answer.statusText);
      } else {
        take(await answer.json());
      }
      answered = Date.now();
      line.hidden = true;
      document.body.classList.remove("lost");
    } catch {
      if (Date.now() - answered > patience) {
        line.textContent = text("connection.lost", { time: timeOfDay(answered) });
        line.hidden = false;
        document.body.classList.add("lost");
      }
    }
    setTimeout(turn, 1000);
  };
  turn();
}

/** Streams the samples of some patients, thinned out to so many values a second; take(stretch). opened() once it comes. Returns how to end it. The browser itself connects again. */
export function listen(patients, points, all, take, opened = () => {}) {
  if (patients.length === 0) {
    opened();
    return () => {};
  }
  const query = new URLSearchParams([...patients.map(one => ["patient", one]), ["points", points], ["all", all]]);
  const stream = new EventSource(`/api/live?${query}`);
  stream.addEventListener("open", opened, { once: true });
  stream.onmessage = message => take(JSON.parse(message.data));
  return () => stream.close();
}

/** Whether a value may be shown: one that is old, or without status ok, is none. */
export function isUsable(value) {
  return value.status === "ok" && value.value !== null && !value.silentSince && value.ageSeconds < 20;
}

/** The newest value of a metric that may be shown: of the signals in order of trust, the first that has one; else the first of them, for its status. */
export function best(patient, metric, signals) {
  const all = patient.series.filter(one => one.metric === metric && one.signal !== undefined);
  const ranked = signals.flatMap(signal => all.filter(one => one.signal === signal));
  return ranked.find(isUsable) ?? ranked[0];
}

/** Rates that a bed may have, in the order in which a tile shows them. */
export const rates = [
  { metric: "fetal_heart_rate", signals: ["fecg", "fhr", "fhr2"], name: "tile.fetus" },
  { metric: "heart_rate", signals: ["ecg", "abp", "ppg", "fecg", "pcg", "camera"], name: "tile.mother" },
];

/** The arterial pressure of a bed: systolic over diastolic, the mean in brackets; "–" for what may not be shown. Null: there is none. */
export function pressureOf(patient) {
  const [systolic, diastolic, mean] = ["systolic", "diastolic", "mean_pressure"].map(metric => best(patient, metric, ["abp"]));
  if (!mean)
    return null;
  const number = value => value && isUsable(value) && !patient.silentSince ? Math.round(value.value).toString() : "–";
  return { text: `${number(systolic)}/${number(diastolic)} (${number(mean)})`, value: systolic ?? mean };
}
