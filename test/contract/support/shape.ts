/**
 * Compares an answer with a recorded one: the same keys, the same types and the same values, except where the
 * record holds a marker for what may vary.
 *
 * - `<any>`, `<number>`, `<string>`: any value, or any of that type
 * - `<sha256>`, `<second>`, `<snapshot>`: a checksum, a time without a zone, a snapshot's file name
 * - `["<each>", x]`: a list, not empty, each of whose entries looks like x
 * - the key `<more>`: the object may have more keys
 */
const PATTERNS: Record<string, RegExp> = {
  '<sha256>': /^[0-9a-f]{64}$/,
  '<second>': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
  '<snapshot>': /^.+-\d+-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d\.snapshot$/,
};

/** Scores and vectors are 32-bit floats, computed in an order that differs between processors. */
const TOLERANCE = 1e-6;

/** What differs, one sentence per place; empty where the answer has the shape of the record. */
export function differences(expected: unknown, actual: unknown, at = 'body'): string[] {
  if (typeof expected === 'string') return differencesOfText(expected, actual, at);
  if (typeof expected === 'number' && typeof actual === 'number') {
    const near = Number.isInteger(expected) ? expected === actual : Math.abs(expected - actual) <= TOLERANCE;
    return near ? [] : [`${at} is ${actual}, expected ${expected}`];
  }
  if (Array.isArray(expected)) return differencesOfLists(expected, actual, at);
  if (isObject(expected)) return differencesOfObjects(expected, actual, at);
  return Object.is(expected, actual) ? [] : [`${at} is ${show(actual)}, expected ${show(expected)}`];
}

function differencesOfText(expected: string, actual: unknown, at: string): string[] {
  return fits(expected, actual) ? [] : [`${at} is ${show(actual)}, expected ${show(expected)}`];
}

function fits(expected: string, actual: unknown): boolean {
  if (expected === '<any>') return true;
  if (expected === '<number>') return typeof actual === 'number';
  if (typeof actual !== 'string') return false;
  return expected === '<string>' || (PATTERNS[expected]?.test(actual) ?? expected === actual);
}

function differencesOfLists(expected: unknown[], actual: unknown, at: string): string[] {
  if (!Array.isArray(actual)) return [`${at} is ${show(actual)}, expected a list`];
  if (expected[0] === '<each>') {
    if (actual.length === 0) return [`${at} is empty`];
    return actual.flatMap((item, index) => differences(expected[1], item, `${at}[${index}]`));
  }
  if (expected.length !== actual.length) {
    return [`${at} has ${actual.length} entries (${show(actual)}), expected ${expected.length}`];
  }
  return expected.flatMap((item, index) => differences(item, actual[index], `${at}[${index}]`));
}

function differencesOfObjects(expected: Record<string, unknown>, actual: unknown, at: string): string[] {
  if (!isObject(actual)) return [`${at} is ${show(actual)}, expected an object`];
  const found: string[] = [];
  for (const key of Object.keys(expected)) {
    if (key === '<more>') continue;
    if (Object.hasOwn(actual, key)) found.push(...differences(expected[key], actual[key], `${at}.${key}`));
    else found.push(`${at}.${key} is missing`);
  }
  if (!Object.hasOwn(expected, '<more>')) {
    const extra = Object.keys(actual).filter((key) => !Object.hasOwn(expected, key));
    found.push(...extra.map((key) => `${at}.${key} is not expected`));
  }
  return found;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}
