// All alarms of the ward: those that are open, by how they stand, and what became of those of the last day.

import { text, nameOf, timeOfDay, dayAndTime } from "./texts.js";
import { enter, may, bedOf } from "./session.js";
import { ask } from "./live.js";
import { acknowledge } from "./acts.js";

const historyMinutes = 24 * 60;
const element = id => document.getElementById(id);
const isTechnical = alarm => ["technical", "information"].includes(alarm.priority);
const open = {
  active: alarm => alarm.state === "active" && !isTechnical(alarm),
  latched: alarm => alarm.state === "latched" && !isTechnical(alarm),
  acknowledged: alarm => alarm.state === "acknowledged" && !isTechnical(alarm),
  technical: isTechnical,
};
let shown = location.hash.slice(1) || "active";
let patients = [];

await enter();
document.title = text("alarms.title");
const tabs = [...Object.keys(open), "history", ...(may("audit") ? ["audit"] : [])];
element("tabs").append(...tabs.map(name => {
  const tab = document.createElement("button");
  Object.assign(tab, { type: "button", id: `tab-${name}`, role: "tab" });
  tab.setAttribute("aria-controls", "list");
  tab.onclick = () => choose(name);
  tab.onkeydown = key => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key.key];
    if (step) {
      const next = tabs[(tabs.indexOf(name) + step + tabs.length) % tabs.length];
      choose(next);
      element(`tab-${next}`).focus();
    }
  };
  return tab;
}));
choose(tabs.includes(shown) ? shown : "active");
ask("/api/beds", answer => {
  patients = answer.beds.flatMap(bed => bed.patients);
  for (const name of Object.keys(open))
    label(name, entriesOf(name).length);
  if (shown in open)
    show();
});

function label(name, count) {
  element(`tab-${name}`).textContent = text(`tab.${name}`) + (count === undefined ? "" : ` (${count})`);
}

function choose(name) {
  shown = name;
  history.replaceState(null, "", `#${name}`);
  for (const tab of tabs) {
    element(`tab-${tab}`).ariaSelected = tab === name;
    element(`tab-${tab}`).tabIndex = tab === name ? 0 : -1;
    label(tab, tab in open ? entriesOf(tab).length : undefined);
  }
  element("list").setAttribute("aria-labelledby", `tab-${name}`);
  show();
}

function entriesOf(name) {
  const ranks = ["high", "medium", "low", "technical", "information"];
  return patients.flatMap(patient => (patient.alarms?.open ?? []).filter(open[name]).map(alarm => ({ patient, alarm })))
    .sort((a, b) => ranks.indexOf(a.alarm.priority) - ranks.indexOf(b.alarm.priority) || new Date(a.alarm.begin) - new Date(b.alarm.begin));
}

async function show() {
  if (shown in open)
    fill(["bed", "alarm", "since", "reason", "act"], entriesOf(shown).map(rowOf));
  else if (shown === "history")
    fill(["time", "bed", "alarm", "action", "by", "why"], (await get(`/api/alarms?minutes=${historyMinutes}`)).map(historyRow));
  else
    fill(["time", "by", "role", "action", "bed", "why"], (await get("/api/audit")).map(auditRow));
}

async function get(path) {
  const answer = await fetch(path, { cache: "no-store" });
  return answer.ok ? answer.json() : [];
}

function fill(columns, rows) {
  const focused = document.activeElement?.dataset?.key;
  const head = document.createElement("tr");
  head.append(...columns.map(name => {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = text(`column.${name}`);
    return cell;
  }));
  element("head").replaceChildren(head);
  element("rows").replaceChildren(...rows);
  element("none").hidden = rows.length > 0;
  element("none").textContent = text("alarms.none");
  if (focused)
    document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function rowOf({ patient, alarm }) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text("act.acknowledge");
  button.dataset.key = `${patient.patient} ${alarm.number}`;
  button.onclick = () => acknowledge(patient, alarm);
  const isPaused = patient.alarms.pausedUntil && new Date(patient.alarms.pausedUntil) > new Date();
  return row(alarm.priority, [
    linkTo(patient), kindOf(alarm), `${timeOfDay(alarm.begin)}${isPaused ? ` · ${text("alarms.paused", { time: timeOfDay(patient.alarms.pausedUntil) })}` : ""}`, alarm.reason,
    may("acknowledge") && alarm.state !== "acknowledged" ? button : "",
  ]);
}

function historyRow(change) {
  return row(change.priority, [
    dayAndTime(change.time), linkTo(change), change.kind ? kindOf(change) : "–", nameOf("action", change.action), change.by, change.why || change.reason,
  ]);
}

function auditRow(entry) {
  return row("", [dayAndTime(entry.time), entry.who || "–", entry.role, nameOf("audit", entry.act), entry.patient, entry.detail]);
}

function kindOf(alarm) {
  const kind = document.createElement("b");
  kind.textContent = nameOf("alarm", alarm.kind);
  return kind;
}

function linkTo(patient) {
  const link = document.createElement("a");
  link.href = `patient.html?patient=${encodeURIComponent(patient.patient)}`;
  link.textContent = bedOf(patient);
  return link;
}

function row(priority, cells) {
  const line = document.createElement("tr");
  if (priority)
    line.dataset.alarm = priority;
  line.append(...cells.map(content => {
    const cell = document.createElement("td");
    cell.append(content);
    return cell;
  }));
  return line;
}
