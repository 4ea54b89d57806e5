// Small drawings of why: tempi, keys on the circle of fifths, one bar.
import { keyName } from "./timeline.js";

const svg = (name, attributes) => {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  return e;
};

/** drawTempi draws 120 tempo classes, 40 to the octave from 32 BPM. */
export function drawTempi(into, tempo, bpm) {
  into.replaceChildren();
  if (!tempo) return;
  const now = 40 * Math.log2(bpm / 32);
  for (let i = 0; i < tempo.points; i++) {
    const h = Math.max(1, tempo.values[i] / 255 * 54);
    into.append(svg("rect", { x: i * 2, y: 56 - h, width: 1.5, height: h, class: Math.abs(i - now) < 2.5 ? "now" : "fill" }));
  }
}

/** drawFifths shades each key by how likely it is on the mean of the recording. */
export function drawFifths(into, keys, now) {
  into.replaceChildren();
  const mean = new Float32Array(24);
  if (keys) for (let i = 0; i < keys.points * 24; i++) mean[i % 24] += keys.values[i] / 255 / keys.points;
  const most = Math.max(0.05, ...mean);
  for (let place = 0; place < 12; place++) {
    for (const minor of [false, true]) {
      const tonic = (7 * place + (minor ? 9 : 0)) % 12, key = tonic + (minor ? 12 : 0);
      const [r0, r1] = minor ? [25, 44] : [45, 66];
      const a = (place - 0.47) * Math.PI / 6 - Math.PI / 2, b = (place + 0.47) * Math.PI / 6 - Math.PI / 2, m = (a + b) / 2;
      const p = (r, t) => `${(r * Math.cos(t)).toFixed(2)} ${(r * Math.sin(t)).toFixed(2)}`;
      into.append(svg("path", { d: `M${p(r1, a)}A${r1} ${r1} 0 0 1 ${p(r1, b)}L${p(r0, b)}A${r0} ${r0} 0 0 0 ${p(r0, a)}Z`, class: "soft" }));
      into.append(svg("path", {
        d: `M${p(r1, a)}A${r1} ${r1} 0 0 1 ${p(r1, b)}L${p(r0, b)}A${r0} ${r0} 0 0 0 ${p(r0, a)}Z`,
        class: key === now ? "now" : "fill", "fill-opacity": key === now ? Math.max(0.35, mean[key] / most) : mean[key] / most,
      }));
      const r = (r0 + r1) / 2, label = svg("text", { x: r * Math.cos(m), y: r * Math.sin(m), class: key === now && mean[key] / most > 0.5 ? "over" : "name" });
      label.textContent = keyName(key);
      into.append(label);
    }
  }
}

/** drawBar draws, for each beat of the bar, how likely the network holds it for the first. */
export function drawBar(into, curve, grid, bar) {
  into.replaceChildren();
  if (!curve || !grid.down.size) return;
  const first = [...grid.down][0], sum = new Float32Array(bar), count = new Float32Array(bar);
  grid.beats.forEach((t, i) => {
    const at = Math.round(t / curve.step), k = ((i - first) % bar + bar) % bar;
    let most = 0;
    for (let j = Math.max(0, at - 2); j <= Math.min(curve.points - 1, at + 2); j++) most = Math.max(most, curve.values[j * 2 + 1]);
    sum[k] += most / 255;
    count[k]++;
  });
  const wide = 240 / bar;
  for (let k = 0; k < bar; k++) {
    const h = Math.max(1, sum[k] / Math.max(1, count[k]) * 40), x = k * wide;
    into.append(svg("rect", { x: x + 3, y: 0, width: wide - 6, height: 40, class: "soft", rx: 3 }));
    into.append(svg("rect", { x: x + 3, y: 40 - h, width: wide - 6, height: h, class: k ? "fill" : "now", rx: 3 }));
    const label = svg("text", { x: x + wide / 2, y: 50, class: k ? "" : "now" });
    label.textContent = k + 1;
    into.append(label);
  }
}
