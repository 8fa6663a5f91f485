// Draws what a network predicts on a plane: a map of colors, the boundary, and points.

const NAMES = ["--c0", "--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8", "--c9"];

const dark = matchMedia("(prefers-color-scheme: dark)");
let known = null;
dark.addEventListener("change", () => { known = null; });

// The colors of the page as [red, green, blue]; they change with light and dark.
export function palette() {
  if (known) return known;
  const style = getComputedStyle(document.body);
  const read = (name) => {
    const text = style.getPropertyValue(name).trim();
    return [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16));
  };
  known = { classes: NAMES.map(read), neutral: read("--card"), text: read("--text"), grey: read("--other") };
  return known;
}

export const css = ([red, green, blue]) => `rgb(${red}, ${green}, ${blue})`;

const mix = (from, to, share) => from.map((value, index) => Math.round(value + (to[index] - value) * share));

const made = new WeakMap(); // colors by palette and strength, as 32-bit numbers by colors

// The 256 colors of a value from -1 (the first class, or low) to 1 (the second, or high).
export function divergingColors(colors, strength = 0.8) {
  if (!made.has(colors)) made.set(colors, {});
  return (made.get(colors)[strength] ??= Array.from({ length: 256 }, (_, step) => {
    const value = step / 127.5 - 1;
    return mix(colors.neutral, colors.classes[value < 0 ? 0 : 1], Math.abs(value) * strength);
  }));
}

const pack = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

function packed(colors) {
  if (!made.has(colors)) made.set(colors, Uint32Array.from(colors, pack));
  return made.get(colors);
}

// Returns the pixels of a map: uint8 (height, width), the first row at the top, in one of 256 colors;
// or, of shape (classes, height, width), in the color of the most probable class, paler where unsure.
export function mapPixels({ shape, values }, colors, { classes, neutral } = {}) {
  const [height, width] = shape.slice(-2);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const size = pixels.length;
  if (shape.length === 2) {
    const of = packed(colors);
    for (let place = 0; place < size; place++) pixels[place] = of[values[place]];
    return image;
  }
  const count = shape[0];
  for (let place = 0; place < size; place++) {
    let best = 0;
    for (let k = 1; k < count; k++) if (values[k * size + place] > values[best * size + place]) best = k;
    const sure = (values[best * size + place] / 255 - 1 / count) / (1 - 1 / count);
    pixels[place] = pack(mix(neutral, classes[best], 0.12 + 0.54 * sure));
  }
  return image;
}

// Returns a canvas of a map's own size with its pixels.
export function mapImage(map, colors, colorsOfClasses) {
  const [height, width] = map.shape.slice(-2);
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(mapPixels(map, colors, colorsOfClasses), 0, 0);
  return canvas;
}

// Draws a map over the whole of a canvas, smoothly.
export function drawMap(canvas, image) {
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = true;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
}

// Draws the line where a map (height, width) has a level: marching squares, with straight pieces.
export function drawContour(canvas, { shape: [height, width], values }, level, color, thickness) {
  const context = canvas.getContext("2d");
  const [sx, sy] = [canvas.width / width, canvas.height / height];
  context.beginPath();
  for (let row = 0; row + 1 < height; row++) {
    for (let column = 0; column + 1 < width; column++) {
      const at = row * width + column;
      const corners = [values[at], values[at + 1], values[at + width + 1], values[at + width]];
      const points = [];
      for (let side = 0; side < 4; side++) {
        const [a, b] = [corners[side], corners[(side + 1) % 4]];
        if (a < level === b < level) continue;
        const share = (level - a) / (b - a);
        const [x, y] = [[share, 0], [1, share], [1 - share, 1], [0, 1 - share]][side];
        points.push([(column + x + 0.5) * sx, (row + y + 0.5) * sy]);
      }
      for (let first = 0; first + 1 < points.length; first += 2) {
        context.moveTo(...points[first]);
        context.lineTo(...points[first + 1]);
      }
    }
  }
  context.lineWidth = thickness;
  context.strokeStyle = color;
  context.lineCap = "round";
  context.stroke();
}

// Draws points: `at` are pairs from -1 to 1, `color` of each, filled or as rings.
export function drawPoints(canvas, at, color, { radius, filled, edge }) {
  const context = canvas.getContext("2d");
  const [w, h] = [canvas.width / 2, canvas.height / 2];
  context.lineWidth = radius * (filled ? 0.35 : 0.5);
  for (let row = 0; row < at.length / 2; row++) {
    context.beginPath();
    context.arc(w * (1 + at[2 * row]), h * (1 - at[2 * row + 1]), radius, 0, 7);
    context.fillStyle = filled ? color(row) : edge;
    context.strokeStyle = filled ? edge : color(row);
    context.fill();
    context.stroke();
  }
}

// Makes a canvas as many pixels wide and high as it is shown; returns whether that changed it.
export function fitCanvas(canvas) {
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((size) => Math.max(1, Math.round(size * ratio)));
  if (canvas.width === width && canvas.height === height) return false;
  Object.assign(canvas, { width, height });
  return true;
}

// Calls a function when the page turns light or dark.
export function onTheme(listener) {
  dark.addEventListener("change", listener);
}
