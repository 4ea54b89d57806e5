// Files go up one or two at a time; each line says how far its file is.
import { key, lineLost, toast } from "./page.js";

const stages = { waits: "waits for a worker", runs: "is heard", retries: "went wrong; it is tried again soon" };

const drop = document.getElementById("drop");
if (drop) start();

function start() {
  const list = document.getElementById("uploads"), tally = document.getElementById("tally");
  const waiting = [], heard = new Map(), ended = { analysed: 0, failed: 0 };
  let sending = 0, all = 0;

  function line(name) {
    const li = document.createElement("li"), what = document.createElement("span"), bar = document.createElement("progress"), state = document.createElement("span");
    what.className = "name";
    what.textContent = name;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", "How much of " + name + " is sent");
    state.className = "stage-now";
    state.textContent = "waits to be sent";
    li.append(what, bar, state);
    list.append(li);
    return { li, what, bar, state };
  }

  function add(files) {
    for (const file of files) {
      if (file.name.startsWith(".")) continue;
      all++;
      const l = line(file.webkitRelativePath || file.name);
      if (file.size > +drop.dataset.most) fail(l, "too_large", "the file is above the size limit");
      else waiting.push({ file, l });
    }
    next();
    count();
  }

  function count() { tally.textContent = all ? `${ended.analysed} of ${all} heard${ended.failed ? `, ${ended.failed} failed` : ""}` : ""; }

  function next() {
    while (sending < 2 && waiting.length) send(waiting.shift());
  }

  function send({ file, l }) {
    sending++;
    const xhr = new XMLHttpRequest();
    xhr.open("POST", "/upload");
    xhr.setRequestHeader("Earworm-Name", encodeURIComponent(file.name));
    xhr.setRequestHeader("Content-Type", "application/octet-stream");
    l.state.textContent = "is sent";
    xhr.upload.onprogress = (e) => { l.bar.value = e.loaded / e.total; };
    xhr.onload = () => {
      done();
      if (xhr.status !== 200) return fail(l, "", xhr.responseText.slice(0, 300));
      const { track } = JSON.parse(xhr.responseText);
      const a = document.createElement("a");
      a.href = "/tracks/" + track;
      a.textContent = l.what.textContent;
      l.what.replaceChildren(a);
      l.bar.removeAttribute("value"); // goes on, nobody knows how far
      l.state.textContent = stages.waits;
      heard.set(track, l);
      watch();
    };
    xhr.onerror = () => {
      done();
      l.state.textContent = "the connection is lost; it is sent again when that is back";
      l.bar.value = 0;
      document.addEventListener("earworm:back", () => { waiting.push({ file, l }); next(); }, { once: true });
      lineLost();
    };
    const done = () => { sending--; next(); };
    xhr.send(file);
  }

  function fail(l, code, help) {
    ended.failed++;
    l.li.className = "failed";
    l.bar.remove();
    l.state.textContent = [code, help].filter(Boolean).join(": ");
    count();
  }

  let watching;
  function watch() { watching ??= setTimeout(look, 700); }
  async function look() {
    watching = undefined;
    if (!heard.size) return;
    const ids = [...heard.keys()].slice(0, 100);
    try {
      const answer = await fetch("/upload/state?" + new URLSearchParams(ids.map((id) => ["id", id])), { cache: "no-store" });
      if (!answer.ok) throw new Error();
      for (const t of await answer.json()) {
        const l = heard.get(t.track);
        if (!l) continue;
        if (t.status === "pending") {
          l.state.textContent = stages[t.stage] ?? l.state.textContent;
          continue;
        }
        heard.delete(t.track);
        if (t.status === "failed") { fail(l, t.code, t.help); continue; }
        ended.analysed++;
        l.li.className = "heard";
        l.bar.remove();
        l.state.textContent = t.text;
      }
    } catch { lineLost(); }
    count();
    watch();
  }

  for (const id of ["files", "folder"]) document.getElementById(id).addEventListener("change", (e) => { add(e.target.files); e.target.value = ""; });
  key("Upload", "KeyF", "F", "choose files", () => document.getElementById("files").click());

  for (const type of ["dragenter", "dragover"]) document.addEventListener(type, (e) => { e.preventDefault(); drop.classList.add("over"); });
  for (const type of ["dragleave", "drop"]) document.addEventListener(type, (e) => { if (type === "drop" || !e.relatedTarget) drop.classList.remove("over"); });
  document.addEventListener("drop", async (e) => {
    e.preventDefault();
    const entries = [...e.dataTransfer.items].map((i) => i.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) return add(e.dataTransfer.files);
    for (const entry of entries) await walk(entry).catch(() => toast("A folder could not be read."));
  });
  async function walk(entry) {
    if (entry.isFile) return add([await new Promise((done, fail) => entry.file(done, fail))]);
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!some.length) return;
      for (const e of some) await walk(e);
    }
  }
}
