import type { ActivityDeps } from '../../../activities';
import { HybridFlowError } from '../../../domain/errors';
import type { GroupFingerprint } from '../../../domain/fingerprint';
import type { Manifest } from '../../../domain/manifest';
import { ARTIFACT_FILES, FINGERPRINT_FILES, STORE_NAMES, type StoreName } from '../../../domain/names';
import type { NewSwitch, SwitchEntry } from '../../../domain/switch-journal';
import { LATEST_COPY } from '../../../domain/version-id';
import { listText, parseList, rootFingerprint, summaryOf } from '../../../stores/fingerprint-text';
import type { ExpectedRows, SwitchJournal } from '../../../stores/ports';
import { FakeWorld } from '../fake-world';
import { fakeVectorChecks, fakeGraphChecks } from './checks';
import { fakeGroups } from './fingerprints';

const FILES: Record<StoreName, string> = {
  sqlite: ARTIFACT_FILES.metadata,
  qdrant: ARTIFACT_FILES.qdrant,
  neo4j: ARTIFACT_FILES.neo4j,
};
const AT = '2026-01-01T00:00:00.000Z';
export const BASELINE = 'v1_baseline_20260101_000000';

/**
 * A fake world whose three stores hold something that can be restored: lists of fingerprints. A folder of the backups
 * holds what its own lists say.
 */
export class RestoreWorld extends FakeWorld {
  readonly journal = new FakeJournal(() => this.registry.committedBaseline()?.versionId);
  readonly holds: Record<StoreName, GroupFingerprint[]>;
  /** Somebody else's hand, once: called after a store was restored. */
  afterRestore: (store: StoreName) => void = () => undefined;
  restored: StoreName[] = [];
  readonly #asides = new Map<string, GroupFingerprint[]>();

  constructor(readonly content = 'as it was') {
    super(25);
    this.holds = contentOf(content);
    this.tables = 'ours';
    this.register(BASELINE);
    this.seal(BASELINE, content);
    this.seal(LATEST_COPY, content, { versionId: BASELINE });
  }

  /** Somebody writes into the stores past every version. */
  contaminate(...stores: StoreName[]): void {
    for (const store of stores) this.holds[store] = contentOf('contaminated')[store];
  }

  register(versionId: string, status: 'committed' | 'staging' | 'archived' = 'committed', workflowId = 'w'): void {
    const ids = { versionId, workflowId, runId: `run of ${versionId}` };
    const row = this.registry.registerBaseline({ ...ids, chapterCount: 3, paragraphCount: 25 });
    row.status = status;
  }

  seal(folder: string, content: string, { versionId = folder, base = 'test' } = {}): void {
    const lists = contentOf(content);
    const artifacts = STORE_NAMES.map((store) => {
      const { sha256, items, groups } = summaryOf(lists[store]);
      return {
        ...{ store, file: FILES[store], bytes: 1, sha256: 'a'.repeat(64), capturedFrom: AT, capturedTo: AT },
        ...{
          counts: {},
          serverVersion: 'fake',
          fingerprint: { file: FINGERPRINT_FILES[store], sha256, items, groups },
        },
      };
    });
    const manifest: Manifest = {
      ...{ format: 'hybridflow-version/1', versionId, base, createdAt: AT, workflowId: 'w', runId: `run of ${folder}` },
      counts: {
        chapters: 3,
        chaptersPerTextbook: { bailey: 3 },
        points: 25,
        paragraphs: 25,
        nodes: 25,
        relationships: 0,
      },
      qdrant: { name: 'textbook_chunks', collection: 'textbook_chunks', aliases: [], config: {}, payloadSchema: {} },
      artifacts,
      fingerprint: rootFingerprint(artifacts),
    };
    const texts = new Map<string, string>(
      STORE_NAMES.map((store) => [FINGERPRINT_FILES[store], listText(lists[store])]),
    );
    const lines = artifacts.flatMap(({ file, sha256, fingerprint }) => [
      `${sha256}  ${file}\n`,
      `${fingerprint.sha256}  ${fingerprint.file}\n`,
    ]);
    texts.set('checksums.txt', lines.join(''));
    const files = new Set([...Object.values(FILES), ...texts.keys(), 'manifest.json']);
    this.folders.set(folder, { runId: manifest.runId, files, texts, manifest });
  }

  /** A copy that has lost a file. */
  damage(folder: string, store: StoreName = 'neo4j'): void {
    this.folders.get(folder)?.files.delete(FILES[store]);
  }

