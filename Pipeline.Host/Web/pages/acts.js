// The dialogues in which somebody acts: acknowledge or pause the alarms of a patient, set its limits.

import { text, nameOf, timeOfDay } from "./texts.js";
import { send, bedOf } from "./session.js";

const reasons = ["seen", "treated", "artefact", "care", "known"];
const limits = [
  ["heartRateVeryLow", "veryLow"], ["heartRateLow", "low"], ["heartRateHigh", "high"], ["heartRateVeryHigh", "veryHigh"],
  ["fetalRateVeryLow", "fetalVeryLow"], ["fetalRateLow", "fetalLow"], ["fetalRateHigh", "fetalHigh"],
  ["systolicPressureLow", "systolicLow"], ["systolicPressureHigh", "systolicHigh"], ["meanPressureLow", "meanLow"], ["meanPressureHigh", "meanHigh"],
  ["diastolicPressureLow", "diastolicLow"], ["diastolicPressureHigh", "diastolicHigh"],
];
const kindOf = name => name.startsWith("fetal") ? "fetal" : name.includes("Pressure") ? "pressure" : "heart";

/** Asks why, then acknowledges an alarm of a patient (null: all of them), or pauses them. */
export function acknowledge(patient, alarm) {
  const dialogue = open(text("act.title", { bed: bedOf(patient) }));
  const list = document.createElement("ul");
  list.append(...(alarm ? [alarm] : patient.alarms.open).map(one => line(`${nameOf("alarm", one.kind)}, ${text("alarms.since", { time: timeOfDay(one.begin) })}: ${one.reason}`)));
  const why = reasonField(dialogue);
  const path = `/api/patients/${encodeURIComponent(patient.patient)}/alarms/`;
  dialogue.form.append(list, why, buttons([
    ["act.acknowledge", true, () => finish(dialogue, send(`${path}acknowledge`, { number: alarm?.number ?? 0, why: dialogue.why.value }))],
    ["act.pause", false, () => finish(dialogue, send(`${path}pause`, { seconds: 120, why: dialogue.why.value }))],
    ["act.cancel", false, () => dialogue.box.close()],
  ], dialogue));
  show(dialogue);
}

/** Shows a patient's limits, and sends those that are changed. kinds: some of "heart", "fetal", "pressure". */
export function editLimits(patient, present, kinds) {
  const dialogue = open(text("limits.title", { bed: bedOf(patient) }));
  const fields = limits.filter(([name]) => kinds.includes(kindOf(name))).map(([name, own]) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "number", min: 15, max: 300, step: 1, required: true, name, value: present[own] });
    label.append(text(`limits.${own}`), " ", input);
    return label;
  });
  const grid = document.createElement("div");
  grid.className = "fields";
  grid.append(...fields);
  const why = reasonField(dialogue, ["known", "treated"]);
  const path = `/api/patients/${encodeURIComponent(patient.patient)}/alarms/limits`;
  dialogue.form.append(grid, why, buttons([
    ["limits.set", true, () => finish(dialogue, send(path, {
      ...Object.fromEntries([...grid.querySelectorAll("input")].map(input => [input.name, Number(input.value)])), why: dialogue.why.value,
    }))],
    ["limits.ward", false, () => finish(dialogue, send(path, { why: dialogue.why.value }))],
    ["act.cancel", false, () => dialogue.box.close()],
  ], dialogue));
  show(dialogue);
}

function open(title) {
  const box = document.createElement("dialog");
  const form = document.createElement("form");
  form.method = "dialog";
  const head = document.createElement("h2");
  head.textContent = title;
  head.id = "act-title";
  box.setAttribute("aria-labelledby", head.id);
  const fault = document.createElement("p");
  fault.setAttribute("role", "alert");
  fault.className = "fault";
  form.append(head);
  box.append(form, fault);
  box.onclose = () => box.remove();
  return { box, form, fault };
}

function show({ box, form }) {
  document.body.append(box);
  box.showModal();
  (form.querySelector("input[name=why]") ?? form.querySelector("input")).focus();
}

function reasonField(dialogue, offered = reasons) {
  const field = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.textContent = text("act.why");
  const input = document.createElement("input");
  Object.assign(input, { name: "why", maxLength: 200, required: true, autocomplete: "off" });
  input.ariaLabel = text("act.why");
  dialogue.why = input;
  const presets = offered.map(reason => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "preset";
    button.textContent = text(`why.${reason}`);
    button.onclick = () => { input.value = button.textContent; input.focus(); };
    return button;
  });
  field.append(legend, ...presets, input);
  return field;
}

function buttons(all, { form }) {
  const row = document.createElement("p");
  row.className = "buttons";
  row.append(...all.map(([key, isMain, act]) => {
    const button = document.createElement("button");
    button.type = isMain ? "submit" : "button";
    button.className = isMain ? "main" : "";
    button.textContent = text(key);
    if (key === "act.cancel")
      button.onclick = act;
    else if (isMain)
      form.onsubmit = event => { event.preventDefault(); act(); };
    else
      button.onclick = () => { if (form.reportValidity()) act(); };
    return button;
  }));
  return row;
}

async function finish({ box, form, fault }, sent) {
  for (const button of form.querySelectorAll("button"))
    button.disabled = true;
  const wrong = await sent;
  if (wrong === null) {
    box.close();
    return;
  }
  fault.textContent = wrong;
  for (const button of form.querySelectorAll("button"))
    button.disabled = false;
}

function line(content) {
  const item = document.createElement("li");
  item.textContent = content;
  return item;
}
