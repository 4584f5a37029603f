import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insideOf } from '../../domain/chapter-digest';
import { isChapter } from '../../domain/compare';
import { STAGING_NAMES } from '../../domain/names';
import type { SwitchEntry } from '../../domain/switch-journal';
import { compareVersions, type CompareRequest, type LiveStores } from '../../inspection/compare';
import { openArtifactStore } from '../../stores/artifacts';
import { openArtifactContents } from '../../stores/artifacts/contents';
import { writePoints } from '../../stores/artifacts/chunk-list';
import { fingerprintExport } from '../../stores/neo4j/fingerprint';
import type { ArtifactStore, MetadataStore } from '../../stores/ports';
import { openMetadataStore } from '../../stores/sqlite';
import { failureOf } from '../support/errors';
import { pointsOf, sealModel, storeOf, writeDatabase, writeExport, type Model } from '../support/sealed-model';

const VERSION = 'v2_minor_20260203_040506';
const chunk = (text: string, page = 1) => ({ text, page });
const PRODUCTION: Model = {
  'bailey:ch1': { 'bailey:ch1:1': chunk('the left lung'), 'bailey:ch1:2': chunk('the heart') },
  'bailey:ch2': { 'bailey:ch2:1': chunk('goes') },
  'bailey:ch10': { 'bailey:ch10:1': chunk('stays') },
};
const STAGED: Model = {
  'bailey:ch1': { 'bailey:ch1:1': chunk('the right lung'), 'bailey:ch1:2': chunk('the heart', 7) },
  'bailey:ch10': { 'bailey:ch10:1': chunk('stays') },
  'bailey:ch11': { 'bailey:ch11:1': chunk('comes'), 'bailey:ch11:2': chunk('comes too') },
};
/** Only these are staged in Neo4j. */
const STAGED_CHAPTERS = ['bailey:ch1', 'bailey:ch11'];

let root: string;
let artifacts: ArtifactStore;
let metadata: MetadataStore;
let asked: string[];
let entries: Pick<SwitchEntry, 'id' | 'state'>[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'hfv-live-'));
  mkdirSync(join(root, 'scratch'));
  artifacts = openArtifactStore(join(root, 'backups'));
  await sealModel(artifacts, VERSION, PRODUCTION);
  writeDatabase(join(root, 'metadata.db'), PRODUCTION);
  writeDatabase(join(root, 'staged.db'), STAGED);
  metadata = openMetadataStore(join(root, 'metadata.db'));
  metadata.prepareStaging({ file: join(root, 'staged.db') }, { notAfter: Date.now() + 60_000 });
  [asked, entries] = [[], []];
});
afterEach(() => {
  const left = readdirSync(join(root, 'scratch'));
  rmSync(root, { recursive: true, force: true });
  // Whatever was read of production has gone, however it ended.
  expect(left).toEqual([]);
});

function live({ lists = true } = {}): LiveStores {
  const groups = async (model: Model) => {
    const file = join(root, `${asked.length}.jsonl.gz`);
    writeExport(file, model);
    return (await fingerprintExport(file)).filter(({ group }) => isChapter(group));
  };
  const modelOf = (collection?: string) => (collection === STAGING_NAMES.collection ? STAGED : PRODUCTION);
  return {
    metadata,
    graph: {
      exportTo: async (file: string) => {
        asked.push('export');
        writeExport(file, PRODUCTION);
        return { fingerprint: await fingerprintExport(file) };
      },
      stagedChapters: async () => STAGED_CHAPTERS,
      stagedFingerprint: async () => groups(Object.fromEntries(STAGED_CHAPTERS.map((id) => [id, STAGED[id] ?? {}]))),
      chapterTexts: async (id: string, { staged = false } = {}) => {
        asked.push(`${id}${staged ? ' staged' : ''}`);
        const chunks = (staged ? STAGED : PRODUCTION)[id] ?? {};
        return Object.fromEntries(Object.entries(chunks).map(([chunkId, { text }]) => [chunkId, text]));
      },
    },
    vectors: {
      ...(lists && { pointDigests: ({ collection }: { collection?: string } = {}) => pointsOf(modelOf(collection)) }),
      fingerprint: async ({ collection }: { collection?: string } = {}) =>
        writePoints(join(root, `${collection ?? 'production'}.gz`), pointsOf(modelOf(collection))),
    },
  } as unknown as LiveStores;
}

