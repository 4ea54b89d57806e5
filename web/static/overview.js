// The overview's moving part follows the server as long as the page is seen.
import { lineLost } from "./page.js";

const moving = document.getElementById("moving");
let events;

const figures = () => moving.querySelector("[data-figures]")?.dataset.figures;

/** refresh fetches the page again and puts its charts in the place of the old. */
async function refresh() {
  const answer = await fetch("/", { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["catalogue", "figures"]) document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
}

function open() {
  events?.close();
  events = new EventSource("/live");
  events.addEventListener("moving", (e) => {
    // What a person is about to press must not move away under the finger.
    if (moving.contains(document.activeElement) && document.activeElement.matches("button")) return;
    const before = figures();
    moving.innerHTML = e.data;
    htmx.process(moving);
    if (figures() !== before) refresh();
  });
  events.addEventListener("trouble", (e) => lineLost(e.data));
  events.onerror = () => { if (events.readyState === EventSource.CLOSED) lineLost(); };
}

document.addEventListener("visibilitychange", () => { if (document.hidden) { events?.close(); events = null; } else if (!events) open(); });
document.addEventListener("earworm:back", () => location.reload());
window.addEventListener("pagehide", () => events?.close());
open();
