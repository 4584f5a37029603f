import { HybridFlowError } from '../../../domain/errors';
import { chapters } from '../../../stack/corpus/chapters';
import { planCorpus } from '../../../stack/corpus/plan';
import { corpus, digest, SEED, tally } from './corpora';

beforeAll(() => process.stderr.write(`corpus seed ${SEED}\n`));

describe('the same scale and seed', () => {
  it('make the same corpus to the byte', () => {
    expect(digest('small')).toBe(digest('small'));
    expect(corpus(137)).toEqual(corpus(137));
  });

  it('make the same chapter whether or not those before it were made', () => {
    const plan = planCorpus('small', SEED);
    const last = plan.chapters.slice(-1);
    expect([...chapters({ ...plan, chapters: last })]).toEqual(corpus('small').slice(-1));
  });

  it('differ from those of another seed or scale', () => {
    expect(digest('small', SEED + 1)).not.toBe(digest('small'));
    expect(digest(1_999)).not.toBe(digest('small'));
  });

  it('are what they were when this was written: a change here changes every demonstration', () => {
    expect(digest('small', 1)).toBe('47a989ed9930a068ba008de05cbe23797ac45f193c35142a075046a065c28c29');
  });
});

describe('full scale', () => {
  const { sqlite, qdrant, neo4j } = tally('full').counts();

  it('has the chapters of production', () => {
    expect(sqlite).toEqual({ chapters: 220, byTextbook: { bailey: 92, sabiston: 74, schwartz: 54 } });
  });

  it('has the paragraphs of production, in both stores', () => {
    expect([qdrant.points, neo4j.paragraphs]).toEqual([36_216, 36_216]);
  });

  it.each(['nodes', 'relationships'] as const)('has about 107,000 %s, within two per cent', (what) => {
    expect(Math.abs(neo4j[what] / 107_000 - 1)).toBeLessThan(0.02);
  });
});

describe('other scales', () => {
  it('small has 2,000 paragraphs in 12 chapters of the same proportion', () => {
    const { sqlite, qdrant } = tally('small').counts();
    expect(sqlite).toEqual({ chapters: 12, byTextbook: { bailey: 5, sabiston: 4, schwartz: 3 } });
    expect(qdrant.points).toBe(2_000);
  });

  it.each([10, 11, 25, 333, 5_000])('%d paragraphs are exactly that many, in every textbook', (count) => {
    const made = corpus(count);
    expect(made.flatMap(({ paragraphs }) => paragraphs)).toHaveLength(count);
    expect(new Set(made.map(({ textbookId }) => textbookId)).size).toBe(3);
    expect(made.every(({ paragraphs }) => paragraphs.length > 0)).toBe(true);
  });

  it.each([9, 0, -1, 10.5, Number.NaN, 1_000_001])('refuses %d, saying what fits', (count) => {
    expect(() => planCorpus(count, SEED)).toThrow(HybridFlowError);
    expect(() => planCorpus(count, SEED)).toThrow(/full, small, or a whole number of paragraphs from 10/);
  });

  it('refuses a seed that is no whole number', () => {
    expect(() => planCorpus('small', 1.5)).toThrow(/seed/);
  });
});
