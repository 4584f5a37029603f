import { chapterText, type Chapter } from '../../../stack/corpus/chapters';
import { graph, metadataRow, pointId, points } from '../../../stack/corpus/rows';
import { createHash } from 'node:crypto';
import { corpus, SEED } from './corpora';

beforeAll(() => process.stderr.write(`corpus seed ${SEED}\n`));

const full = corpus('full');
const allParagraphs = full.flatMap(({ paragraphs }) => paragraphs);

/** Offenders, few enough to read in a failure. */
const offenders = <T>(items: T[], fits: (item: T) => boolean) => items.filter((item) => !fits(item)).slice(0, 3);

describe('ids', () => {
  it('have the shapes of production', () => {
    const division = /^(bailey|sabiston|schwartz):ch\d+:s\d+(:ss\d+\.\d+(:sss\d+\.\d+\.\d+)?)?$/;
    expect(offenders(full, ({ id }) => /^(bailey|sabiston|schwartz):ch\d+$/.test(id))).toEqual([]);
    expect(offenders(full, ({ divisions }) => divisions.every(({ id }) => division.test(id)))).toEqual([]);
    expect(offenders(allParagraphs, ({ chunkId }) => /^[a-z]+:ch\d+:\d+(\.\d+){1,3}$/.test(chunkId))).toEqual([]);
  });

  it('include those that the documents name', () => {
    const chapter = full.find(({ id }) => id === 'bailey:ch60');
    expect(chapter?.title).toMatch(/^Lung/);
    expect(chapter?.divisions.map(({ id }) => id)).toContain('bailey:ch60:s2:ss2.1:sss2.1.1');
    expect(chapter?.paragraphs.map(({ chunkId }) => chunkId)).toContain('bailey:ch60:2.1.1');
  });

  it('are unique over the corpus', () => {
    const ids = full.flatMap(({ id, divisions, paragraphs, artifacts }) => [
      id,
      ...[...divisions, ...artifacts].map((thing) => thing.id),
      ...paragraphs.map(({ chunkId }) => chunkId),
    ]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(allParagraphs.map(({ chunkId }) => pointId(chunkId))).size).toBe(36_216);
  });

  it('of points are UUIDv5 in the DNS namespace', () => {
    // From Python: uuid.uuid5(uuid.NAMESPACE_DNS, 'bailey:ch60:2.1.1')
    expect(pointId('bailey:ch60:2.1.1')).toBe('c2ed136a-74d8-5924-b008-d96530eff3e5');
  });
});

describe('trees', () => {
  it('give every division and paragraph a parent of the level above, in the same chapter', () => {
    const wellHung = ({ id, divisions, paragraphs }: Chapter) => {
      const levels = new Map([[id, 0]]);
      for (const division of divisions) {
        const level = ['Section', 'Subsection', 'Subsubsection'].indexOf(division.kind) + 1;
        if (levels.get(division.parentId) !== level - 1) return false;
        levels.set(division.id, level);
      }
      return paragraphs.every(({ parentId }) => (levels.get(parentId) ?? 0) > 0);
    };
    expect(offenders(full, wellHung)).toEqual([]);
  });

  it('hang paragraphs from sections, subsections and subsubsections alike', () => {
    const kinds = new Map(full.flatMap(({ divisions }) => divisions.map(({ id, kind }) => [id, kind])));
    const used = new Set(allParagraphs.map(({ parentId }) => kinds.get(parentId)));
    expect(used).toEqual(new Set(['Section', 'Subsection', 'Subsubsection']));
  });

  it('link only tables and figures that the text of their paragraph cites', () => {
    const cited = full.flatMap(({ artifacts, paragraphs }) =>
      artifacts.filter((artifact) => artifact.cited).map((artifact) => ({ artifact, paragraphs })),
    );
    expect(new Set(cited.map(({ artifact }) => artifact.kind))).toEqual(new Set(['Table', 'Figure']));
    for (const { artifact, paragraphs } of cited) {
      const paragraph = paragraphs.find(({ chunkId }) => chunkId === artifact.chunkId);
      expect(paragraph?.text).toContain(`See ${artifact.kind} ${artifact.number}.`);
    }
  });
});

describe('cross references', () => {
  it('are null or a JSON array of chunk ids that exist in the chapter', () => {
    const fits = ({ paragraphs }: Chapter) => {
      const known = new Set(paragraphs.map(({ chunkId }) => chunkId));
      return paragraphs.every(({ chunkId, crossReferences }) => {
        if (crossReferences === null) return true;
        const ids = JSON.parse(crossReferences) as unknown;
        return Array.isArray(ids) && ids.length > 0 && ids.every((id) => known.has(id as string) && id !== chunkId);
      });
    };
    expect(offenders(full, fits)).toEqual([]);
  });

  it('are there in some paragraphs and not in most', () => {
    const share = allParagraphs.filter(({ crossReferences }) => crossReferences !== null).length / allParagraphs.length;
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.2);
  });
});

describe('rows', () => {
  const [chapter] = full.filter(({ id }) => id === 'bailey:ch60') as [Chapter];

  it('count and hash what the chapter really holds', () => {
    const row = metadataRow(chapter, 59);
    const text = chapter.paragraphs.map((paragraph) => paragraph.text).join('\n');
    expect(chapterText(chapter)).toBe(text);
    expect(row.chunkCount).toBe(chapter.paragraphs.length);
    expect(row.contentHash).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('have the properties of production', () => {
    const [point] = points(chapter);
    const fields = ['chunk_id', 'textbook_id', 'chapter_id', 'chapter_number', 'chapter_title', 'section_title'];
    expect(Object.keys(point?.payload ?? {})).toEqual([...fields, 'hierarchy_path', 'text', 'page']);
    const properties = graph(chapter).paragraphs[0]?.properties ?? {};
    expect(Object.keys(properties)).toEqual(['chunk_id', 'text', 'number', 'page', 'bounds', 'cross_references']);
  });

  it('say the same in both stores, paragraph by paragraph', () => {
    const nodes = graph(chapter).paragraphs.map(({ properties }) => [pointId(properties.chunk_id), properties.text]);
    expect([...points(chapter)].map(({ id, payload }) => [id, payload.text])).toEqual(nodes);
  });
});