  override deps(overrides: Partial<ActivityDeps['settings']> = {}): ActivityDeps {
    const base = super.deps(overrides);
    const restore = (store: StoreName, path: string) => {
      this.holds[store] = this.#listAt(store, path);
      this.restored.push(store);
      this.afterRestore(store);
    };
    const commit = (file: string | null, expected: ExpectedRows) => {
      assertHeld('production', this.holds.sqlite, expected.production);
      if (file !== null) restore('sqlite', file);
    };
    return {
      ...base,
      metadata: {
        ...base.metadata,
        journal: this.journal.withCommit(commit),
        fingerprint: (file) => (file === undefined ? this.holds.sqlite : this.#listAt('sqlite', file)),
        restoreFrom: (file) => {
          restore('sqlite', file);
          return { tables: ['chapter_metadata'], rows: 3 };
        },
      },
      artifacts: {
        ...base.artifacts,
        write: async (folder, file, writer) => {
          const ref = await base.artifacts.write(folder, file, writer);
          const store = STORE_NAMES.find((one) => FILES[one] === file);
          const into = this.folders.get(folder);
          if (store && into)
            into.texts = new Map(into.texts).set(FINGERPRINT_FILES[store], listText(this.holds[store]));
          return ref;
        },
      },
      vectors: {
        ...base.vectors,
        describe: async () => ({ config: {}, payloadSchema: {} }),
        fingerprint: async (options) => (options?.collection ? this.#aside(options.collection) : this.holds.qdrant),
        restoreAside: async (path, collection) => {
          this.asides.add(collection);
          this.#asides.set(collection, this.#listAt('qdrant', path));
        },
        restoreFrom: async (path, control) => {
          await control?.lastLook?.({ atOnce: true });
          restore('qdrant', path);
        },
        checksOf: () => ({
          ...fakeVectorChecks(
            () => this.points,
            () => this.chunks,
          ),
          status: async () => ({ points: this.points, status: 'green' }),
        }),
      },
      graph: {
        ...base.graph,
        fingerprint: async () => this.holds.neo4j,
        fingerprintExport: async (path) => this.#listAt('neo4j', path),
        exportChecks: () => fakeGraphChecks(() => this.chunks),
        restoreFrom: async (path, control) => {
          await control?.lastLook?.({ atOnce: true });
          restore('neo4j', path);
          return {
            ...{ nodesCreated: 0, nodesDeleted: 0, nodesUpdated: 0, relationshipsCreated: 0, relationshipsDeleted: 0 },
            ...{ schemaCreated: [], schemaDropped: [] },
          };
        },
      },
    };
  }

  #aside(collection: string): GroupFingerprint[] {
    return this.#asides.get(collection) ?? [];
  }

  /** What the artifact of that path holds: the list of its folder. */
  #listAt(store: StoreName, path: string): GroupFingerprint[] {
    const folder = path.split('/').at(-2) ?? '';
    const text = this.folders.get(folder)?.texts?.get(FINGERPRINT_FILES[store]);
    if (text === undefined) throw new HybridFlowError('ARTIFACT_DAMAGED', { found: `${path} holds nothing` });
    return parseList(text, path);
  }
}

export function contentOf(content: string): Record<StoreName, GroupFingerprint[]> {
  return {
    sqlite: fakeGroups('bailey:ch1', 1, `sqlite ${content}`),
    qdrant: fakeGroups('bailey:ch1', 25, `qdrant ${content}`),
    neo4j: fakeGroups('bailey:ch1', 25, `neo4j ${content}`),
  };
}

/** What a commit is decided upon, as the journal in metadata.db holds it against what is there. */
export function assertHeld(what: string, held: readonly GroupFingerprint[], expected: string | undefined): void {
  if (expected === undefined || summaryOf(held).sha256 === expected) return;
  throw new HybridFlowError('CHECK_FAILED', { found: `somebody has written to ${what} meanwhile` });
}

/** The journal in memory, with its moves. */
class FakeJournal {
  readonly entries: SwitchEntry[] = [];

  constructor(private readonly baseline: () => string | undefined) {}

  withCommit(restoreSqlite: (file: string | null, expected: ExpectedRows) => void): SwitchJournal {
    const find = (runId: string) => this.entries.find((entry) => entry.runId === runId);
    const need = (runId: string) => {
      const entry = find(runId);
      if (!entry) throw new HybridFlowError('STATUS_MOVE_REFUSED', { found: `no switch of ${runId}` });
      return entry;
    };
    return {
      begin: (entry: NewSwitch) => find(entry.runId) ?? this.#open(entry),
      amend: (runId, details) => void Object.assign(need(runId).details, details),
      commitPromote: () => {
        throw new Error('nothing is promoted here');
      },
      commitRestore: (runId, file, _lease, expected = {}) => {
        const entry = need(runId);
        if (entry.state === 'undone') throw new HybridFlowError('STATUS_MOVE_REFUSED', { found: 'it was taken back' });
        if (entry.state === 'switching') {
          if (entry.details.takenBack) throw new HybridFlowError('STATUS_MOVE_REFUSED', { found: 'being taken back' });
          restoreSqlite(file, expected);
          Object.assign(entry, { state: 'committed', committedAt: AT });
        }
        return { ...entry };
      },
      takeBack: (runId) => {
        const entry = find(runId);
        if (entry?.state === 'switching') entry.details.takenBack = true;
        return entry?.state ?? 'absent';
      },
      close: (runId, state) => void (find(runId) && Object.assign(need(runId), { state, endedAt: AT })),
      find: (runId) => find(runId) && { ...need(runId) },
      list: () => [...this.entries].reverse(),
      current: () => {
        const newest = this.entries.findLast(({ state }) => state === 'committed' || state === 'done');
        const versionId = newest?.versionId ?? this.baseline();
        return versionId === undefined ? undefined : { versionId, since: AT };
      },
    };
  }

  #open(entry: NewSwitch): SwitchEntry {
    const made: SwitchEntry = {
      ...{ ...entry, id: this.entries.length + 1, state: 'switching' },
      ...{ startedAt: AT, committedAt: null, endedAt: null },
    };
    this.entries.push(made);
    return made;
  }
}
