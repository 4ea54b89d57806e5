// What every page has: colours, keys, notices, and what to say when the line is lost.

// --- keys: each page registers its own; the ? sheet lists them all.
const keys = [];
const stored = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
const store = (name, value) => { try { value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value); } catch { /* full or forbidden: it works without */ } };
let single = stored("earworm-keys") !== "off";

/** key registers a shortcut: code is KeyboardEvent.code (a place on the keyboard,
 *  whatever its layout) or, with a leading "=", KeyboardEvent.key. */
export function key(group, codes, shown, what, act) {
  keys.push({ group, codes: [].concat(codes), shown, what, act });
}

function pressed(event) {
  const shift = event.shiftKey ? "Shift+" : "";
  return [shift + event.code, "=" + event.key];
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const at = event.target;
  const typing = at.matches?.("input:not([type=range]):not([type=checkbox]), textarea, select");
  if (event.key === "Escape" && typing) { at.blur(); return; }
  if (typing || !single && !["?"].includes(event.key) || document.querySelector("dialog[open]")) return;
  const [code, name] = pressed(event);
  if (at.matches?.("button, a, summary, input") && (event.key === "Enter" || event.key === " " && !at.matches("input[type=range]"))) return;
  if (at.matches?.("input[type=range]") && event.key.startsWith("Arrow")) return;
  const found = keys.find((k) => k.codes.includes(code) || k.codes.includes(name));
  if (!found) return;
  event.preventDefault();
  found.act(event);
});

const sheet = document.getElementById("sheet");
function showSheet() {
  const groups = Map.groupBy ? Map.groupBy(keys, (k) => k.group) : keys.reduce((m, k) => m.set(k.group, [...(m.get(k.group) ?? []), k]), new Map());
  const into = document.getElementById("sheet-keys");
  into.replaceChildren();
  for (const [group, list] of groups) {
    const head = document.createElement("h3"), dl = document.createElement("dl");
    head.textContent = group;
    for (const k of list) {
      const dt = document.createElement("dt"), dd = document.createElement("dd");
      for (const part of k.shown.split(" ")) {
        const kbd = document.createElement("kbd");
        kbd.textContent = part;
        dt.append(kbd, " ");
      }
      dd.textContent = k.what;
      dl.append(dt, dd);
    }
    const block = document.createElement("div");
    block.append(head, dl);
    into.append(block);
  }
  document.getElementById("keys-on").checked = single;
  sheet.showModal();
}
document.getElementById("help").addEventListener("click", showSheet);
sheet.addEventListener("click", (e) => { if (e.target === sheet || e.target.closest("[data-close]")) sheet.close(); });
document.getElementById("keys-on").addEventListener("change", (e) => {
  single = e.target.checked;
  store("earworm-keys", single ? null : "off");
});

const go = (address) => () => { location.href = address; };
key("Everywhere", "=?", "?", "this sheet", showSheet);
key("Everywhere", "Shift+KeyO", "⇧O", "overview", go("/"));
key("Everywhere", "Shift+KeyW", "⇧W", "worklist", go("/worklist"));
key("Everywhere", "Shift+KeyC", "⇧C", "compare", go("/compare"));
key("Everywhere", "Shift+KeyU", "⇧U", "upload", go("/upload"));

// --- colours: as the system has them, light, dark.
const theme = document.getElementById("theme");
const themes = { "": "as the system has them", light: "light", dark: "dark" };
function nameTheme() { theme.setAttribute("aria-label", "Colours: " + themes[document.documentElement.dataset.theme ?? ""]); }
theme.addEventListener("click", () => {
  const order = Object.keys(themes), now = document.documentElement.dataset.theme ?? "";
  const next = order[(order.indexOf(now) + 1) % order.length];
  if (next) document.documentElement.dataset.theme = next;
  else delete document.documentElement.dataset.theme;
  store("earworm-theme", next || null);
  nameTheme();
  document.dispatchEvent(new Event("earworm:theme"));
});
nameTheme();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("earworm:theme")));

// --- notices.
export function toast(text, action, act, ms = 6000) {
  const box = document.createElement("div");
  box.className = "toast";
  box.append(text);
  if (action) {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = action;
    b.addEventListener("click", () => { box.remove(); act(); });
    box.append(b);
  }
  document.getElementById("toasts").append(box);
  const end = setTimeout(() => box.remove(), ms);
  return () => { clearTimeout(end); box.remove(); };
}

// --- the line. Where it is lost the page says so, and tries until it is back.
const offline = document.getElementById("offline");
let lost = false;
export async function lineLost(what = "The connection is lost.") {
  offline.textContent = what + " Trying again …";
  offline.hidden = false;
  if (lost) return;
  lost = true;
  for (;;) {
    await new Promise((done) => setTimeout(done, 1500));
    try {
      const answer = await fetch("/readyz", { cache: "no-store" });
      if (answer.ok) break;
      offline.textContent = "The store or the queue does not answer. Trying again …";
    } catch { /* still away */ }
  }
  lost = false;
  offline.hidden = true;
  document.dispatchEvent(new Event("earworm:back"));
}
window.addEventListener("offline", () => lineLost());
document.addEventListener("htmx:sendError", () => lineLost());
document.addEventListener("htmx:responseError", (e) => {
  const status = e.detail.xhr.status;
  if (status >= 500) lineLost(e.detail.xhr.responseText.slice(0, 200));
  else toast(e.detail.xhr.responseText.slice(0, 300) || "That did not work.");
});

// A page that waits for something comes back by itself.
if (document.querySelector("[data-retry]")) {
  const again = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (answer.ok && !(await answer.text()).includes("data-retry")) return location.reload();
    } catch { /* still away */ }
    setTimeout(again, 2000);
  };
  setTimeout(again, 2000);
}

// A page of which something is still made is loaded again until that is there.
if (document.querySelector("[data-refresh]")) setTimeout(() => location.reload(), 1500);

export { stored, store };
