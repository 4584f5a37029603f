import type { ActivityDeps } from '../../activities';
import type { Claim } from '../../domain/claim';
import { HybridFlowError } from '../../domain/errors';
import type { TableBefore } from '../../domain/registry';
import { LATEST_COPY } from '../../domain/version-id';
import type {
  ArtifactStore,
  FenceState,
  GraphStore,
  LabelBatch,
  LabelBatchResult,
  MetadataStore,
  VectorStore,
} from '../../stores/ports';
import { FakeRegistry } from './fake-registry';
import { fakeArchive } from './fakes/archive';
import { fakeChunkIds, fakeGraphChecks, fakeMetadataChecks, fakeVectorChecks } from './fakes/checks';
import { fakeGroups, fakeTexts, shareText, type FakeFolder } from './fakes/fingerprints';
import { fakeMetadataRestore, FakeWriteFence } from './fakes/metadata';
import { fakeGraphPlan, fakeMark, fakeVectorTextbooks } from './fakes/plan';
import { FAKE_PROBES, FakeEmbedder, fakeGraphSearch, fakeVectorSearch } from './fakes/probes';
import { fakeReports } from './fakes/reports';
import { fakeCopies, fakeDigest, fakeGraphRestore, fakeVectorRestore } from './fakes/restore';
import { emptyJournal, noGraphStaging, noMetadataStaging, noPins, noVectorStaging } from './fakes/staging';

const CAPTURED = {
  serverVersion: 'fake',
  capturedFrom: '2026-01-01T00:00:00.000Z',
  capturedTo: '2026-01-01T00:00:01.000Z',
};
const RETENTION = { keep: 5, emergencyKeep: 3, archiveDays: 90, graceMinutes: 60 };
const SHA = 'a'.repeat(64);

/**
 * The three stores and the backups folder in memory, for unit tests of workflows only: just enough behaviour
 * for a run to be judged by what it leaves behind.
 */
export class FakeWorld {
  readonly registry = new FakeRegistry();
  readonly writeFence = new FakeWriteFence(() => this.tables === 'ours');
  readonly chunks: string[];
  labelled = new Set<string>();
  labelledTwice = 0;
  snapshots: string[] = [];
  /** Collections beside production. */
  readonly asides = new Set<string>();
  fence: FenceState | undefined;
  tables: 'absent' | 'ours' = 'absent';
  folders = new Map<string, FakeFolder>();
  asideLatestCopy: string | undefined;
  claim: Claim | undefined;
  /** `version/file` to text. */
  readonly reports = new Map<string, string>();
  openRuns = new Set<string>();
  points: number;
  freeBytes = 1e12;
  onBatch: (batch: number) => void | Promise<void> = () => undefined;
  batches = 0;
  onIsOpen: () => void = () => undefined;
  /** Calls that wait for the lock of the fence. */
  waiting = 0;
  #lock: Promise<unknown> = Promise.resolve();
  #snapshotCount = 0;

  constructor(paragraphs = 25) {
    this.chunks = fakeChunkIds(paragraphs);
    this.points = paragraphs;
    this.registry.tablesExist = () => this.tables === 'ours';
  }

  /** The batch of this number waits until it is let go. */
  holdBatch(nth: number): { reached: Promise<void>; letGo: () => void } {
    let letGo: () => void = () => undefined;
    let arrived: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const reached = new Promise<void>((resolve) => (arrived = resolve));
    this.onBatch = async (batch) => {
      if (batch !== nth) return;
      arrived();
      await gate;
    };
    return { reached, letGo: () => letGo() };
  }

  /** Everything that a rollback must leave as it was; the registry's verdict is looked at apart. */
  get traces(): unknown {
    return {
      labelled: this.labelled.size,
      snapshots: this.snapshots,
      fence: this.fence ?? null,
      folders: [...this.folders.keys()],
      claim: this.claim ?? null,
    };
  }

  deps(overrides: Partial<ActivityDeps['settings']> = {}): ActivityDeps {
    return {
      metadata: this.metadataStore(),
      artifacts: this.artifactStore(),
      vectors: this.vectorStore(),
      graph: this.graphStore(),
      embedder: new FakeEmbedder(),
      probes: FAKE_PROBES,
      runs: {
        isOpen: async (_, runId) => {
          this.onIsOpen();
          return this.openRuns.has(runId);
        },
      },
      settings: {
        base: 'test',
        batchSize: 10,
        batchesPerSpan: 2,
        minimumFreeBytes: 1,
        expectedChapters: null,
        expectedParagraphs: null,
        confirm: 'restore',
        fenceMinutes: 60,
        healthDelaySeconds: 300,
        staging: { warnAfterMinutes: 60, cancelAfterMinutes: 120, minimumOverlap: 0, requireApproval: false },
        retention: RETENTION,
        ...overrides,
      },
      retention: RETENTION,
      health: { delaySeconds: 0, logs: [] },
      git: { tag: 'v1.0.0-baseline' },
      secrets: ['s3cret'],
    };
  }

