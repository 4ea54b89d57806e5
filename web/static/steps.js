// The tracks before and after this one, in the list that a person came from.
import { key, toast } from "./page.js";

const here = document.getElementById("track").dataset.track;
const list = () => { try { return JSON.parse(sessionStorage.getItem("earworm-list")); } catch { return null; } };
const keep = (l) => { try { sessionStorage.setItem("earworm-list", JSON.stringify(l)); } catch { /* it works without */ } };

async function neighbour(by) {
  let l = list();
  if (!l?.ids.includes(here)) {
    if (by < 0) return "/worklist";
    l = { query: "", ids: [here], next: "" };
    await more(l);
    l.ids = [here, ...l.ids.filter((i) => i !== here)];
  }
  const at = l.ids.indexOf(here) + by;
  if (at >= l.ids.length && l.next) await more(l);
  keep(l);
  if (at < 0) return "/worklist?" + l.query;
  return l.ids[at] ? "/tracks/" + l.ids[at] : null;
}

async function more(l) {
  const query = new URLSearchParams(l.query);
  if (l.next) query.set("after", l.next);
  const answer = await fetch("/worklist/ids?" + query);
  if (!answer.ok) return;
  const page = await answer.json();
  l.ids.push(...page.ids);
  l.next = page.next;
}

async function go(by) {
  const to = await neighbour(by).catch(() => null);
  if (to) location.href = to;
  else toast("That was the last of the list.");
}

for (const [name, by] of [["previous", -1], ["next", 1]]) {
  document.getElementById(name).addEventListener("click", (e) => { e.preventDefault(); go(by); });
}
key("Go", "KeyJ", "J", "next track", () => go(1));
key("Go", "KeyK", "K", "previous track", () => go(-1));
