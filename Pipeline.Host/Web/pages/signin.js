// Signing in by name and password, or by the directory.

import { begin, text } from "./texts.js";
import { load, send } from "./session.js";

const element = id => document.getElementById(id);
const query = new URLSearchParams(location.search);

await begin();
const session = await load();
if (session.name)
  leave();
element("password").hidden = !session.byPassword;
element("openid").hidden = !session.byOpenId;
element("nobody").hidden = session.byPassword || session.byOpenId;
if (query.get("fault"))
  element("fault").textContent = text("signin.refused_openid");
if (session.byPassword)
  element("name").focus();
element("password").onsubmit = async event => {
  event.preventDefault();
  element("fault").textContent = "";
  const wrong = await send("/api/session", { name: element("name").value.trim(), password: element("secret").value });
  if (wrong === null) {
    leave();
  } else {
    element("fault").textContent = text("signin.refused");
    element("secret").value = "";
    element("secret").focus();
  }
};

/** Goes on to the page that was asked for: one of this server's own. */
function leave() {
  const to = query.get("to") ?? "/";
  location.replace(/^\/(?![\/\\])/.test(to) ? to : "/");
}
