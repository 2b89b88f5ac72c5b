// SPDX-License-Identifier: Apache-2.0
// Reads JSON lines {number, birth, sex, expiry, primary, secondary, lines, truncated} from standard input, parses `lines` with the npm
// package mrz, and prints one TAP line for each: the peer must find every check digit right and read the same fields.
import { createInterface } from 'node:readline';
import { parse } from 'mrz';

let count = 0;
let failed = 0;

// Doc 9303-3 4.6: an apostrophe is omitted, a hyphen separates like a space.
const words = (name) => name.replaceAll("'", '').split(/[ -]+/).filter(Boolean);

// A truncated name keeps a beginning of each word, and ends with a letter in the last position.
function sameName(person, read, wanted) {
  if (!person.truncated) return words(wanted).join(' ') === (read ?? '');
  const short = words(read ?? '');
  const long = words(wanted);
  return short.length === long.length && short.every((w, i) => long[i].startsWith(w)) && /[A-Z]$/.test(person.lines[2]);
}

function differences(person) {
  const read = parse(person.lines, { autocorrect: false });
  const f = read.fields;
  const want = {
    documentCode: 'ID',
    issuingState: 'VNM',
    nationality: 'VNM',
    documentNumber: person.number.slice(3),
    birthDate: person.birth,
    expirationDate: person.expiry,
    sex: person.sex === 'M' ? 'male' : 'female',
  };
  const wrong = Object.entries(want)
    .filter(([name, value]) => (f[name] ?? '') !== value)
    .map(([name]) => `${name} is ${f[name]}`);
  if (!sameName(person, f.lastName, person.primary)) wrong.push(`lastName is ${f.lastName}`);
  if (!sameName(person, f.firstName, person.secondary)) wrong.push(`firstName is ${f.firstName}`);
  if (!(f.optional1 ?? '').startsWith(person.number)) wrong.push(`optional1 is ${f.optional1}`);
  if (read.format !== 'TD1') wrong.push(`format is ${read.format}`);
  for (const d of read.details) if (!d.valid) wrong.push(`${d.field}: ${d.error}`);
  return wrong;
}

for await (const line of createInterface({ input: process.stdin })) {
  const person = JSON.parse(line);
  const wrong = differences(person);
  count += 1;
  if (wrong.length > 0) failed += 1;
  console.log(`${wrong.length > 0 ? 'not ok' : 'ok'} ${count} - mrz reads ${person.number}`);
  for (const w of wrong) console.log(`#   ${w}`);
}
console.log(`1..${count}`);
process.exit(failed > 0 || count === 0 ? 1 : 0);
