// Plays a recording by one clock: blocks of its samples, clicks on its beats and
// a chord are all scheduled on the time of the audio context, so that what falls
// together in the recording falls together in the ear, at any speed. The same
// code mixes for the ear and, to be tested, offline.

const PART = 10;       // s of sound fetched at a time
const KEPT = 24;       // parts held
const AHEAD = 1.2;     // s scheduled in advance
const WINDOW = 2048;   // samples, of the stretcher
const HOP = WINDOW / 2;
const SEARCH = 512;    // samples it looks to either side for the best join

/** Recording is a track's samples, fetched by range as they are wanted. */
export class Recording {
  constructor(address) {
    this.address = address;
    this.parts = new Map(); // number -> {data: Float32Array[] | null, wait: Promise}
  }

  /** open reads the head; it throws the server's sentence where there is no sound. */
  async open() {
    const answer = await fetch(this.address, { headers: { Range: "bytes=0-255" } });
    if (!answer.ok) throw new Error(await answer.text());
    const head = new DataView(await answer.arrayBuffer());
    let at = 12;
    while (head.getUint32(at) !== 0x64617461 /* data */) {
      if (head.getUint32(at) === 0x666d7420 /* fmt */) {
        this.channels = head.getUint16(at + 10, true);
        this.rate = head.getUint32(at + 12, true);
      }
      at += 8 + head.getUint32(at + 4, true);
    }
    this.start = at + 8;
    this.frame = 2 * this.channels;
    this.frames = Math.floor((Number(answer.headers.get("Content-Range").split("/")[1]) - this.start) / this.frame);
    this.duration = this.frames / this.rate;
    this.partFrames = PART * this.rate;
    return this;
  }

  /** part fetches a part, once; what was used least lately makes room. */
  part(n) {
    const known = this.parts.get(n);
    if (known) {
      this.parts.delete(n);
      this.parts.set(n, known);
      return known.wait;
    }
    const entry = { data: null };
    entry.wait = this.fetch(n).then((data) => { entry.data = data; }, (err) => { this.parts.delete(n); throw err; });
    this.parts.set(n, entry);
    if (this.parts.size > KEPT) this.parts.delete(this.parts.keys().next().value);
    return entry.wait;
  }

  async fetch(n) {
    const from = n * this.partFrames, frames = Math.min(this.partFrames, this.frames - from);
    const first = this.start + from * this.frame;
    const answer = await fetch(this.address, { headers: { Range: `bytes=${first}-${first + frames * this.frame - 1}` } });
    if (!answer.ok) throw new Error(await answer.text());
    const pcm = new Int16Array(await answer.arrayBuffer());
    const data = Array.from({ length: this.channels }, () => new Float32Array(frames));
    for (let c = 0; c < this.channels; c++) {
      const to = data[c];
      for (let i = 0, j = c; i < frames; i++, j += this.channels) to[i] = pcm[j] / 32768;
    }
    return data;
  }

  /** missing is the number of a part of [from, from+count) that is not here; -1: none. */
  missing(from, count) {
    const last = Math.min(this.frames, from + count) - 1;
    for (let n = Math.floor(Math.max(0, from) / this.partFrames); n * this.partFrames <= last; n++) {
      if (!this.parts.get(n)?.data) return n;
    }
    return -1;
  }

  /** copy writes samples of one channel from a place on; outside there is silence. */
  copy(to, channel, from) {
    for (let i = 0; i < to.length;) {
      const at = from + i;
      if (at < 0) { i = Math.min(to.length, -from); continue; }
      if (at >= this.frames) break;
      const n = Math.floor(at / this.partFrames), data = this.parts.get(n)?.data;
      if (!data) break;
      const off = at - n * this.partFrames, count = Math.min(to.length - i, data[channel].length - off);
      to.set(data[channel].subarray(off, off + count), i);
      i += count;
    }
  }
}

const hann = Float32Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos(2 * Math.PI * i / WINDOW));

/** Stretcher changes speed at equal pitch: waveform similarity overlap-add
 *  (Verhelst & Roelands 1993). */