  private metadataStore(): MetadataStore {
    const table = (name: string, rows: number): TableBefore => ({
      name,
      state: this.tables === 'ours' ? 'fits' : 'absent',
      rows,
      columns: [],
      differences: [],
      ddl: [],
    });
    return {
      ...fakeMetadataChecks(),
      ...fakeMark(() => 'metadata.db'),
      ...fakeMetadataRestore(),
      ...noMetadataStaging(),
      journal: emptyJournal(() => this.registry.committedBaseline()?.versionId),
      pins: noPins(),
      fence: this.writeFence,
      registry: this.registry,
      inventory: () => ({
        path: 'metadata.db',
        bytes: 1,
        sqliteVersion: 'fake',
        chapters: 3,
        perTextbook: { bailey: 3 },
      }),
      inspectTables: () => [
        table('version_registry', this.registry.rows.length),
        table('operation_log', this.registry.log.length),
      ],
      createTables: () => {
        this.tables = 'ours';
        return {
          created: ['version_registry', 'operation_log', 'write_fence', 'switch_journal', 'version_pins'],
          replaced: [],
          operationLogRows: this.registry.log.length,
        };
      },
      undoTables: (before) => {
        if (this.registry.rows.length > 0) return 'kept';
        if (before.every(({ state }) => state === 'absent')) this.tables = 'absent';
        return 'undone';
      },
      snapshotTo: () => ({ ...CAPTURED, counts: { chapters: 3 } }),
      fingerprint: () => fakeGroups('(table chapter_metadata)', 3, 'chapters'),
      close: () => undefined,
    };
  }

