import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { compareGroups, comparisonText } from '../../domain/fingerprint';
import { DigestList, FingerprintGroups, ItemWriter } from '../../stores/fingerprint';
import { listText, parseList, rootFingerprint, summaryOf } from '../../stores/fingerprint-text';
import { canonicalJson } from '../../stores/qdrant/fingerprint';
import { failureOf } from '../support/errors';

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');
const digest = (text: string) => createHash('sha256').update(text).digest();

function groupsOf(items: readonly (readonly [group: string, item: string])[]) {
  const groups = new FingerprintGroups();
  for (const [group, item] of items) groups.add(group, digest(item));
  return groups.list();
}

describe('an item', () => {
  test('is the SHA-256 of netstrings, and the writer begins anew', () => {
    const item = new ItemWriter();
    expect(
      item
        .text('')
        .text('Ä😀')
        .raw(Buffer.from([0, 1]))
        .digest()
        .toString('hex'),
    ).toBe(sha256('0:,6:Ä😀,2:\u0000\u0001,'));
    expect(item.text('x').digest().toString('hex')).toBe(sha256('1:x,'));
  });

  test('may be longer than any before', () => {
    const item = new ItemWriter();
    const long = 'é'.repeat(100_000);
    expect(item.text('a').text(long).text('b').digest().toString('hex')).toBe(sha256(`1:a,200000:${long},1:b,`));
  });
});

describe('a group', () => {
  test('is the SHA-256 of the digests in bytewise order, equal ones as often as they come', () => {
    const list = new DigestList();
    const digests = Array.from({ length: 50 }, (_, i) => digest(String(i % 40)));
    digests.forEach((one) => list.push(one));
    expect(list.count).toBe(50);
    expect(list.sha256()).toBe(sha256(Buffer.concat(digests.sort(Buffer.compare))));
  });

  test('tells digests apart that begin alike', () => {
    const alike = [3, 1, 2].map((last) => Buffer.alloc(32).fill(last, 31));
    const list = new DigestList();
    alike.forEach((one) => list.push(one));
    expect(list.sha256()).toBe(sha256(Buffer.concat(alike.sort(Buffer.compare))));
  });

  const items = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.string({ maxLength: 3 })), { maxLength: 60 });

  test('is the same in any order', () => {
    fc.assert(
      fc.property(
        items.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => expect(groupsOf(shuffled)).toEqual(groupsOf(all)),
      ),
    );
  });

  test('differs where an item is missing, doubled or moved', () => {
    const all = [['a', '1'] as const, ['a', '2'] as const, ['b', '3'] as const];
    const print = (given: typeof all) => summaryOf(groupsOf(given)).sha256;
    const others = [all.slice(1), [...all, all[0] ?? all[1]], [['b', '1'] as const, ...all.slice(1)]];
    for (const other of others) expect(print(other as typeof all)).not.toBe(print(all));
  });
});

describe('the list', () => {
  const NAMES = ['(schema)', 'bailey:ch10', 'bailey:ch2', 'line\nfeed', 'back\\slash', '\ufb01', '😀', 'ß'];
  const groups = groupsOf(NAMES.map((name) => [name, name]));

  test('has a line a group, by the bytes of the names, whatever they hold', () => {
    // U+FB01 comes after U+1F600 as UTF-16 has it, and before it as bytes.
    const sorted = ['(schema)', 'back\\\\slash', 'bailey:ch10', 'bailey:ch2', 'line\\nfeed', 'ß', '\ufb01', '😀'];
    expect(groups.map(({ group }) => group)).toEqual(sorted);
    const first = `${sha256(createHash('sha256').update('(schema)').digest())}  1  (schema)\n`;
    expect(listText(groups).startsWith(first)).toBe(true);
    expect(summaryOf(groups)).toEqual({ items: 8, groups: 8, sha256: sha256(listText(groups)) });
  });

  test('reads back as it was', () => {
    expect(parseList(listText(groups), 'list')).toEqual(groups);
    expect(parseList('', 'empty')).toEqual([]);
  });

  test.each<[string, (text: string) => string]>([
    ['is cut in a line', (text) => text.slice(0, -3)],
    ['holds something else', (text) => `${text}hello\n`],
    ['is no list', () => '{"format":"hybridflow-version/1"}\n'],
    ['is not in order', (text) => text.trimEnd().split('\n').reverse().join('\n') + '\n'],
    ['names a group twice', (text) => text + text.split('\n').at(-2) + '\n'],
    ['counts no number', (text) => text.replace('  1  ', '  01  ')],
  ])('that %s is refused, naming the file', async (_, change) => {
    const error = await failureOf(Promise.resolve().then(() => parseList(change(listText(groups)), 'x.txt')));
    expect(error.code).toBe('ARTIFACT_DAMAGED');
    expect(error.message).toContain('x.txt');
  });
});

test('the root is the SHA-256 of three lines, and there is none where a part is missing', () => {
  const part = (store: 'sqlite' | 'qdrant' | 'neo4j', name: string) => ({
    store,
    fingerprint: { sha256: sha256(name) },
  });
  const parts = [part('sqlite', 's'), part('qdrant', 'q'), part('neo4j', 'n')];
  const lines = `${sha256('n')}  neo4j\n${sha256('q')}  qdrant\n${sha256('s')}  sqlite\n`;
  expect(rootFingerprint(parts)).toBe(sha256(lines));
  expect(rootFingerprint(parts.slice(1))).toBeUndefined();
  expect(rootFingerprint([{ store: 'sqlite' }, ...parts.slice(1)])).toBeUndefined();
});

test('JSON is canonical at every depth, on every release of Node', () => {
  const value = { b: [{ z: null, a: 1.5 }], 10: 'ten', 9: 'nine', a: 'é"\u2028', big: 2n ** 63n };
  expect(canonicalJson(value)).toBe(
    '{"10":"ten","9":"nine","a":"é\\"\u2028","b":[{"a":1.5,"z":null}],"big":9223372036854776000}',
  );
});

test('a comparison says which groups differ, and how', () => {
  const side = (items: [string, string][]) => {
    const groups = groupsOf(items);
    return { groups, summary: summaryOf(groups) };
  };
  const recorded = side([
    ['bailey:ch1', 'a'],
    ['bailey:ch1', 'b'],
    ['bailey:ch2', 'c'],
    ['bailey:ch3', 'd'],
  ]);
  const live = side([
    ['bailey:ch1', 'a'],
    ['bailey:ch2', 'c'],
    ['bailey:ch4', 'd'],
  ]);
  expect(compareGroups('neo4j', recorded, recorded)).toMatchObject({ same: true, differing: 0, samples: [] });
  const found = compareGroups('neo4j', recorded, live);
  expect(found).toMatchObject({ same: false, differing: 3 });
  expect(comparisonText(found)).toBe(
    '3 differ: bailey:ch1 (2 -> 1), bailey:ch3 (1 -> absent), bailey:ch4 (absent -> 1)',
  );
});
