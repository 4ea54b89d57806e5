// The worklist: through it by keys, and acts on many tracks at once, each of which can be undone.
import { key, lineLost, store, stored, toast } from "./page.js";

const $ = (id) => document.getElementById(id);
const rows = () => [...document.querySelectorAll("#rows tr[data-id]")];
const chosen = () => [...document.querySelectorAll('#rows input[name="id"]:checked')].map((i) => i.value);
let at = -1;

/** keepList remembers the order of what is here, for the way from track to track. */
function keepList() {
  const list = $("list"), next = document.querySelector("#more a")?.getAttribute("href");
  try {
    sessionStorage.setItem("earworm-list", JSON.stringify({
      query: list.dataset.query, ids: rows().map((r) => r.dataset.id), next: next ? new URLSearchParams(next.split("?")[1]).get("after") : "",
    }));
  } catch { /* it works without */ }
}

function renew() {
  const n = chosen().length;
  $("bulk").hidden = n === 0;
  $("chosen").textContent = n === 1 ? "1 track" : n + " tracks";
  rows().forEach((r, i) => r.classList.toggle("at", i === at));
}

document.addEventListener("change", (e) => {
  if (e.target.id === "all") for (const box of document.querySelectorAll('#rows input[name="id"]')) box.checked = e.target.checked;
  if (e.target.id === "author") store("earworm-author", e.target.value);
  renew();
});
document.addEventListener("htmx:afterSwap", () => { keepList(); renew(); });
// An address without what does not filter can be read, and shared.
document.addEventListener("htmx:configRequest", (e) => {
  if (e.detail.elt.id !== "filters") return;
  for (const [name, value] of Object.entries(e.detail.parameters)) if (value === "") delete e.detail.parameters[name];
});

const reload = () => htmx.ajax("GET", location.pathname + location.search, { target: "#list", select: "#list", swap: "outerHTML" });
const said = { accept: "accepted", half: "halved", double: "doubled", reprocess: "handed in again" };

function who() {
  const name = $("author") ? $("author").value || stored("earworm-author") || "" : "signed in";
  if (!name) {
    $("author").focus();
    toast("Say who you are, so that others know whose ear it was.");
  }
  return name;
}

async function post(address, body, headers = {}) {
  const answer = await fetch(address, { method: "POST", body, headers: { "Earworm-Author": encodeURIComponent(who()), ...headers } });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

async function act(what) {
  if (what === "none") {
    for (const box of document.querySelectorAll('#rows input:checked, #all')) box.checked = false;
    return renew();
  }
  let ids = chosen();
  if (!ids.length && at >= 0) ids = [rows()[at].dataset.id];
  if (!ids.length) return toast("Choose tracks first: X chooses the one you are at.");
  if (!who()) return;
  const form = new URLSearchParams(ids.map((id) => ["id", id]));
  form.set("act", what);
  try {
    const done = await post("/worklist/act", form);
    const n = done.done.length;
    const skipped = done.skipped ? `, ${done.skipped} left as they are` : "";
    toast(`${n} ${said[what]}${skipped}`, n || done.batch ? "Undo" : "", () => undo(done), 12000);
    last = done;
    await reload();
    renew();
  } catch (err) {
    if (err instanceof TypeError) lineLost("Not done: the connection is lost.");
    else toast(err.message);
  }
}

let last;
async function undo(done = last) {
  if (!done) return toast("There is nothing to undo.");
  last = undefined;
  try {
    await post("/worklist/undo", JSON.stringify({ labels: done.done, batch: done.batch }), { "Content-Type": "application/json" });
    toast("Undone.");
    await reload();
  } catch (err) {
    last = done;
    if (err instanceof TypeError) lineLost("Not undone: the connection is lost.");
    else toast(err.message);
  }
}

$("bulk").addEventListener("click", (e) => { const b = e.target.closest("[data-bulk]"); if (b) act(b.dataset.bulk); });
$("bulk").addEventListener("submit", (e) => e.preventDefault());
if ($("author")) $("author").value = stored("earworm-author") ?? "";

function move(by) {
  const all = rows();
  at = Math.min(Math.max(0, at + by), all.length - 1);
  renew();
  all[at]?.scrollIntoView({ block: "nearest" });
  if (at === all.length - 1) document.querySelector("#more a")?.click();
}
const group = "Worklist";
key(group, ["KeyJ", "ArrowDown"], "J", "next row", () => move(1));
key(group, ["KeyK", "ArrowUp"], "K", "row before", () => move(-1));
key(group, "=Enter", "⏎", "open the track", () => rows()[Math.max(0, at)]?.querySelector("a").click());
key(group, "KeyX", "X", "choose", () => { const box = rows()[Math.max(0, at)]?.querySelector("input"); if (box) { box.checked = !box.checked; renew(); } });
key(group, "=/", "/", "search", () => $("q").focus());
key(group, "KeyO", "O", "all right as they are", () => act("accept"));
key(group, "KeyH", "H", "half the tempo", () => act("half"));
key(group, "KeyU", "U", "twice the tempo", () => act("double"));
key(group, "KeyR", "R", "analyse again", () => act("reprocess"));
key(group, "KeyZ", "Z", "undo", () => undo());

keepList();
renew();