  private vectorStore(): VectorStore {
    return {
      ...fakeVectorSearch(() => this.chunks),
      ...fakeVectorRestore(this.asides),
      ...noVectorStaging(),
      ...fakeVectorTextbooks(() => this.points),
      ...fakeMark(() => this.points),
      ...fakeVectorChecks(
        () => this.points,
        () => this.chunks,
      ),
      inventory: async () => ({
        name: 'textbook_chunks',
        collection: 'textbook_chunks',
        aliases: [],
        status: 'green',
        points: this.points,
        dimension: 8,
        serverVersion: 'fake',
      }),
      status: async () => ({ points: this.points, status: 'green' }),
      describe: async () => ({ config: {}, payloadSchema: {} }),
      fingerprint: async () => fakeGroups('bailey:ch1', this.points, this.points),
      listSnapshots: async () => this.snapshots.map((name) => ({ name, checksum: SHA, bytes: 1 })),
      createSnapshot: async (before, { retry }) => {
        const adopted = retry ? this.snapshots.find((name) => !before.includes(name)) : undefined;
        const name = adopted ?? `s${++this.#snapshotCount}`;
        if (!adopted) this.snapshots.push(name);
        return { name, checksum: SHA, bytes: 1 };
      },
      downloadSnapshot: async () => ({ bytes: 1, sha256: SHA }),
      deleteSnapshot: async (name) => {
        this.snapshots = this.snapshots.filter((other) => other !== name);
      },
    };
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    this.waiting += 1;
    const result = this.#lock.then(() => {
      this.waiting -= 1;
      return work();
    });
    this.#lock = result.catch(() => undefined);
    return result;
  }

  private graphStore(): GraphStore {
    const held = (token: string) => {
      if (this.fence?.token !== token) throw new HybridFlowError('FENCED', { found: 'the fence is gone' });
      return this.fence;
    };
    const label = async ({ token, after, batchSize }: LabelBatch): Promise<LabelBatchResult> => {
      if (held(token).paused) return { state: 'paused' };
      await this.onBatch(this.batches + 1);
      const fence = held(token);
      this.batches += 1;
      const page = this.chunks.filter((id) => id > after).slice(0, batchSize);
      for (const id of page) {
        if (this.labelled.has(id)) this.labelledTwice += 1;
        this.labelled.add(id);
      }
      const cursor = page.at(-1) ?? after;
      fence.cursor = cursor;
      return { state: 'done', labelled: page.length, cursor, milliseconds: 1 };
    };
    return {
      ...fakeGraphSearch(() => this.chunks),
      ...fakeGraphRestore(),
      markerLabels: async () => [],
      ...noGraphStaging(),
      ...fakeGraphPlan(
        () => this.chunks.length,
        () => [],
      ),
      ...fakeMark(() => [this.chunks.length, this.labelled.size, this.fence]),
      schemaHealth: async () => ({ constraints: 3, indexes: 5, notOnline: [] }),
      ...fakeGraphChecks(() => this.chunks),
      inventory: async () => ({
        edition: 'fake',
        serverVersion: 'fake',
        nodes: this.chunks.length,
        relationships: 0,
        paragraphs: this.chunks.length,
        alreadyLabelled: this.labelled.size,
        withoutChunkId: 0,
      }),
      counts: async () => {
        const paragraphs = this.chunks.length;
        const labelled = this.labelled.size;
        return {
          nodes: paragraphs,
          relationships: 0,
          labels: { paragraphs, labelled, unlabelled: paragraphs - labelled },
        };
      },
      exportTo: async () => ({
        ...CAPTURED,
        counts: { nodes: this.chunks.length },
        fingerprint: fakeGroups('bailey:ch1', this.chunks.length, this.chunks),
      }),
      fingerprint: async () => fakeGroups('bailey:ch1', this.chunks.length, this.chunks),
      fingerprintExport: async () => fakeGroups('bailey:ch1', this.chunks.length, this.chunks),
      countExport: async () => ({ nodes: this.chunks.length }),
      digestChapters: async () => [],
      acquireFence: async (token) => {
        if (this.fence?.token !== token) this.fence = { token, cursor: '', batches: 0, labelled: 0, paused: false };
        return { ...this.fence };
      },
      readFence: async () => this.fence && { ...this.fence },
      // As the write lock on the fence node: whoever comes later waits for the batch in flight.
      setGate: (token, paused) =>
        this.#locked(async () => {
          held(token).paused = paused;
          return { ...held(token) };
        }),
      rehearseLabels: async () => undefined,
      labelBatch: (batch) => this.#locked(() => label(batch)),
      revokeFence: async (token) => {
        if (this.fence?.token === token) this.fence = undefined;
      },
      removeLabel: async () => {
        const removed = this.labelled.size;
        this.labelled.clear();
        return removed;
      },
      close: async () => undefined,
    };
  }

  private artifactStore(): ArtifactStore {
    const open = (folder: string) => {
      const found = this.folders.get(folder);
      if (!found) throw new HybridFlowError('ARTIFACT_WRITE_FAILED', { found: `no folder ${folder}` });
      return found;
    };
    const ref = (folder: string, file: string) => ({ path: `/backups/${folder}/${file}`, bytes: 1, sha256: SHA });
    return {
      assertWritable: async () => undefined,
      freeBytes: async () => this.freeBytes,
      pathOf: (folder, file) => `/backups/${folder}${file ? `/${file}` : ''}`,
      exists: async (folder) => this.folders.has(folder),
      openFolder: async (folder, runId) => {
        if (!this.folders.has(folder)) this.folders.set(folder, { runId, files: new Set() });
      },
      write: async (folder, file, writer) => {
        await writer(`/backups/${folder}/.${file}.tmp`);
        open(folder).files.add(file);
        return ref(folder, file);
      },
      link: async (from, to) => {
        if (!open(from.folder).files.has(from.file)) {
          throw new HybridFlowError('ARTIFACT_DAMAGED', { found: `nothing to link: ${from.file}` });
        }
        open(to.folder).files.add(to.file);
        shareText(open(from.folder), open(to.folder), to.file);
        return ref(to.folder, to.file);
      },
      digest: fakeDigest((folder) => this.folders.get(folder)),
      ...fakeTexts(open, (folder) => this.folders.get(folder)),
      publishLatestCopy: async (folder) => {
        const built = this.folders.get(folder);
        if (!built) return;
        this.folders.delete(folder);
        this.folders.set(LATEST_COPY, built);
      },
      settleLatestCopy: async (runId, keep) => {
        if (keep === 'old' && this.folders.get(LATEST_COPY)?.runId === runId) this.folders.delete(LATEST_COPY);
      },
      removeFolder: async (folder, runId) => {
        if (this.folders.get(folder)?.runId === runId) this.folders.delete(folder);
      },
      claim: async (claim) => {
        if (this.claim && this.claim.runId !== claim.runId) return { state: 'held', holder: this.claim };
        this.claim = claim;
        return { state: 'claimed' };
      },
      amendClaim: async (claim) => {
        if (this.claim?.runId === claim.runId) this.claim = claim;
      },
      readClaim: async () => this.claim,
      releaseClaim: async (runId) => {
        if (this.claim?.runId === runId) this.claim = undefined;
      },
      ...fakeReports(this.reports),
      ...fakeCopies(),
      ...fakeArchive(this.folders),
    };
  }
}
