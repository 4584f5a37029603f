import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { POINT_LIST_FILE, type Change, type VersionComparison } from '../../domain/compare';
import { compareVersions, type CompareRequest, type CompareSources } from '../../inspection/compare';
import { openArtifactStore } from '../../stores/artifacts';
import { openArtifactContents } from '../../stores/artifacts/contents';
import type { ArtifactStore } from '../../stores/ports';
import { failureOf } from '../support/errors';
import { sealModel, storeOf, writeExport, type Model, type ModelChunk } from '../support/sealed-model';

const [A, B] = ['v1_baseline_20260102_030405', 'v2_minor_20260203_040506'];

let root: string;
let artifacts: ArtifactStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hfv-compared-'));
  artifacts = openArtifactStore(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Whoever asks it anything fails: two versions are compared from their folders alone. */
function nobody<T extends object>(what: string): T {
  return new Proxy({} as T, {
    get: (_, name) => {
      throw new Error(`${what} was asked for ${String(name)}`);
    },
  });
}

function sources(more: Partial<CompareSources> = {}): CompareSources {
  return {
    artifacts,
    archive: openArtifactStore(join(root, 'archived')),
    contents: openArtifactContents(),
    metadata: nobody('metadata.db'),
    live: nobody('a store'),
    ...more,
  };
}

const compare = (request: Partial<CompareRequest> = {}, more: Partial<CompareSources> = {}) =>
  compareVersions(sources(more), { before: A, after: B, limit: 20, ...request });

async function seal(before: Model, after: Model): Promise<void> {
  for (const version of [A, B]) rmSync(join(root, version), { recursive: true, force: true });
  await sealModel(artifacts, A, before);
  await sealModel(artifacts, B, after);
}

const chunk = (text: string, page = 1): ModelChunk => ({ text, page });
const OLD: Model = {
  'bailey:ch1': { 'bailey:ch1:1': chunk('the left lung'), 'bailey:ch1:2': chunk('the heart') },
  'bailey:ch2': { 'bailey:ch2:1': chunk('goes') },
  'bailey:ch10': { 'bailey:ch10:1': chunk('stays') },
};
const NEW: Model = {
  'bailey:ch1': { 'bailey:ch1:1': chunk('the right lung'), 'bailey:ch1:3': chunk('the liver') },
  'bailey:ch10': { 'bailey:ch10:1': chunk('stays') },
  'bailey:ch11': { 'bailey:ch11:1': chunk('comes'), 'bailey:ch11:2': chunk('comes too') },
};

const totals = ({ added, changed, removed }: Record<Change, number>) => ({ added, changed, removed });
const at = (version: string, file: string) => join(root, version, file);

/** The chapters that came and went are nodes, too. */
const OTHER_NODES = 'nodes other than paragraphs differ: titles, tables, figures or the like';

describe('two sealed versions, with nothing up', () => {
  beforeEach(() => seal(OLD, NEW));

  it('differ by chapters and chunks, store by store', async () => {
    const found = await compare();
    expect(found.same).toBe(false);
    expect(found.before).toEqual({ name: A, kind: 'version', versionId: A, at: '2026-01-02T03:04:05.000Z' });
    for (const { store, chapters, note } of found.stores) {
      expect({ ...totals(chapters), unchanged: chapters.unchanged }).toEqual({
        ...{ added: 1, changed: 1, removed: 1, unchanged: 1 },
      });
      expect(chapters.list.map(({ chapter, change }) => `${change} ${chapter}`)).toEqual([
        'changed bailey:ch1',
        'removed bailey:ch2',
        'added bailey:ch11',
      ]);
      expect(note).toBe(store === 'neo4j' ? OTHER_NODES : null);
    }
    expect(storeOf(found, 'sqlite').chunks).toBeNull();
    expect(storeOf(found, 'sqlite').chapters.list[0]?.fields?.map(({ field }) => field)).toEqual(['content_hash']);
    for (const store of ['qdrant', 'neo4j']) {
      expect(storeOf(found, store).chunks).toEqual({
        by: 'content',
        ...{ added: 3, changed: 1, removed: 2 },
        list: [
          { chapter: 'bailey:ch1', chunkId: 'bailey:ch1:1', change: 'changed' },
          { chapter: 'bailey:ch1', chunkId: 'bailey:ch1:2', change: 'removed' },
          { chapter: 'bailey:ch1', chunkId: 'bailey:ch1:3', change: 'added' },
        ],
        leftOut: 0,
      });
    }
    expect(storeOf(found, 'neo4j').beyond?.list.map(({ chapter }) => chapter)).toEqual([
      '(other nodes)',
      '(relationships)',
    ]);
    expect(found.texts).toBeNull();
  });

  it('show the texts of chunks that differ, word by word', async () => {
    const { texts } = await compare({ texts: 'required' });
    expect(texts?.list.map(({ before, after }) => [before, after])).toEqual([
      ['the left lung', 'the right lung'],
      ['the heart', null],
      [null, 'the liver'],
    ]);
    expect(texts?.list[0]?.parts).toContainEqual({ kind: 'added', text: 'right' });
  });

  it('are compared in one chapter where one is asked for, be it one that came', async () => {
    const found = await compare({ chapter: 'bailey:ch11', texts: 'required' });
    expect(storeOf(found, 'neo4j').chunks).toMatchObject({ added: 2, changed: 0, removed: 0, leftOut: 0 });
    expect(storeOf(found, 'neo4j').chapters).toMatchObject({ added: 1, changed: 0, removed: 0, unchanged: 0 });
    expect(found.texts?.list.map(({ after }) => after)).toEqual(['comes', 'comes too']);
    expect(await compare({ chapter: 'bailey:ch10' })).toMatchObject({ same: true, chapter: 'bailey:ch10' });
    expect((await failureOf(compare({ chapter: 'bailey:ch99' }))).code).toBe('CONFIG_INVALID');
  });

  it('show no more than the limit, and count all of it', async () => {
    const found = await compare({ limit: 1, texts: 'required' });
    expect(storeOf(found, 'qdrant').chapters).toMatchObject({ added: 1, changed: 1, removed: 1, leftOut: 2 });
    expect(storeOf(found, 'qdrant').chapters.list).toHaveLength(1);
    expect(storeOf(found, 'neo4j').chunks).toMatchObject({ added: 3, changed: 1, removed: 2, leftOut: 2 });
    expect(found.texts).toMatchObject({ list: [{ chunkId: 'bailey:ch1:1' }], leftOut: 2 });
  });

  it('are the same where one is compared with itself', async () => {
    const found = await compare({ after: A, texts: 'required' });
    expect(found).toMatchObject({ same: true, texts: { list: [], leftOut: 0 } });
    expect(storeOf(found, 'neo4j').chapters.unchanged).toBe(3);
  });

  it('are known by the names that stand for them', async () => {
    await sealModel(artifacts, 'latest-copy', NEW);
    const registry = { committedBaseline: () => ({ versionId: A }) };
    const journal = { current: () => ({ versionId: B, since: '' }) };
    const metadata = { registry, journal } as unknown as CompareSources['metadata'];
    const found = await compare({ before: 'baseline', after: 'current' }, { metadata });
    expect([found.before, found.after]).toMatchObject([
      { name: 'baseline', kind: 'version', versionId: A },
      { name: 'current', versionId: B },
    ]);
    const copy = await compare({ before: 'latest-copy' });
    expect(copy).toMatchObject({ same: true, before: { kind: 'latest-copy', versionId: null } });
  });
});

describe('any two knowledge bases', () => {
  const chunks = fc.uniqueArray(fc.tuple(fc.nat(8), fc.constantFrom('one', 'two'), fc.nat(1)), {
    ...{ minLength: 1, maxLength: 6 },
    selector: ([n]) => n,
  });
  const model = fc
    .uniqueArray(fc.tuple(fc.nat(5), chunks), { maxLength: 6, selector: ([n]) => n })
    .map((chapters): Model => {
      const named = chapters.map(([n, all]) => {
        const id = `bailey:ch${n}`;
        return [id, Object.fromEntries(all.map(([k, text, page]) => [`${id}:${k}`, chunk(text, page)]))] as const;
      });
      return Object.fromEntries<Model[string]>(named);
    });

  /** Counted from the models themselves. */
  function counted(before: Record<string, unknown>, after: Record<string, unknown>): Record<Change, number> {
    const [old, now] = [Object.keys(before), Object.keys(after)];
    const both = old.filter((key) => key in after);
    const changed = both.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key])).length;
    return { added: now.length - both.length, changed, removed: old.length - both.length };
  }
  const allChunks = (of: Model) => Object.assign({}, ...Object.values(of)) as Record<string, ModelChunk>;
  const sorted = (of: Model): Model => {
    const chapters = Object.entries(of).map(
      ([id, all]) => [id, Object.fromEntries(Object.entries(all).sort())] as const,
    );
    return Object.fromEntries<Model[string]>(chapters);
  };

  it('have exact totals, and mirrored ones the other way round', async () => {
    await fc.assert(
      fc.asyncProperty(model, model, async (before, after) => {
        await seal(before, after);
        const [found, turned] = [await compare({ limit: 3 }), await compare({ before: B, after: A, limit: 3 })];
        const [chapters, chunked] = [
          counted(sorted(before), sorted(after)),
          counted(allChunks(before), allChunks(after)),
        ];
        for (const store of ['qdrant', 'neo4j']) {
          expect(totals(storeOf(found, store).chapters)).toEqual(chapters);
          expect(totals(storeOf(found, store).chunks as Record<Change, number>)).toEqual(chunked);
        }
        expect(mirrored(turned)).toEqual(found);
      }),
      { numRuns: 15 },
    );
  }, 120_000);
});

