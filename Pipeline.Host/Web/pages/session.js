// Who looks, what they may do, and how their acts are sent.

import { begin, text } from "./texts.js";

const csrfHeader = "X-CSRF-Token";
let session = null;
let names = {};

/** Loads texts and session; leads to the sign-in where nobody is signed in. To be awaited first by each page of the ward. */
export async function enter() {
  await begin();
  await load();
  if (!session.name) {
    toSignIn();
    return new Promise(() => {});     // the page goes away
  }
  if (may("names"))
    names = await (await fetch("/api/names")).json();
  const nav = document.querySelector("header nav");
  const who = document.createElement("span");
  who.id = "who";
  who.textContent = `${session.name} (${text(`role.${session.role}`)})`;
  nav.prepend(who);
  if (session.isSession) {
    const leave = document.createElement("button");
    leave.type = "button";
    leave.id = "leave";
    leave.textContent = text("session.sign_out");
    leave.onclick = async () => { await ask("DELETE", "/api/session"); toSignIn(); };
    nav.append(leave);
  }
  return session;
}

/** Reads who is signed in; also of the page that signs in. */
export async function load() {
  session = await (await fetch("/api/session", { cache: "no-store" })).json();
  return session;
}

/** Leads to the sign-in, and back to this page behind it. */
export function toSignIn() {
  location.replace(`/signin.html?to=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Whether the user has a right, such as "acknowledge". */
export function may(right) {
  return session?.rights.includes(right) ?? false;
}

/** What a bed is called: by its display name for those who may see it. */
export function bedOf(patient) {
  return names[patient.patient] ?? names[`${patient.ward}/${patient.bed}`] ?? (patient.bed || patient.patient);
}

/** Sends something; answers null when it was taken, else why not. */
export async function send(path, body) {
  try {
    const answer = await ask("POST", path, body);
    return answer.ok ? null : await answer.text() || answer.statusText;
  } catch {
    return text("act.not_sent");
  }
}

async function ask(method, path, body) {
  for (let again = true; ; again = false) {
    const answer = await fetch(path, {
      method, signal: AbortSignal.timeout(35000), body: body && JSON.stringify(body),
      headers: { [csrfHeader]: session.csrf, ...(body ? { "Content-Type": "application/json" } : {}) },
    });
    // Another process may answer now, or the session is another one.
    if (!again || answer.status !== 400 || !(await answer.clone().text()).startsWith(csrfHeader)) {
      if (answer.status === 401 && path !== "/api/session")
        toSignIn();
      return answer;
    }
    await load();
  }
}
