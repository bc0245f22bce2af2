// Texts in two languages and the two looks; both choices are kept in the browser.

const languages = ["en", "de"];
let texts = {};
let language = "en";

function kept(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

function keep(key, value) {
  try { localStorage.setItem(key, value); } catch { /* a browser that keeps nothing: for this load */ }
}

/** The text of a key, with {name} filled in from values; the key itself where there is none. */
export function text(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

/** The text of a name that the server gives, such as a status; the name itself where there is none. */
export function nameOf(group, name) {
  return texts[`${group}.${name}`] ?? name.replaceAll("_", " ");
}

/** A time of day, as this language writes it. */
export function timeOfDay(time) {
  return new Date(time).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/** The same with the day, where it is another one than today. */
export function dayAndTime(time) {
  const at = new Date(time);
  const day = at.toDateString() === new Date().toDateString() ? "" : `${at.toLocaleDateString(language, { day: "2-digit", month: "2-digit" })} `;
  return day + timeOfDay(time);
}

/** Loads the texts, fills the page in, and gives its two buttons their work. To be awaited first. */
export async function begin() {
  const wanted = kept("language") ?? (navigator.language ?? "en").slice(0, 2);
  language = languages.includes(wanted) ? wanted : "en";
  texts = await (await fetch(`texts/${language}.json`)).json();
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]"))
    element.textContent = text(element.dataset.text);
  const languageButton = document.getElementById("language");
  languageButton.textContent = text("language.other");
  languageButton.onclick = () => { keep("language", languages.find(one => one !== language)); location.reload(); };
  const dark = () => document.documentElement.dataset.theme === "dark";
  const themeButton = document.getElementById("theme");
  const show = theme => {
    document.documentElement.dataset.theme = theme;
    themeButton.textContent = text(dark() ? "theme.light" : "theme.dark");
    document.dispatchEvent(new Event("theme"));
  };
  show(kept("theme") ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark"));
  themeButton.onclick = () => { keep("theme", dark() ? "light" : "dark"); show(dark() ? "light" : "dark"); };
}
