// SPDX-License-Identifier: Apache-2.0
// usage: read_jpeg.mjs MOST_BYTES FILE...: decodes each with the npm package jpeg-js and prints one TAP line: a portrait of 3 to 4 with
// a light background and a face darker than it in the middle, in no more bytes than allowed.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import jpeg from 'jpeg-js';

const most = Number(process.argv[2]);
const files = process.argv.slice(3);
let failed = 0;

function mean(image, x0, y0, x1, y1) {
  let sum = 0;
  let n = 0;
  for (let y = Math.floor(y0 * image.height); y < y1 * image.height; y += 1) {
    for (let x = Math.floor(x0 * image.width); x < x1 * image.width; x += 1) {
      const at = (y * image.width + x) * 4;
      sum += 0.3 * image.data[at] + 0.59 * image.data[at + 1] + 0.11 * image.data[at + 2];
      n += 1;
    }
  }
  return sum / n;
}

function faults(file) {
  const bytes = readFileSync(file);
  const image = jpeg.decode(bytes, { tolerantDecoding: false, useTArray: true });
  const wrong = [];
  if (bytes.length > most) wrong.push(`${bytes.length} bytes`);
  if (Math.abs(image.width * 4 - image.height * 3) > 4) wrong.push(`${image.width} x ${image.height}`);
  const background = mean(image, 0.02, 0.02, 0.12, 0.2);
  const face = mean(image, 0.4, 0.4, 0.6, 0.6);
  if (background < 150) wrong.push(`background ${background.toFixed(0)}`);
  if (face > background - 5 || face < 20) wrong.push(`face ${face.toFixed(0)} on ${background.toFixed(0)}`);
  return wrong;
}

files.forEach((file, i) => {
  let wrong;
  try {
    wrong = faults(file);
  } catch (e) {
    wrong = [e.message];
  }
  if (wrong.length > 0) failed += 1;
  console.log(`${wrong.length > 0 ? 'not ok' : 'ok'} ${i + 1} - jpeg-js opens ${basename(file)}`);
  for (const w of wrong) console.log(`# ${w}`);
});
console.log(`1..${files.length}`);
process.exit(failed > 0 ? 1 : 0);