class Stretcher {
  constructor(recording) { this.recording = recording; this.reset(); }
  reset() { this.at = null; }

  /** fill writes hops of output that begin at sample from of the recording. */
  fill(out, from, speed) {
    const { recording } = this, channels = out.length, hops = out[0].length / HOP;
    if (this.at === null) {
      this.at = Math.round(from) - HOP;
      this.tail = out.map((_, c) => this.windowed(c, this.at).subarray(HOP));
    }
    for (let h = 0; h < hops; h++) {
      const wanted = Math.round(from + h * HOP * speed);
      this.at = this.join(this.at + HOP, wanted);
      for (let c = 0; c < channels; c++) {
        const piece = this.windowed(c, this.at), to = out[c].subarray(h * HOP, (h + 1) * HOP);
        for (let i = 0; i < HOP; i++) to[i] = this.tail[c][i] + piece[i];
        this.tail[c] = piece.subarray(HOP);
      }
    }
    void recording;
  }

  windowed(channel, from) {
    const piece = new Float32Array(WINDOW);
    this.recording.copy(piece, channel, from);
    for (let i = 0; i < WINDOW; i++) piece[i] *= hann[i];
    return piece;
  }

  /** join is the place near wanted that goes on most like the sound at natural. */
  join(natural, wanted) {
    const model = new Float32Array(HOP), field = new Float32Array(HOP + 2 * SEARCH);
    this.recording.copy(model, 0, natural);
    this.recording.copy(field, 0, wanted - SEARCH);
    let best = SEARCH, most = -Infinity;
    const try_ = (d, step) => {
      let sum = 0;
      for (let i = 0; i < HOP; i += step) sum += model[i] * field[d + i];
      if (sum > most) { most = sum; best = d; }
    };
    for (let d = 0; d <= 2 * SEARCH; d += 8) try_(d, 4);
    const about = best;
    most = -Infinity;
    for (let d = Math.max(0, about - 8); d <= Math.min(2 * SEARCH, about + 8); d++) try_(d, 2);
    return wanted - SEARCH + best;
  }
}

/** click makes the sound of one beat of a metronome. */
function clickSound(ctx, hz) {
  const buffer = ctx.createBuffer(1, Math.round(0.04 * ctx.sampleRate), ctx.sampleRate), data = buffer.getChannelData(0);
  for (let i = 0; i < data.length; i++) {
    const t = i / ctx.sampleRate;
    data[i] = Math.exp(-t * 110) * (Math.sin(2 * Math.PI * hz * t) + 0.3 * Math.sin(2 * Math.PI * hz * 2.76 * t));
  }
  return buffer;
}

/** Desk is the mixing desk of one context: three channels and what feeds them. */
class Desk {
  constructor(ctx, levels) {
    this.ctx = ctx;
    this.gain = {};
    this.out = ctx.createDynamicsCompressor ? ctx.createGain() : ctx.createGain();
    this.out.connect(ctx.destination);
    for (const name of ["music", "click", "drone"]) {
      this.gain[name] = ctx.createGain();
      this.gain[name].gain.value = levels[name];
      this.gain[name].connect(this.out);
    }
    this.low = clickSound(ctx, 1100);
    this.high = clickSound(ctx, 1760);
  }

  play(buffer, at, into) {
    const node = this.ctx.createBufferSource();
    node.buffer = buffer;
    node.connect(this.gain[into]);
    node.start(at);
    return node;
  }

  /** clicks schedules those of a stretch of the recording that is played from at on. */
  clicks(grid, at, from, to, speed) {
    const nodes = [];
    for (let i = firstAtOrAfter(grid.beats, from); i < grid.beats.length && grid.beats[i] < to; i++) {
      const when = at + (grid.beats[i] - from) / speed;
      nodes.push({ end: when + 0.05, node: this.play(grid.down.has(i) ? this.high : this.low, when, "click") });
    }
    return nodes;
  }
}