const compare = (request: Partial<CompareRequest>, stores = live()) =>
  compareVersions(
    {
      artifacts,
      archive: openArtifactStore(join(root, 'backups', 'archived')),
      contents: openArtifactContents(),
      metadata: { ...metadata, journal: { ...metadata.journal, list: () => entries as SwitchEntry[] } },
      live: stores,
      scratch: join(root, 'scratch'),
    },
    { before: 'production', after: 'staging', limit: 20, ...request },
  );

describe('production', () => {
  it('is the version that it was sealed as, in all that is read of it', async () => {
    const found = await compare({ before: VERSION, after: 'production', texts: 'required' });
    expect(found).toMatchObject({ same: true, notes: [], after: { kind: 'production', versionId: null } });
    expect(asked).toEqual(['export']);
  });

  it('is compared by chapter where its points cannot be listed', async () => {
    const found = await compare({ after: 'staging' }, live({ lists: false }));
    expect(storeOf(found, 'qdrant')).toMatchObject({ chunks: null, chapters: { added: 1, changed: 1, removed: 1 } });
    expect(storeOf(found, 'qdrant').note).toContain('by chapter');
  });

  it('says that it was switched while it was read', async () => {
    const stores = live();
    const { exportTo } = stores.graph;
    stores.graph.exportTo = async (file) => {
      entries = [{ id: 1, state: 'done' }];
      return exportTo(file);
    };
    expect((await compare({}, stores)).notes).toEqual([expect.stringContaining('switched')]);
    entries = [{ id: 2, state: 'switching' }];
    expect((await compare({})).notes).toHaveLength(1);
    entries = [{ id: 2, state: 'done' }];
    expect((await compare({})).notes).toEqual([]);
  });

  it('leaves nothing where a store fails', async () => {
    const stores = live();
    stores.graph.exportTo = () => Promise.reject(new Error('the graph is gone'));
    await expect(compare({}, stores)).rejects.toThrow('the graph is gone');
  });
});

describe('what is staged', () => {
  it('is compared with production: whole in SQLite and Qdrant, chapters and texts in Neo4j', async () => {
    const found = await compare({ texts: 'required' });
    for (const store of ['sqlite', 'qdrant', 'neo4j']) {
      expect(storeOf(found, store).chapters.list.map(({ chapter, change }) => `${change} ${chapter}`)).toEqual([
        'changed bailey:ch1',
        'removed bailey:ch2',
        'added bailey:ch11',
      ]);
      expect(storeOf(found, store).chapters.unchanged).toBe(1);
    }
    // A page that changed is content, and no text.
    expect(storeOf(found, 'qdrant').chunks).toMatchObject({ by: 'content', added: 2, changed: 2, removed: 1 });
    expect(storeOf(found, 'neo4j').chunks).toMatchObject({ by: 'text', added: 2, changed: 1, removed: 1 });
    expect(storeOf(found, 'neo4j').beyond).toBeNull();
    expect(storeOf(found, 'sqlite').chapters.list[0]?.fields?.map(({ field }) => field)).toEqual(['content_hash']);
    expect(found.texts?.list).toMatchObject([{ before: 'the left lung', after: 'the right lung' }]);
    expect(asked).toEqual(['export', 'bailey:ch1 staged', 'bailey:ch1 staged']);
  });

  it('is compared with a version by its texts, what is not staged being production’s', async () => {
    const found = await compare({ before: VERSION });
    expect(storeOf(found, 'neo4j').chunks).toMatchObject({ by: 'text', added: 2, changed: 1, removed: 1 });
  });

  it('differs from production in a title alone: the chapter is named', async () => {
    const inside = (sha256: string) => [{ group: insideOf('bailey:ch10'), items: 3, sha256: sha256.repeat(64) }];
    const stores = live();
    const { stagedFingerprint } = stores.graph;
    stores.graph.stagedFingerprint = async () => [...(await stagedFingerprint()), ...inside('a')];
    stores.graph.digestChapters = async () => inside('a');
    expect(storeOf(await compare({}, stores), 'neo4j').note).toBeNull();
    stores.graph.digestChapters = async () => inside('b');
    const only = await compare({ chapter: 'bailey:ch10' }, stores);
    expect(storeOf(only, 'neo4j')).toMatchObject({
      same: false,
      note: expect.stringContaining('bailey:ch10') as string,
    });
    expect(storeOf(await compare({ chapter: 'bailey:ch2' }, stores), 'neo4j').note).toBeNull();
  });

  it('is NOT_STAGING where there is none', async () => {
    metadata.dropStaging();
    expect((await failureOf(compare({}))).code).toBe('NOT_STAGING');
  });
});
