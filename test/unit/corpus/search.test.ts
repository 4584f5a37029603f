import { contentWords, embedText, FEATURE_DIMENSIONS, hash32 } from '../../../domain/feature-hashing';
import { points } from '../../../stack/corpus/rows';
import { corpus, SEED } from './corpora';

beforeAll(() => process.stderr.write(`corpus seed ${SEED}\n`));

const cosine = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
const length = (vector: number[]) => Math.sqrt(cosine(vector, vector));
const small = corpus('small').flatMap((chapter) => [...points(chapter)]);

function nearest(query: string, limit: number) {
  const wanted = embedText(query);
  return small
    .map(({ vector, payload }) => ({ score: cosine(vector, wanted), payload }))
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ payload }) => payload);
}

describe('vectors of the corpus', () => {
  it('have 768 dimensions and unit length', () => {
    const unfit = small.filter(({ vector }) => vector.length !== 768 || Math.abs(length(vector) - 1) > 1e-5);
    expect(unfit.map(({ id }) => id)).toEqual([]);
  });

  it('differ from paragraph to paragraph', () => {
    expect(new Set(small.map(({ vector }) => vector.join())).size).toBe(small.length);
  });
});

describe('the nearest paragraphs', () => {
  it('of "lung anatomy" speak of the anatomy of the lung', () => {
    for (const { text, chapter_title } of nearest('lung anatomy', 10)) {
      expect(text).toMatch(/lung/);
      expect(text).toMatch(/anatomy/);
      expect(chapter_title).toMatch(/^Lung/);
    }
  });

  it.each([
    ['cardiac', /cardiac|heart/i],
    ['trauma', /trauma/i],
    ['infection', /infection/i],
    ['surgery', /surgery/i],
  ])('of "%s" speak of it', (query, word) => {
    for (const { text } of nearest(query, 10)) expect(text).toMatch(word);
  });
});

describe('a larger corpus', () => {
  const words = ['cardiac', 'spleen', 'appendix', 'oesophageal'];
  const best = words.map(() => [] as { score: number; text: string }[]);
  beforeAll(() => {
    // A word has few places: multiplying only those keeps this to a second or two.
    const wanted = words.map((word) =>
      embedText(word).flatMap((value, place) => (value === 0 ? [] : [{ value, place }])),
    );
    for (const chapter of corpus(12_000)) {
      for (const { vector, payload } of points(chapter)) {
        wanted.forEach((query, i) => {
          const score = query.reduce((sum, { value, place }) => sum + value * (vector[place] ?? 0), 0);
          best[i]?.push({ score, text: payload.text });
        });
      }
    }
  });

  // With one place per word, "cardiac" found it in 2 of 10 here: the others held a word that shared its place.
  it.each(words.map((word, i) => [word, i] as const))('still finds "%s" where it stands', (word, i) => {
    const found = best[i]?.sort((a, b) => b.score - a.score).slice(0, 10) ?? [];
    expect(found.filter(({ text }) => text.toLowerCase().includes(word))).toHaveLength(10);
  });
});

describe('feature hashing', () => {
  it('folds case and plain plurals, and drops stop words', () => {
    expect(contentWords('The Lungs and their ARTERIES; the pancreas, a mass')).toEqual(
      'lung artery pancreas mass'.split(' '),
    );
    expect(embedText('the anatomy of the lungs')).toEqual(embedText('Anatomy: lung'));
  });

  it('tells the order of words apart, but only a little', () => {
    const [there, back] = [embedText('lung anatomy'), embedText('anatomy lung')];
    expect(there).not.toEqual(back);
    expect(cosine(there, back)).toBeGreaterThan(0.8);
  });

  it('weighs a repeated word by its logarithm', () => {
    const once = cosine(embedText('lung heart'), embedText('lung'));
    const often = cosine(embedText('lung lung lung lung heart'), embedText('lung'));
    expect(often).toBeGreaterThan(once);
    expect(often).toBeLessThan(0.99);
  });

  it('spreads words evenly over the places', () => {
    const used = new Set(Array.from({ length: 5_000 }, (_, i) => hash32(`word${i}`) % FEATURE_DIMENSIONS));
    expect(used.size).toBeGreaterThan(755);
  });

  it('gives a text without a content word no direction', () => {
    expect(embedText('of the').every((value) => value === 0)).toBe(true);
    expect(embedText('').every((value) => value === 0)).toBe(true);
  });

  it('is the same on every machine', () => {
    const lung = embedText('lung').flatMap((value, place) => (value === 0 ? [] : [[place, value]]));
    expect(lung).toEqual([
      [3, -0.5],
      [384, -0.5],
      [523, 0.5],
      [620, -0.5],
    ]);
    expect([hash32(''), hash32('lung'), hash32('Größe')]).toEqual([2_872_998_923, 2_132_742_667, 1_417_032_896]);
  });
});