export function firstAtOrAfter(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

/** Player plays a Recording. grid is {beats: [s], down: Set of indexes}. */
export class Player extends EventTarget {
  constructor(recording) {
    super();
    this.recording = recording;
    this.grid = { beats: [], down: new Set() };
    this.chord = [];
    this.levels = { music: 0.9, click: 0, drone: 0 };
    this.speed = 1;
    this.loop = null; // [from, to] in s
    this.playing = false;
    this.at = 0;      // where it stands while it does not play
    this.blocks = []; // scheduled: {at, from, seconds, speed}
    this.nodes = [];
    this.stretcher = new Stretcher(recording);
  }

  async play() {
    if (this.playing) return;
    if (!this.ctx) {
      const Context = window.AudioContext ?? window.webkitAudioContext;
      try { this.ctx = new Context({ sampleRate: this.recording.rate, latencyHint: "interactive" }); } catch { this.ctx = new Context(); }
      this.desk = new Desk(this.ctx, this.levels);
    }
    this.playing = true;
    await this.ctx.resume();
    this.restart();
    this.changed();
  }

  pause() {
    if (!this.playing) return;
    this.at = this.position();
    this.playing = false;
    clearInterval(this.timer);
    this.silence();
    this.changed();
  }

  toggle() { return this.playing ? this.pause() : this.play(); }

  seek(t) {
    this.at = Math.min(Math.max(0, t), this.recording.duration);
    if (this.loop && (this.at < this.loop[0] || this.at >= this.loop[1])) this.loop = null;
    if (this.playing) this.restart(this.at);
    this.changed();
  }

  setSpeed(speed) { this.keepingTime(() => { this.speed = speed; }); }
  setLoop(loop) { this.keepingTime(() => { this.loop = loop; }); }
  setGrid(grid) { this.keepingTime(() => { this.grid = grid; }); }

  keepingTime(change) {
    const at = this.position();
    change();
    this.at = this.loop && (at < this.loop[0] || at >= this.loop[1]) ? this.loop[0] : at;
    if (this.playing) this.restart(this.at);
    this.changed();
  }

  setLevel(name, level) {
    this.levels[name] = level;
    this.desk?.gain[name].gain.setTargetAtTime(level, this.ctx.currentTime, 0.015);
  }

  /** setChord sounds these frequencies, in Hz, while it plays. */
  setChord(hz) {
    this.chord = hz;
    if (this.playing) { this.stopChord(); this.startChord(this.ctx.currentTime + 0.02); }
  }

  changed() { this.dispatchEvent(new Event("change")); }

  /** position is what is heard now, in s of the recording. */
  position() {
    if (!this.playing || !this.blocks.length) return this.at;
    const now = this.ctx.currentTime - (this.ctx.outputLatency || this.ctx.baseLatency || 0);
    let block = this.blocks[0];
    for (const b of this.blocks) if (b.at <= now) block = b;
    return Math.min(block.from + Math.min(Math.max(0, now - block.at), block.seconds) * block.speed, this.recording.duration);
  }

  silence() {
    for (const { node } of this.nodes) try { node.stop(); } catch { /* it has ended */ }
    this.nodes = [];
    this.blocks = [];
    this.stopChord();
  }

  restart(at = this.at) {
    clearInterval(this.timer);
    this.silence();
    this.stretcher.reset();
    this.at = at;
    this.head = { at: this.grain(this.ctx.currentTime + 0.06), from: at };
    this.startChord(this.head.at);
    this.timer = setInterval(() => this.pump(), 120);
    this.pump();
  }

  /** grain is the sample at or after a time, so that blocks join without a seam. */
  grain(t) { return Math.ceil(t * this.recording.rate) / this.recording.rate; }

  /** pump schedules what is to be heard soon. */
  pump() {
    if (!this.playing) return;
    const now = this.ctx.currentTime;
    this.nodes = this.nodes.filter((n) => n.end > now);
    while (this.blocks.length > 2 && this.blocks[1].at < now - 0.5) this.blocks.shift();
    while (this.head.at < now + AHEAD) {
      if (this.head.from >= this.recording.duration - 0.001) {
        if (now > this.head.at) { this.at = 0; this.playing = false; this.silence(); clearInterval(this.timer); this.changed(); }
        return;
      }
      const wanted = this.recording.missing(Math.floor(this.head.from * this.recording.rate) - WINDOW, Math.ceil(2 * this.recording.rate));
      if (wanted >= 0) {
        this.fetch(wanted);
        return;
      }
      if (this.head.at < now) this.head.at = this.grain(now + 0.06); // the line was too slow
      this.head = this.schedule(this.desk, this.head, this.nodes, this.blocks);
    }
    const next = this.recording.missing(Math.floor(this.head.from * this.recording.rate), PART * this.recording.rate);
    if (next >= 0) this.fetch(next);
  }

  fetch(n) {
    this.recording.part(n).then(() => this.pump(), (err) => this.dispatchEvent(new CustomEvent("trouble", { detail: err })));
  }

  /** schedule puts one block and its clicks on a desk, and says where the next begins. */
  schedule(desk, head, nodes, blocks) {
    const { rate, channels } = this.recording, { speed, loop } = this;
    let frames = 12 * HOP;
    const end = loop ? loop[1] : this.recording.duration;
    const left = Math.max(1, Math.round((end - head.from) / speed * rate));
    const last = left <= frames;
    if (last) frames = left;
    const buffer = desk.ctx.createBuffer(channels, frames, rate);
    const data = Array.from({ length: channels }, (_, c) => buffer.getChannelData(c));
    const from = head.from * rate;
    if (speed === 1) {
      data.forEach((to, c) => this.recording.copy(to, c, Math.round(from)));
    } else {
      const whole = data.map(() => new Float32Array(Math.ceil(frames / HOP) * HOP));
      this.stretcher.fill(whole, from, speed);
      data.forEach((to, c) => to.set(whole[c].subarray(0, frames)));
    }
    if (last && loop) fade(data, rate);
    const seconds = frames / rate, to = last ? end : head.from + seconds * speed;
    nodes.push({ end: head.at + seconds, node: desk.play(buffer, head.at, "music") });
    nodes.push(...desk.clicks(this.grid, head.at, head.from, to, speed));
    blocks.push({ at: head.at, from: head.from, seconds, speed });
    if (last && loop) this.stretcher.reset();
    return { at: this.grain(head.at + seconds - 0.25 / rate), from: last && loop ? loop[0] : to };
  }

  startChord(at) {
    if (!this.chord.length) return;
    const { ctx } = this.desk;
    this.voices = this.chord.map((hz, i) => {
      const o = ctx.createOscillator(), g = ctx.createGain();
      o.type = "triangle";
      o.frequency.value = hz;
      g.gain.setValueAtTime(0, at);
      g.gain.linearRampToValueAtTime((i ? 0.16 : 0.24), at + 0.08);
      o.connect(g).connect(this.desk.gain.drone);
      o.start(at);
      return { o, g };
    });
  }

  stopChord() {
    const now = this.ctx?.currentTime ?? 0;
    for (const { o, g } of this.voices ?? []) {
      g.gain.cancelScheduledValues(now);
      g.gain.setTargetAtTime(0, now, 0.03);
      o.stop(now + 0.3);
    }
    this.voices = [];
  }

  /** mix renders a stretch offline, as it would be heard, and gives the AudioBuffer. */
  async mix(from, seconds, levels) {
    const { rate, channels } = this.recording;
    const ctx = new OfflineAudioContext(channels, Math.round(seconds * rate), rate);
    const desk = new Desk(ctx, levels);
    this.stretcher.reset();
    for (let head = { at: 0, from }; head.at < seconds && head.from < this.recording.duration - 0.001;) {
      const first = Math.floor(head.from * rate) - WINDOW;
      for (let n; (n = this.recording.missing(first, 3 * rate)) >= 0;) await this.recording.part(n);
      head = this.schedule(desk, head, [], []);
    }
    this.stretcher.reset();
    return ctx.startRendering();
  }
}

/** fade takes the edge off a jump: 4 ms. */
function fade(data, rate) {
  const n = Math.round(0.004 * rate);
  for (const d of data) for (let i = 0; i < n && i < d.length; i++) d[d.length - 1 - i] *= i / n;
}
