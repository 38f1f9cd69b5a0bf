/**
 * A picture as a function: the colour of a place, both coordinates from 0 to 1. `time` runs from 0 to 1 in a
 * film.
 */
export type Scene = (x: number, y: number, time: number) => Colour;

/** Red, green, blue from 0 to 255, and opacity from 0 to 1. */
type Colour = readonly [number, number, number, number];

/** Hills in front of an evening sky: what photographs are to an encoder. */
export const evening: Scene = (x, y) => {
  // The nearest first, because it hides the others; nothing stands as high as the upper third.
  for (let ridge = 4; ridge >= 0 && y > 0.34; ridge -= 1) {
    const height = 0.5 + ridge * 0.1 - 0.16 * noise(x * (2 + ridge) + ridge * 17, ridge * 5, 5);
    if (y < height) continue;
    const dark = ridge / 4;
    const near = blend([128, 96, 132, 1], [18, 26, 40, 1], dark);
    return blend(near, [255, 200, 150, 1], 0.12 * (1 - dark) + 0.08 * noise(x * 60, y * 60, 2));
  }
  const sky = blend([38, 52, 110, 1], [250, 170, 110, 1], Math.min(1, y * 1.5));
  return blend(sky, [255, 240, 190, 1], Math.exp(-12 * ((x - 0.68) ** 2 + (y - 0.5) ** 2)));
};

/** Coloured discs on nothing: sharp edges and transparency. */
export const discs: Scene = (x, y) => {
  const hues: readonly Colour[] = [
    [232, 72, 85, 0.8],
    [249, 200, 70, 0.8],
    [63, 142, 252, 0.8],
    [67, 188, 140, 0.8],
    [150, 94, 214, 0.8],
  ];
  let colour: Colour = [0, 0, 0, 0];
  for (const [index, hue] of hues.entries()) {
    const angle = (index / hues.length) * 2 * Math.PI;
    const distance = Math.hypot((x - 0.5) * 1.5 - 0.28 * Math.cos(angle), y - 0.5 - 0.26 * Math.sin(angle));
    colour = over(colour, hue, Math.min(1, Math.max(0, (0.24 - distance) * 600)));
  }
  return colour;
};

/** Ink in water: colour without any edge. */
export const marble: Scene = (x, y) => {
  const fold = noise(x * 3, y * 3, 4);
  const vein = noise(x * 3 + 4 * fold, y * 3 + 3 * fold, 5);
  const first = blend([20, 60, 80, 1], [240, 238, 225, 1], vein);
  return blend(first, [200, 90, 60, 1], Math.max(0, fold - 0.45));
};

/** Seeds in the order of a sunflower's. Taller than wide. */
export const sunflower: Scene = (x, y) => {
  const [dx, dy] = [(x - 0.5) * 3, (y - 0.42) * 4];
  const radius = Math.hypot(dx, dy);
  const turn = Math.atan2(dy, dx);
  const petals = 1.02 + 0.22 * Math.abs(Math.cos(turn * 10));
  if (radius > petals) return blend([206, 226, 236, 1], [122, 160, 120, 1], y ** 1.5);
  if (radius > 0.78) return blend([216, 130, 20, 1], [255, 208, 60, 1], Math.abs(Math.cos(turn * 10)));
  const spiral = Math.sin(21 * turn - 34 * Math.log(radius + 0.06)) * Math.sin(34 * turn + 21 * radius * 4);
  return blend([74, 44, 22, 1], [170, 112, 44, 1], 0.5 + 0.5 * spiral);
};

/** Dots that go round: a film that begins where it ends. */
export const carousel: Scene = (x, y, time) => {
  let colour: Colour = [24, 34, 52, 1];
  for (let dot = 0; dot < 8; dot += 1) {
    const angle = (dot / 8 + time / 8) * 2 * Math.PI;
    const distance = Math.hypot((x - 0.5) * 1.5 - 0.36 * Math.cos(angle), y - 0.5 - 0.36 * Math.sin(angle));
    const radius = 0.04 + 0.01 * dot;
    colour = over(colour, [120 + 16 * dot, 210 - 14 * dot, 240, 1], distance < radius ? 1 : 0);
  }
  return colour;
};

function blend(from: Colour, to: Colour, share: number): Colour {
  const mix = (channel: 0 | 1 | 2 | 3) => from[channel] + (to[channel] - from[channel]) * share;
  return [mix(0), mix(1), mix(2), mix(3)];
}

/** `top` with a coverage from 0 to 1, drawn over what is there. */
function over(below: Colour, top: Colour, coverage: number): Colour {
  const alpha = top[3] * coverage;
  const whole = alpha + below[3] * (1 - alpha);
  if (whole === 0) return below;
  const mix = (channel: 0 | 1 | 2) =>
    (top[channel] * alpha + below[channel] * below[3] * (1 - alpha)) / whole;
  return [mix(0), mix(1), mix(2), whole];
}

/** Value noise from 0 to 1, each octave twice as fine and half as strong. */
function noise(x: number, y: number, octaves: number): number {
  let [sum, total] = [0, 0];
  for (let octave = 0; octave < octaves; octave += 1) {
    const scale = 2 ** octave;
    sum += lattice(x * scale, y * scale) / scale;
    total += 1 / scale;
  }
  return sum / total;
}

function lattice(x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [across, down] = [smooth(x - left), smooth(y - top)];
  const upper = hash(left, top) * (1 - across) + hash(left + 1, top) * across;
  const lower = hash(left, top + 1) * (1 - across) + hash(left + 1, top + 1) * across;
  return upper * (1 - down) + lower * down;
}

function smooth(share: number): number {
  return share * share * (3 - 2 * share);
}

/** The same number from 0 to 1 for the same place of the lattice, everywhere and always. */
function hash(x: number, y: number): number {
  let bits = Math.imul(x, 374_761_393) + Math.imul(y, 668_265_263);
  bits = Math.imul(bits ^ (bits >>> 13), 1_274_126_177);
  return ((bits ^ (bits >>> 16)) >>> 0) / 4_294_967_296;
}
