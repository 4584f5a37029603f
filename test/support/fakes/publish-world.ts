import type { ActivityDeps } from '../../../activities';
import type { ChapterDelta } from '../../../domain/chapter-delta';
import type { StoreMark } from '../../../domain/consistency';
import { HybridFlowError } from '../../../domain/errors';
import type { GroupFingerprint } from '../../../domain/fingerprint';
import type { StoreName } from '../../../domain/names';
import type { SwitchJournal } from '../../../stores/ports';
import { fakeGraphChecks, fakeVectorChecks } from './checks';
import { fakeGroups } from './fingerprints';
import { fakeMark } from './plan';
import { assertHeld, RestoreWorld } from './restore-world';

const DELTA: ChapterDelta = { added: [], changed: ['bailey:ch1'], removed: [] };

/** What a test may do to a staging, and to the switch. */
export class PublishWorld extends RestoreWorld {
  /** Null while nothing is staged. */
  staged: Record<StoreName, string> | null = null;
  /** Critical trouble that staging's shape has, until it is mended. */
  unfit: string | null = null;
  /** Called before a store is switched. */
  beforeSwitch: (store: StoreName) => void | Promise<void> = () => undefined;
  switched: StoreName[] = [];
  /** False: Qdrant and Neo4j cannot say whether they were written to. */
  marked = true;

  /** An ingestion writes to all three places. */
  ingest(content: string): void {
    this.staged = { sqlite: content, qdrant: content, neo4j: content };
  }

  override deps(overrides: Partial<ActivityDeps['settings']> = {}): ActivityDeps {
    const base = super.deps(overrides);
    const prepare = (store: StoreName) => {
      this.staged = { ...(this.staged ?? { sqlite: '', qdrant: '', neo4j: '' }), [store]: this.content };
    };
    return {
      ...base,
      metadata: {
        ...base.metadata,
        journal: this.#journal(base.metadata.journal),
        prepareStaging: () => (prepare('sqlite'), { chapters: 3 }),
        assertStagingFits: () => this.#assertFits(),
        stagedChapters: () => base.metadata.chapters(),
        stagedFingerprint: () => this.#lists('sqlite'),
        stagedDelta: () => DELTA,
        dropStaging: () => this.#drop(),
        fingerprint: (file) =>
          file === undefined || this.#isFresh(file) ? this.holds.sqlite : base.metadata.fingerprint(file),
      },
      vectors: {
        ...base.vectors,
        prepareStaging: async () => (prepare('qdrant'), { collection: 'textbook_chunks_staging', points: this.points }),
        assertStagingFits: async () => this.#assertFits(),
        stagedDelta: async () => DELTA,
        nearestIn: async (_, vector, limit) => base.vectors.nearest(vector, limit),
        fingerprint: async (options, control) =>
          options?.collection === 'textbook_chunks_staging'
            ? this.#lists('qdrant')
            : base.vectors.fingerprint(options, control),
        applyDelta: async () => (await this.#switch('qdrant'), { upserted: 1, deleted: 1 }),
        dropStaging: async () => this.#drop(),
        checksOf: () => ({
          ...fakeVectorChecks(
            () => this.points,
            () => this.chunks,
          ),
          status: async () => ({ points: this.points, status: 'green' }),
        }),
        retire: async () => ({ aliased: false }),
        mark: async (name) => this.#mark(name === undefined ? this.holds.qdrant : this.staged?.qdrant),
      },
      graph: {
        ...base.graph,
        mark: async () => this.#mark([this.holds.neo4j, this.staged?.neo4j]),
        stagedChapters: async () => DELTA.changed,
        assertStagingFits: async () => this.#assertFits(),
        stagedChecks: () => fakeGraphChecks(() => this.chunks),
        stagedFingerprint: async () => this.#lists('neo4j'),
        switchStaged: async () => {
          await this.#switch('neo4j');
          return {
            ...{ nodesCreated: 1, nodesUpdated: 1, nodesDeleted: 1, relationshipsCreated: 1 },
            ...{ relationshipsDeleted: 1, transactions: 1 },
          };
        },
        removeStaging: async () => (this.#drop() ? 1 : 0),
        exportTo: async (file, control) => ({
          ...(await base.graph.exportTo(file, control)),
          fingerprint: this.holds.neo4j,
        }),
      },
    };
  }

  #journal(journal: SwitchJournal): SwitchJournal {
    return {
      ...journal,
      commitPromote: (runId, _by, _operation, _lease, expected = {}) => {
        const open = journal.find(runId);
        if (open?.state !== 'committed') {
          if (open?.state !== 'switching') throw new HybridFlowError('STATUS_MOVE_REFUSED', { found: 'not switching' });
          if (open.details.takenBack) throw new HybridFlowError('STATUS_MOVE_REFUSED', { found: 'being taken back' });
          assertHeld('production', this.holds.sqlite, expected.production);
          assertHeld('staging', this.#lists('sqlite'), expected.staging);
          this.holds.sqlite = this.#lists('sqlite');
          this.registry.move(open.versionId, 'committed', null);
        }
        const entry = journal.commitRestore(runId, null, { notAfter: Infinity });
        const row = this.registry.find(entry.versionId);
        if (!row) throw new Error(`no row ${entry.versionId}`);
        return { row, entry };
      },
    };
  }

  #mark(state: unknown): Promise<StoreMark> {
    return this.marked ? fakeMark(() => state).mark() : Promise.resolve({ at: new Date().toISOString(), value: null });
  }

  async #switch(store: StoreName): Promise<void> {
    await this.beforeSwitch(store);
    this.switched.push(store);
    this.holds[store] = this.#lists(store);
  }

  #lists(store: StoreName): GroupFingerprint[] {
    if (!this.staged) throw new HybridFlowError('NOT_STAGING', { found: 'nothing is staged' });
    return fakeGroups('bailey:ch1', store === 'sqlite' ? 1 : 25, `${store} ${this.staged[store]}`);
  }

  /** A copy that was just taken has no list beside it yet. */
  #isFresh(file: string): boolean {
    return this.folders.get(file.split('/').at(-2) ?? '')?.manifest === undefined;
  }

  #assertFits(): void {
    if (this.unfit !== null) throw new HybridFlowError('STAGING_UNFIT', { found: this.unfit });
  }

  #drop(): boolean {
    const was = this.staged !== null;
    this.staged = null;
    return was;
  }
}
