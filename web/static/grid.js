// Beats and bars that follow from what is chosen: as heard where that fits, each
// second or with one between where the tempo is half or double, even else.
import { firstAtOrAfter } from "./audio.js";

/** felt is how many beats a bar is felt in: 6/8 in two. */
export function felt(meter) {
  const [beats, unit] = (meter || "4/4").split("/").map(Number);
  if (!(beats > 0)) return 4;
  return unit === 8 && beats % 3 === 0 && beats > 3 ? beats / 3 : beats;
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** gridOf gives {beats, down}. sound has what was heard, v what is chosen. */
export function gridOf(sound, v) {
  const heard = sound.beats ?? [];
  const first = v.downbeat ?? (v.anchor ?? (sound.downbeats?.[0] ?? heard[0] ?? 0));
  const beats = beatsAt(heard, v.tempo, first, sound.duration_s, v.anchor !== undefined);
  const down = new Set();
  if (!beats.length || !v.meter) return { beats, down };
  const bar = felt(v.meter), at = nearest(beats, first);
  for (let i = at % bar; i < beats.length; i += bar) down.add(i);
  return { beats, down };
}

function beatsAt(heard, tempo, first, duration, even) {
  if (!tempo) return heard;
  if (heard.length > 3 && !even) {
    const period = median(heard.slice(1).map((b, i) => b - heard[i])), ratio = tempo * period / 60;
    for (const n of [1, 2, 3, 4]) {
      if (Math.abs(ratio / n - 1) < 0.06) return between(heard, n);
      if (Math.abs(ratio * n - 1) < 0.06) return heard.filter((_, i) => i % n === nearest(heard, first) % n);
    }
  }
  const period = 60 / tempo, beats = [];
  for (let t = first - Math.floor(first / period) * period; t < duration; t += period) beats.push(t);
  return beats;
}

function between(heard, n) {
  if (n === 1) return heard;
  return heard.flatMap((b, i) => i + 1 < heard.length ? Array.from({ length: n }, (_, k) => b + (heard[i + 1] - b) * k / n) : [b]);
}

export function nearest(sorted, t) {
  const i = firstAtOrAfter(sorted, t);
  return i > 0 && (i === sorted.length || t - sorted[i - 1] < sorted[i] - t) ? i - 1 : i;
}

/** pulseOf fits a line through taps: {period, start} in s. */
export function pulseOf(times) {
  const n = times.length;
  if (n < 4) return null;
  const mx = (n - 1) / 2, my = times.reduce((a, b) => a + b) / n;
  let up = 0, across = 0;
  times.forEach((t, i) => { up += (i - mx) * (t - my); across += (i - mx) ** 2; });
  const period = up / across;
  return period > 0.15 && period < 3 ? { period, start: Math.max(0, my - mx * period) } : null;
}

/** meterOf reads taps on the first beats of bars: {meter, downbeat}. */
export function meterOf(times, beats, meter) {
  if (times.length < 3 || beats.length < 4) return null;
  const at = times.map((t) => nearest(beats, t)), n = median(at.slice(1).map((b, i) => b - at[i]));
  if (n < 2 || n > 12) return null;
  const name = felt(meter) === n ? meter : n === 6 ? "6/8" : n === 7 ? "7/8" : n === 9 ? "9/8" : n === 12 ? "12/8" : n + "/4";
  const first = beats[at.at(-1)];
  return { meter: name, downbeat: Math.round(Math.max(first, 0.001) * 1000) / 1000 };
}
