// The page of one track: what is chosen is heard and seen at once, and kept when
// it is saved.
import { key, lineLost, store, stored, toast } from "./page.js";
import { Player, Recording } from "./audio.js";
import { Timeline, clock } from "./timeline.js";
import { felt, gridOf, meterOf, pulseOf } from "./grid.js";
import { drawBar, drawFifths, drawTempi } from "./why.js";
import "./steps.js";

const $ = (id) => document.getElementById(id);
const page = $("track"), id = page.dataset.track;
const sound = JSON.parse($("sound").textContent);
const form = () => $("correction");

function start() {
  const line = new Timeline($("canvas"), $("map"), sound);
  const recording = new Recording(`/tracks/${id}/audio`);
  const player = new Player(recording);
  const kept = "earworm-draft-" + id;
  let values, draft = {}; // draft holds only what differs
  const now = () => ({ ...values, ...draft });

  // --- what counts, and what is chosen instead.
  function read() {
    values = JSON.parse($("values").textContent);
    draft = {};
    try {
      const old = JSON.parse(stored(kept) ?? "null");
      if (old) {
        draft = old.draft;
        $("note").value = old.note ?? "";
        if (Object.keys(draft).length || old.note) toast("What you had begun here is still there.");
      }
    } catch { store(kept, null); }
    const author = $("author");
    if (author && !author.value) author.value = stored("earworm-author") ?? "";
    renew();
  }

  function choose(change) {
    draft = { ...draft, ...change };
    if (same(draft.tempo, values.tempo)) delete draft.tempo;
    if (draft.key === values.key) delete draft.key;
    if (draft.meter === values.meter) delete draft.meter;
    if (draft.downbeat === values.downbeat) delete draft.downbeat;
    remember();
    renew();
  }

  function remember() {
    const note = $("note").value;
    store(kept, Object.keys(draft).length || note ? JSON.stringify({ draft, note }) : null);
  }

  function renew() {
    const v = now();
    const grid = gridOf(sound, v);
    player.setGrid(grid);
    line.grid = grid;
    player.setChord(chordOf(v.key, sound.tuning_cents));
    line.keyNow = keyIndex(v.key);
    line.draw();
    $("tempo-now").textContent = v.tempo ? round(v.tempo) : "–";
    $("key-now").textContent = v.key ? pretty(v.key) : "–";
    $("meter-now").textContent = v.meter || "–";
    for (const b of document.querySelectorAll(".choice")) {
      const { field, value } = b.dataset;
      b.setAttribute("aria-pressed", field === "tempo" ? same(+value, v.tempo) : value === v[field]);
    }
    const f = form();
    f.elements.tempo.value = draft.tempo ? round(draft.tempo) : "";
    f.elements.key.value = draft.key ?? "";
    f.elements.meter.value = draft.meter ?? "";
    f.elements.downbeat.value = draft.downbeat ?? "";
    for (const [i, field] of ["tempo", "key", "meter"].entries()) {
      document.querySelectorAll(".card")[i].classList.toggle("drafted", field in draft || field === "meter" && "downbeat" in draft);
    }
    const parts = [];
    if (draft.tempo) parts.push(round(draft.tempo) + " BPM");
    if (draft.key) parts.push(pretty(draft.key));
    if (draft.meter) parts.push(draft.meter);
    if (draft.downbeat) parts.push("bars begin at " + clock(draft.downbeat, 2));
    const say = $("draft");
    say.classList.toggle("on", parts.length > 0);
    say.replaceChildren(parts.length ? "To be saved: " + parts.join(", ") : "Nothing changed yet.");
    $("save").disabled = parts.length === 0;
    drawTempi($("tempi"), line.tempo, v.tempo);
    drawFifths($("fifths"), line.keys, keyIndex(v.key));
    drawBar($("bar"), line.beats, grid, felt(v.meter));
  }

  // --- acts.
  const acts = {
    half: () => choose({ tempo: now().tempo / 2 }),
    double: () => choose({ tempo: now().tempo * 2 }),
    earlier: () => nudge(-1),
    later: () => nudge(1),
    tap: () => tap(pulse, (times) => {
      const p = pulseOf(times);
      if (p) choose({ tempo: Math.round(600 / p.period) / 10, anchor: p.start });
      return p && `${round(60 / p.period)} BPM`;
    }, 4),
    bar: () => tap(bars, (times) => {
      const m = meterOf(times, line.grid.beats, now().meter);
      if (m) choose({ meter: m.meter, downbeat: m.downbeat });
      return m?.meter;
    }, 3),
  };

  function nudge(by) {
    const { beats, down } = line.grid, at = [...down].find((i) => beats[i + by] > 0.05);
    if (at !== undefined) choose({ downbeat: Math.round(beats[at + by] * 1000) / 1000 });
  }

  const pulse = { button: '[data-act="tap"]', times: [] }, bars = { button: '[data-act="bar"]', times: [] };
  function tap(what, read, least) {
    const t = player.playing ? player.position() : performance.now() / 1000, last = what.times.at(-1);
    if (last !== undefined && (t < last || t - last > (what === bars ? 8 : 2.5))) what.times = [];
    what.times.push(t);
    const b = document.querySelector(what.button);
    b.classList.add("beat");
    setTimeout(() => b.classList.remove("beat"), 90);
    if (what.times.length < least) $("draft").textContent = `Tapped ${what.times.length} of ${least} …`;
    else read(what.times);
  }

  const judgement = $("judgement");
  judgement.addEventListener("click", (e) => {
    const b = e.target.closest("button");
    if (!b) return;
    if (b.dataset.field) pick(b);
    if (b.dataset.act) acts[b.dataset.act]();
    if (b.id === "accept") accept();
  });
  function pick(b) {
    const { field, value } = b.dataset;
    choose({ [field]: field === "tempo" ? +value : value });
  }
  judgement.addEventListener("change", (e) => {
    const { name, value } = e.target;
    if (name === "tempo" && value) choose({ tempo: +value.replace(",", ".") || value });
    if (name === "key" && value) choose({ key: value });
    if (name === "meter" && value) choose({ meter: value.trim() });
    if (name === "author") store("earworm-author", value);
  });
  judgement.addEventListener("input", (e) => { if (e.target.id === "note") remember(); });

  function accept() {
    const f = form();
    f.elements.tempo.value = values.tempo ? round(values.tempo) : "";
    f.elements.key.value = values.key;
    f.elements.meter.value = values.meter;
    f.elements.downbeat.value = "";
    f.requestSubmit();
  }

  document.addEventListener("htmx:configRequest", (e) => {
    if (e.detail.elt === form()) store("earworm-author", e.detail.parameters.author ?? stored("earworm-author"));
  });
  document.addEventListener("htmx:beforeSwap", (e) => {
    if (e.detail.xhr.status === 409) e.detail.target = $("conflict");
  });
  document.addEventListener("htmx:afterSwap", (e) => {
    if (e.detail.target.id !== "judgement") return;
    store(kept, null);
    read();
    toast(document.querySelector("[data-saved]")?.textContent ?? "Kept.");
  });
  document.addEventListener("htmx:sendError", (e) => {
    if (e.detail.elt === form()) lineLost("Not saved: the connection is lost. What you chose stays here.");
  });

  // --- playing.
  player.levels.click = player.levels.drone = 0;
  const parts = ["music", "click", "drone"];
  function levels() {
    for (const name of parts) player.setLevel(name, $(name).getAttribute("aria-pressed") === "true" ? +$(name + "-level").value : 0);
  }
  for (const name of parts) {
    $(name).addEventListener("click", () => {
      $(name).setAttribute("aria-pressed", $(name).getAttribute("aria-pressed") !== "true");
      levels();
    });
    $(name + "-level").addEventListener("input", () => { $(name).setAttribute("aria-pressed", "true"); levels(); });
  }
  levels();

  let opened;
  async function play() {
    veil("");
    try {
      opened ??= recording.open();
      await opened;
    } catch (err) {
      opened = undefined;
      return veil(err instanceof TypeError ? "The sound did not come: the connection is lost." : err.message + " Its pictures stay.");
    }
    await player.toggle();
  }
  player.addEventListener("trouble", (e) => { player.pause(); veil("The sound broke off: " + e.detail.message); });
  function veil(text) {
    $("veil").textContent = text;
    $("veil").hidden = !text;
  }
  $("play").addEventListener("click", play);
  player.addEventListener("change", () => {
    $("play").setAttribute("aria-pressed", player.playing);
    $("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
    $("loop").setAttribute("aria-pressed", !!player.loop);
    line.loop = player.loop;
    line.draw();
    if (player.playing) requestAnimationFrame(tick); else place();
  });
  $("speed").addEventListener("change", () => player.setSpeed(+$("speed").value));
  $("loop").addEventListener("click", loop);
  line.addEventListener("seek", (e) => player.seek(e.detail));
  line.addEventListener("painted", place);
  $("seek").addEventListener("input", () => player.seek(+$("seek").value));

  function place() {
    const t = player.position(), x = line.x(t);
    $("cursor").style.transform = `translateX(${x}px)`;
    $("cursor").style.visibility = x < -1 || x > line.width + 1 ? "hidden" : "";
    $("time").textContent = clock(t, 1);
    if (document.activeElement !== $("seek")) $("seek").value = t;
    $("seek").setAttribute("aria-valuetext", clock(t));
    line.at = t;
  }
  function tick() {
    if (!player.playing) return;
    place();
    line.follow(player.position());
    requestAnimationFrame(tick);
  }

  function loop() {
    if (player.loop) return player.setLoop(null);
    const t = player.position() + 0.03, { beats, down } = line.grid, starts = [...down].map((i) => beats[i]);
    if (starts.length < 2) return toast("There are no bars to loop.");
    let first = starts.findLastIndex((s) => s <= t);
    first = Math.min(Math.max(0, first), Math.max(0, starts.length - 5));
    player.setLoop([starts[first], starts[first + 4] ?? recording.duration ?? sound.duration_s]);
  }
  function step(by, bar) {
    const { beats, down } = line.grid, at = bar ? [...down].map((i) => beats[i]) : beats, t = player.position();
    const next = by > 0 ? at.find((b) => b > t + 0.02) : at.findLast((b) => b < t - (player.playing ? 0.25 : 0.02));
    player.seek(next ?? (by > 0 ? t + 1 : 0));
    line.follow(player.position());
  }
  function speed(by) {
    const s = $("speed");
    s.selectedIndex = Math.min(Math.max(0, s.selectedIndex + by), s.options.length - 1);
    player.setSpeed(+s.value);
  }
  $("zoom-in").addEventListener("click", () => line.zoom(1.6, line.x(player.position())));
  $("zoom-out").addEventListener("click", () => line.zoom(1 / 1.6, line.x(player.position())));
  $("zoom-fit").addEventListener("click", () => line.all());

  // --- keys.
  const listen = "Listen", look = "Look", say = "Say what it is";
  key(listen, "=\u0020", "Space", "play, pause", play);
  key(listen, "ArrowLeft", "←", "a beat back", () => step(-1));
  key(listen, "ArrowRight", "→", "a beat on", () => step(1));
  key(listen, "Shift+ArrowLeft", "⇧←", "a bar back", () => step(-1, true));
  key(listen, "Shift+ArrowRight", "⇧→", "a bar on", () => step(1, true));
  key(listen, "Home", "Home", "to the beginning", () => { player.seek(0); line.follow(0); });
  key(listen, "KeyL", "L", "loop four bars", loop);
  key(listen, "KeyM", "M", "music on and off", () => $("music").click());
  key(listen, "KeyC", "C", "click on the beats", () => $("click").click());
  key(listen, "KeyV", "V", "chord of the key", () => $("drone").click());
  key(listen, "=[", "[", "slower", () => speed(-1));
  key(listen, "=]", "]", "faster", () => speed(1));
  key(look, ["=+", "=="], "+", "zoom in", () => $("zoom-in").click());
  key(look, "=-", "−", "zoom out", () => $("zoom-out").click());
  key(look, "Digit0", "0", "see all", () => line.all());
  for (const [row, shown, what] of [["Digit", "1 … 5", "a tempo of the list"], ["key", "Q … T", "a key of the list"], ["meter", "A … G", "a meter of the list"]]) {
    const codes = { Digit: ["Digit1", "Digit2", "Digit3", "Digit4", "Digit5"], key: ["KeyQ", "KeyW", "KeyE", "KeyR", "KeyT"], meter: ["KeyA", "KeyS", "KeyD", "KeyF", "KeyG"] }[row];
    key(say, codes, shown, what, (e) => { const b = document.querySelector(`.choice[data-code="${e.code}"]`); if (b) pick(b); });
  }
  key(say, "KeyH", "H", "half the tempo", acts.half);
  key(say, "KeyU", "U", "twice the tempo", acts.double);
  key(say, "KeyP", "P", "tap the pulse", acts.tap);
  key(say, "KeyB", "B", "tap the first beat of each bar", acts.bar);
  key(say, "KeyN", "N", "bars begin a beat later", acts.later);
  key(say, "Shift+KeyN", "⇧N", "bars begin a beat earlier", acts.earlier);
  key(say, "KeyI", "I", "write a note", () => $("note").focus());
  key(say, "=Enter", "⏎", "save", () => form().requestSubmit());
  key(say, "KeyX", "X", "drop what is not saved", () => { draft = {}; $("note").value = ""; remember(); renew(); });
  key(say, "KeyO", "O", "all three are right", accept);

  // --- begin.
  read();
  const stamp = encodeURIComponent(page.dataset.pictures);
  line.load((kind) => `/tracks/${id}/pictures/${kind}?${stamp}`).then((whole) => {
    renew();
    if (!whole) veil("Some of its pictures were not drawn yet. Analysing the track again draws them.");
    page.dataset.ready = "true";
  });
  window.earworm = { player, line, recording, draft: () => draft }; // for tests
}

const same = (a, b) => Math.abs(a - b) < 0.051;
const round = (v) => Math.round(v * 10) / 10;
const tonics = { C: 0, Db: 1, "C#": 1, D: 2, Eb: 3, E: 4, F: 5, "F#": 6, G: 7, Ab: 8, "G#": 8, A: 9, Bb: 10, B: 11 };
function keyIndex(name) {
  if (!name) return -1;
  const [tonic, mode] = name.split(" ");
  return tonics[tonic] + (mode === "minor" ? 12 : 0);
}
const pretty = (name) => name.replace("#", "♯").replace(/^([A-G])b/, "$1♭");

/** chordOf is the key's triad over its root, in Hz, tuned as the recording is. */
function chordOf(name, cents) {
  const i = keyIndex(name);
  if (i < 0) return [];
  const root = 48 + i % 12, third = i >= 12 ? 3 : 4;
  return [root - 12, root, root + third, root + 7].map((n) => 440 * 2 ** ((n - 69 + cents / 100) / 12));
}

if ($("canvas")) start();

// Similar tracks are played one at a time, from a third of their length on.
const other = new Audio();
document.addEventListener("click", (e) => {
  const b = e.target.closest("[data-listen]");
  if (!b) return;
  const on = b.getAttribute("aria-pressed") === "true";
  for (const each of document.querySelectorAll("[data-listen]")) each.setAttribute("aria-pressed", "false");
  other.pause();
  if (on) return;
  window.earworm?.player.pause();
  b.setAttribute("aria-pressed", "true");
  other.src = `/tracks/${b.dataset.listen}/audio`;
  other.onloadedmetadata = () => { other.currentTime = other.duration / 3; };
  other.onended = () => b.setAttribute("aria-pressed", "false");
  other.play().catch(() => { b.setAttribute("aria-pressed", "false"); toast("It cannot be played."); });
});
