// Draws what was heard over time: waveform, spectrogram, beat activation and key,
// with beats, bars and sections on them. Times are in s of the recording.

/** curve reads what picture.Recorder writes. */
export function curve(buffer) {
  const head = new DataView(buffer);
  if (buffer.byteLength < 16 || head.getUint32(0) !== 0x45574331) throw new Error("no curve");
  return { step: head.getFloat32(4, true), rows: head.getUint32(8, true), points: head.getUint32(12, true), values: new Uint8Array(buffer, 16) };
}

const names = ["C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
const minors = ["Cm", "C♯m", "Dm", "E♭m", "Em", "Fm", "F♯m", "Gm", "G♯m", "Am", "B♭m", "Bm"];
export const keyName = (i) => (i < 12 ? names[i] : minors[i - 12]);

/** clock writes a time as minutes and seconds. */
export function clock(t, digits = 0) {
  const unit = 10 ** digits, all = Math.round(t * unit) / unit;
  return `${Math.floor(all / 60)}:${(all % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0")}`;
}

export class Timeline extends EventTarget {
  constructor(canvas, map, sound) {
    super();
    Object.assign(this, { canvas, map, sound, from: 0, scale: 60, grid: { beats: [], down: new Set() }, loop: null, tiles: new Map() });
    this.duration = sound.duration_s;
    this.size();
    this.fit(30);
    new ResizeObserver(() => { this.size(); this.fit(); this.draw(); }).observe(canvas);
    document.addEventListener("earworm:theme", () => { this.tiles.clear(); this.colours = this.mapped = null; this.draw(); });
    this.listen();
  }

  size() {
    const dpr = Math.min(2, devicePixelRatio || 1);
    for (const c of [this.canvas, this.map]) {
      const w = Math.round(c.clientWidth * dpr), h = Math.round(c.clientHeight * dpr);
      if (c.width !== w) c.width = w;
      if (c.height !== h) c.height = h;
    }
    this.dpr = dpr;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.mapped = null;
  }

  /** fit keeps the scale within what there is to see; seconds, where given, are shown. */
  fit(seconds) {
    const least = this.width / Math.max(1, this.duration);
    if (seconds) this.scale = this.width / Math.min(seconds, this.duration);
    this.scale = Math.min(Math.max(this.scale, least), 600);
    this.from = Math.min(Math.max(0, this.from), Math.max(0, this.duration - this.width / this.scale));
  }

  get seconds() { return this.width / this.scale; }
  x(t) { return (t - this.from) * this.scale; }
  t(x) { return this.from + x / this.scale; }

  /** zoom by a factor keeps the time at x in its place. */
  zoom(factor, x = this.width / 2) {
    const at = this.t(x);
    this.scale *= factor;
    this.fit();
    this.from = at - x / this.scale;
    this.fit();
    this.draw();
  }
  all() { this.from = 0; this.scale = 0; this.fit(); this.draw(); }
  scroll(seconds) { this.from += seconds; this.fit(); this.draw(); }

  /** follow keeps a playing place in view: it turns the page near its end. */
  follow(t) {
    const x = this.x(t);
    if (x < 0 || x > this.width * 0.92) {
      this.from = t - this.seconds * 0.12;
      this.fit();
      this.draw();
      return true;
    }
    return false;
  }

  listen() {
    const { canvas, map } = this;
    canvas.addEventListener("wheel", (e) => {
      if (e.ctrlKey || e.metaKey || Math.abs(e.deltaY) > Math.abs(e.deltaX) && e.altKey) {
        e.preventDefault();
        this.zoom(Math.exp(-e.deltaY * 0.004), e.offsetX);
      } else if (Math.abs(e.deltaX) > Math.abs(e.deltaY) || e.shiftKey) {
        e.preventDefault();
        this.scroll((e.deltaX || e.deltaY) / this.scale);
      }
    }, { passive: false });
    const pointers = new Map();
    let moved = 0, spread = 0;
    canvas.addEventListener("pointerdown", (e) => { pointers.set(e.pointerId, e); moved = 0; spread = 0; canvas.setPointerCapture(e.pointerId); });
    canvas.addEventListener("pointermove", (e) => {
      const before = pointers.get(e.pointerId);
      if (!before) return;
      pointers.set(e.pointerId, e);
      if (pointers.size === 2) {
        const [a, b] = [...pointers.values()], now = Math.abs(a.clientX - b.clientX);
        if (spread) this.zoom(now / spread, (a.offsetX + b.offsetX) / 2);
        spread = now || 1;
        moved = 99;
        return;
      }
      moved += Math.abs(e.clientX - before.clientX);
      if (moved > 4) this.scroll((before.clientX - e.clientX) / this.scale);
    });
    const up = (e) => {
      if (pointers.delete(e.pointerId) && moved <= 4 && e.type === "pointerup") this.dispatchEvent(new CustomEvent("seek", { detail: this.t(e.offsetX) }));
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    const onMap = (e) => {
      this.from = e.offsetX / map.clientWidth * this.duration - this.seconds / 2;
      this.fit();
      this.draw();
    };
    map.addEventListener("pointerdown", (e) => { map.setPointerCapture(e.pointerId); onMap(e); });
    map.addEventListener("pointermove", (e) => { if (e.buttons) onMap(e); });
  }

  /** palette reads the page's colours, of which the spectrogram has 256 steps. */
  palette() {
    if (this.colours) return this.colours;
    const style = getComputedStyle(document.documentElement);
    const c = Object.fromEntries(["surface", "ink", "muted", "line", "accent", "wave", "wave-strong", "beat", "shade", "bg"].map((n) => [n, style.getPropertyValue("--" + n).trim()]));
    const stops = [0, 1, 2, 3, 4].map((i) => rgb(style.getPropertyValue("--s" + i).trim()));
    c.steps = new Uint32Array(256);
    for (let v = 0; v < 256; v++) {
      const at = Math.max(0, Math.min(3.999, (v / 255 - 0.12) / 0.82 * 4)), i = Math.floor(at), f = at - i;
      const [r, g, b] = stops[i].map((x, k) => Math.round(x + (stops[i + 1][k] - x) * f));
      c.steps[v] = 0xff000000 | b << 16 | g << 8 | r;
    }
    return this.colours = c;
  }

  /** draw asks for one drawing at the next frame, however often it is called. */
  draw() {
    this.wanted ??= requestAnimationFrame(() => { this.wanted = null; this.paint(); });
  }

  paint() {
    const g = this.canvas.getContext("2d"), c = this.palette();
    g.setTransform(this.dpr, 0, 0, this.dpr, 0, 0);
    g.fillStyle = c.surface;
    g.fillRect(0, 0, this.width, this.height);
    const h = this.height, ruler = 22, keys = 24, beats = Math.round(h * 0.13), wave = Math.round(h * 0.26);
    const lanes = { ruler: [0, ruler], wave: [ruler, wave], spec: [ruler + wave, h - ruler - wave - beats - keys], beats: [h - beats - keys, beats], keys: [h - keys, keys] };
    this.lanes = lanes;
    this.waveform(g, c, ...lanes.wave);
    this.spectrogram(g, c, ...lanes.spec);
    this.activation(g, c, ...lanes.beats);
    this.keyLane(g, c, ...lanes.keys);
    this.beatLines(g, c, lanes);
    this.rulerLane(g, c, ...lanes.ruler);
    this.loopShade(g, c);
    this.paintMap();
    this.dispatchEvent(new Event("painted"));
  }

  /** each column of pixels has the greatest value of those it covers. */
  columns(data, row, width, from, scale) {
    const out = new Uint8Array(width);
    for (let x = 0; x < width; x++) {
      const first = Math.floor((from + x / scale) / data.step), last = Math.max(first + 1, Math.floor((from + (x + 1) / scale) / data.step));
      let most = 0;
      for (let i = Math.max(0, first); i < Math.min(data.points, last); i++) most = Math.max(most, data.values[i * data.rows + row]);
      out[x] = most;
    }
    return out;
  }

  waveform(g, c, top, height) {
    if (!this.wave) return;
    const middle = top + height / 2, w = Math.ceil(this.width), gain = (height / 2 - 6) / 255 * this.louder;
    for (const [row, colour] of [[0, c.wave], [1, c["wave-strong"]]]) {
      const v = this.columns(this.wave, row, w, this.from, this.scale);
      g.fillStyle = colour;
      for (let x = 0; x < w; x++) {
        const y = Math.max(0.5, v[x] * gain);
        g.fillRect(x, middle - y, 1, 2 * y);
      }
    }
  }

  spectrogram(g, c, top, height) {
    g.fillStyle = c.shade;
    g.fillRect(0, top, this.width, height);
    const s = this.spectrum;
    if (!s) return;
    const per = s.tile_frames * s.step_s;
    g.imageSmoothingEnabled = true;
    g.imageSmoothingQuality = "high";
    for (let n = Math.max(0, Math.floor(this.from / per)); n < s.tiles && n * per < this.from + this.seconds; n++) {
      const tile = this.tile(n);
      // A column is centred on its time.
      if (tile) g.drawImage(tile, this.x(n * per - s.step_s / 2), top, tile.width * s.step_s * this.scale + 0.5, height);
    }
    if (this.width < 560) return;
    g.font = "10px Inter, system-ui, sans-serif";
    g.textBaseline = "middle";
    for (let octave = 2; octave < 9; octave++) {
      const hz = 440 * 2 ** ((12 * (octave + 1) - 69) / 12);
      const y = top + height * (1 - (Math.log2(hz / s.min_hz) * s.bands_per_octave + 0.5) / s.bands);
      if (y < top + 6 || y > top + height - 6) continue;
      g.fillStyle = c.beat;
      g.fillRect(0, Math.round(y), 8, 1);
      this.chip(g, c, "C" + octave, 11, y);
    }
  }

  chip(g, c, text, x, y) {
    const w = g.measureText(text).width;
    g.globalAlpha = 0.72;
    g.fillStyle = c.surface;
    g.fillRect(x - 3, y - 7, w + 6, 14);
    g.globalAlpha = 1;
    g.fillStyle = c.ink;
    g.fillText(text, x, y + 0.5);
  }

  tile(n) {
    const known = this.tiles.get(n);
    if (known !== undefined) return known;
    this.tiles.set(n, null);
    const image = new Image();
    image.onload = () => {
      const t = document.createElement("canvas");
      t.width = image.width;
      t.height = image.height;
      const g = t.getContext("2d");
      g.drawImage(image, 0, 0);
      const grey = g.getImageData(0, 0, t.width, t.height), px = new Uint32Array(grey.data.buffer), { steps } = this.palette();
      for (let i = 0; i < px.length; i++) px[i] = steps[px[i] & 255];
      g.putImageData(grey, 0, 0);
      this.tiles.set(n, t);
      this.draw();
    };
    image.src = this.pictures("spectrum-" + n);
    return null;
  }

  activation(g, c, top, height) {
    g.fillStyle = c.line;
    g.fillRect(0, top, this.width, 1);
    if (!this.beats) return;
    const w = Math.ceil(this.width), foot = top + height;
    for (const [row, colour, alpha] of [[0, c["wave-strong"], 1], [1, c.accent, 0.9]]) {
      const v = this.columns(this.beats, row, w, this.from, this.scale);
      g.globalAlpha = alpha;
      g.fillStyle = colour;
      g.beginPath();
      g.moveTo(0, foot);
      for (let x = 0; x < w; x++) g.lineTo(x, foot - v[x] / 255 * (height - 6));
      g.lineTo(w, foot);
      g.fill();
    }
    g.globalAlpha = 1;
  }

  keyLane(g, c, top, height) {
    g.fillStyle = c.line;
    g.fillRect(0, top, this.width, 1);
    const k = this.keys;
    if (!k) return;
    g.font = "600 10.5px Inter, system-ui, sans-serif";
    g.textBaseline = "middle";
    const best = this.bestKeys ??= Array.from({ length: k.points }, (_, i) => {
      const row = k.values.subarray(i * 24, i * 24 + 24);
      let b = 0;
      for (let j = 1; j < 24; j++) if (row[j] > row[b]) b = j;
      return [b, row[b] / 255];
    });
    for (let i = 0; i < best.length;) {
      let j = i, sure = 0;
      while (j < best.length && best[j][0] === best[i][0]) sure += best[j++][1];
      const x = this.x(i * k.step), w = (j - i) * k.step * this.scale;
      if (x + w > 0 && x < this.width) {
        g.globalAlpha = 0.1 + 0.5 * sure / (j - i);
        g.fillStyle = best[i][0] === this.keyNow ? c.accent : c["wave-strong"];
        g.fillRect(x + 1, top + 4, Math.max(1, w - 2), height - 8);
        g.globalAlpha = 1;
        const label = keyName(best[i][0]), left = Math.max(4, x + 6);
        if (x + w - left > g.measureText(label).width + 4) {
          g.fillStyle = c.ink;
          g.fillText(label, left, top + height / 2 + 0.5);
        }
      }
      i = j;
    }
  }

  beatLines(g, c, { ruler, wave, spec, beats }) {
    const { beats: at, down } = this.grid, end = this.from + this.seconds;
    const gap = at.length > 1 ? (at[at.length - 1] - at[0]) / (at.length - 1) * this.scale : 99;
    let first = 0, bar = 0;
    while (first < at.length && at[first] < this.from - 1) { if (down.has(first)) bar++; first++; }
    const barGap = gap * at.length / Math.max(1, down.size);
    g.font = "10px Inter, system-ui, sans-serif";
    g.textBaseline = "middle";
    const every = barGap < 1 ? Infinity : 2 ** Math.max(0, Math.ceil(Math.log2(30 / barGap)));
    for (let i = first; i < at.length && at[i] < end; i++) {
      const x = Math.round(this.x(at[i])), isDown = down.has(i);
      if (isDown) bar++;
      if (isDown ? barGap < 5 : gap < 7) continue;
      g.fillStyle = isDown ? c.accent : c.beat;
      g.globalAlpha = isDown ? 0.9 : 1;
      g.fillRect(x, wave[0], isDown ? 1.5 : 1, wave[1]);
      g.globalAlpha = isDown ? 0.35 : 0.4;
      g.fillRect(x, spec[0], 1, spec[1]);
      g.globalAlpha = 1;
      g.fillRect(x, beats[0] + 1, 1, 4);
      if (isDown && (bar - 1) % every === 0) {
        g.fillStyle = c.accent;
        g.fillText(bar, x + 4, wave[0] + 7);
      }
    }
  }

  rulerLane(g, c, top, height) {
    const steps = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200];
    const step = steps.find((s) => s * this.scale > 70) ?? 1800;
    g.font = "10.5px Inter, system-ui, sans-serif";
    g.textBaseline = "middle";
    g.fillStyle = c.muted;
    for (let t = Math.ceil(this.from / step) * step; t < this.from + this.seconds; t += step) {
      const x = this.x(t);
      g.fillRect(x, top + height - 5, 1, 5);
      if (x > 2) g.fillText(clock(t, step < 1 ? 1 : 0), x + 4, top + height / 2);
    }
    for (const s of this.sound.sections ?? []) {
      const x = this.x(s.start_s);
      if (x > this.width || s.start_s > 0 && x < 0) continue;
      g.fillStyle = c.accent;
      g.fillRect(Math.max(0, x), top, 2, this.height);
      this.chip(g, c, `${Math.round(s.bpm * 10) / 10} BPM`, Math.max(0, x) + 8, this.lanes.spec[0] + 12);
    }
  }

  loopShade(g, c) {
    if (!this.loop) return;
    const [a, b] = this.loop.map((t) => this.x(t));
    g.globalAlpha = 0.16;
    g.fillStyle = c.accent;
    g.fillRect(a, 0, b - a, this.height);
    g.globalAlpha = 1;
    g.fillRect(a, 0, 2, this.height);
    g.fillRect(b - 2, 0, 2, this.height);
  }

  paintMap() {
    const g = this.map.getContext("2d"), c = this.palette(), w = this.map.clientWidth, h = this.map.clientHeight;
    if (!this.mapped && this.wave) {
      this.mapped = document.createElement("canvas");
      this.mapped.width = this.map.width;
      this.mapped.height = this.map.height;
      const m = this.mapped.getContext("2d"), v = this.columns(this.wave, 0, this.map.width, 0, this.map.width / this.duration);
      m.fillStyle = c["wave-strong"];
      for (let x = 0; x < v.length; x++) {
        const y = Math.max(1, v[x] / 255 * this.louder * (this.map.height - 10));
        m.fillRect(x, (this.map.height - y) / 2, 1, y);
      }
    }
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.fillStyle = c.surface;
    g.fillRect(0, 0, this.map.width, this.map.height);
    if (this.mapped?.width) g.drawImage(this.mapped, 0, 0);
    g.setTransform(this.dpr, 0, 0, this.dpr, 0, 0);
    const a = this.from / this.duration * w, b = Math.min(w, (this.from + this.seconds) / this.duration * w);
    g.globalAlpha = 0.68;
    g.fillStyle = c.bg;
    g.fillRect(0, 0, a, h);
    g.fillRect(b, 0, w - b, h);
    g.globalAlpha = 1;
    g.strokeStyle = c.accent;
    g.lineWidth = 1.5;
    g.strokeRect(a + 0.75, 0.75, Math.max(2, b - a - 1.5), h - 1.5);
    if (this.at !== undefined) {
      g.fillStyle = c.accent;
      g.fillRect(this.at / this.duration * w, 0, 1.5, h);
    }
  }

  /** load fetches the curves; what was not drawn is missing, and that is said. */
  async load(pictures) {
    this.pictures = pictures;
    const get = async (kind, read) => {
      const answer = await fetch(pictures(kind));
      if (!answer.ok) throw new Error(answer.status === 404 ? "missing" : "trouble");
      return read(answer);
    };
    const bytes = async (answer) => curve(await answer.arrayBuffer());
    const all = await Promise.allSettled([get("waveform", bytes), get("beats", bytes), get("keys", bytes), get("tempo", bytes), get("spectrum", (a) => a.json())]);
    [this.wave, this.beats, this.keys, this.tempo, this.spectrum] = all.map((r) => r.value);
    if (this.wave) {
      let most = 1;
      for (let i = 0; i < this.wave.values.length; i += 2) most = Math.max(most, this.wave.values[i]);
      this.louder = 255 / most;
    }
    this.mapped = null;
    this.draw();
    return all.every((r) => r.status === "fulfilled");
  }
}

function rgb(hex) {
  const n = hex.length === 4 ? hex.slice(1).replace(/./g, "$&$&") : hex.slice(1);
  return [0, 2, 4].map((i) => parseInt(n.slice(i, i + 2), 16));
}