describe('what lacks a part', () => {
  it('is compared by chapter where the list of points is missing, and says so', async () => {
    await seal(OLD, NEW);
    rmSync(at(A, POINT_LIST_FILE));
    const found = await compare();
    expect(storeOf(found, 'qdrant')).toMatchObject({ chunks: null, chapters: { added: 1, changed: 1, removed: 1 } });
    expect(storeOf(found, 'qdrant').note).toContain('by chapter');
    expect(storeOf(found, 'neo4j').chunks).toMatchObject({ added: 3 });
  });

  it('is compared from the archive, and refused only where the texts are gone', async () => {
    await seal(OLD, NEW);
    await artifacts.archive(A, 'run-9');
    const found = await compare({ texts: 'required' });
    expect(found.before.kind).toBe('archived version');
    expect(storeOf(found, 'qdrant').chunks).toMatchObject({ added: 3, changed: 1, removed: 2 });
    expect(storeOf(found, 'sqlite')).toMatchObject({ chapters: { changed: 1 } });
    expect(storeOf(found, 'sqlite').note).toContain('archived');
    expect(found.texts?.list).toHaveLength(3);
    rmSync(join(root, 'archived', A, 'neo4j.jsonl.gz'));
    expect((await failureOf(compare({ texts: 'required' }))).code).toBe('VERSION_ARCHIVED');
    expect(await compare({ texts: 'wanted' })).toMatchObject({ texts: null, same: false });
    expect(storeOf(await compare(), 'neo4j')).toMatchObject({ chunks: null, chapters: { added: 1 } });
  });

  it.each<[string, string, object[]]>([
    ['VERSION_UNKNOWN', 'nobody knows', []],
    ['VERSION_UNKNOWN', 'is rolled_back', [{ versionId: A, status: 'rolled_back' }]],
    ['VERSION_ARCHIVED', 'archived', [{ versionId: A, status: 'archived' }]],
    ['ARTIFACT_DAMAGED', 'no manifest', [{ versionId: A, status: 'committed' }]],
  ])('is %s where the registry says: %s', async (code, said, rows) => {
    await sealModel(artifacts, B, NEW);
    const metadata = { registry: { list: () => rows } } as unknown as CompareSources['metadata'];
    const error = await failureOf(compare({}, { metadata }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(said === 'nobody knows' ? 'there is no version' : said);
  });

  it('is VERSION_UNKNOWN where the name could be nobody’s', async () => {
    expect((await failureOf(compare({ before: '../etc' }))).code).toBe('VERSION_UNKNOWN');
  });
});

describe('a damaged version', () => {
  beforeEach(() => seal(OLD, NEW));

  const cut = (file: string) => writeFileSync(file, readFileSync(file).subarray(0, -20));
  const list = () => gunzipSync(readFileSync(at(B, POINT_LIST_FILE))).toString();

  it.each<[string, () => void]>([
    ['the export is cut short', () => cut(at(B, 'neo4j.jsonl.gz'))],
    ['the export is missing', () => rmSync(at(B, 'neo4j.jsonl.gz'))],
    ['the export is a whole one, of something else', () => writeExport(at(B, 'neo4j.jsonl.gz'), OLD)],
    ['the list of points is cut short', () => cut(at(B, POINT_LIST_FILE))],
    ['the list of points lacks one', () => writeFileSync(at(B, POINT_LIST_FILE), gzipSync(list().replace(/.*\n/, '')))],
    ['a line is none of a list', () => writeFileSync(at(B, POINT_LIST_FILE), gzipSync(`${list()}rubbish\n`))],
    ['the copy of metadata.db is none', () => writeFileSync(at(B, 'metadata.db'), 'rubbish')],
    ['a list of fingerprints is another', () => writeFileSync(at(B, 'neo4j.fingerprint.txt'), '')],
    ['the manifest is another’s', () => renameSync(at(A, 'manifest.json'), at(B, 'manifest.json'))],
    ['the manifest is none', () => writeFileSync(at(B, 'manifest.json'), '{}')],
  ])('is refused where %s', async (_, damage) => {
    damage();
    const request = { before: 'latest-copy' };
    await sealModel(artifacts, 'latest-copy', OLD);
    expect((await failureOf(compare(request))).code).toBe('ARTIFACT_DAMAGED');
  });
});

/** A comparison as it would be the other way round. */
function mirrored(found: VersionComparison): VersionComparison {
  const turned = { added: 'removed', changed: 'changed', removed: 'added' } as const;
  const turn = <T extends { change: Change }>(one: T): T => ({ ...one, change: turned[one.change] });
  const all = <T extends Record<Change, number>>(of: T): T => ({ ...of, added: of.removed, removed: of.added });
  return {
    ...found,
    before: found.after,
    after: found.before,
    stores: found.stores.map(({ chapters, chunks, beyond, ...rest }) => {
      const chapter = (one: (typeof chapters.list)[number]) => ({
        ...turn(one),
        itemsBefore: one.itemsAfter,
        itemsAfter: one.itemsBefore,
        ...(one.fields && { fields: one.fields.map((f) => ({ ...f, before: f.after, after: f.before })) }),
      });
      return {
        ...rest,
        chapters: { ...all(chapters), list: chapters.list.map(chapter) },
        chunks: chunks && { ...all(chunks), list: chunks.list.map(turn) },
        beyond: beyond && { ...beyond, list: beyond.list.map(chapter) },
      };
    }),
  };
}
