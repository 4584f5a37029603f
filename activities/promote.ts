import { HybridFlowError } from '../domain/errors';
import type { FingerprintComparison } from '../domain/fingerprint';
import type { Manifest } from '../domain/manifest';
import { STAGING_NAMES, STORE_NAMES } from '../domain/names';
import type { Operation, VersionRow } from '../domain/registry';
import type { NewSwitch, SwitchEntry, SwitchState } from '../domain/switch-journal';
import { compareWithExpected } from '../inspection/staging';
import type { ArtifactStore, ExpectedRows, GraphSwitched } from '../stores/ports';
import { callControl, run, writeLease } from './context';
import type { ActivityDeps } from './deps';

export interface VectorsSwitched {
  mode: 'alias' | 'in place';
  upserted: number;
  deleted: number;
}

/** The switch of production to a staged version, store by store, and its journal. */
export function createPromoteActivities(deps: ActivityDeps) {
  const { metadata, vectors, graph } = deps;
  const { journal } = metadata;
  return {
    /** Opens the journal: from here on until it is closed, readers that ask for one version wait. */
    async beginSwitch(entry: Omit<NewSwitch, 'workflowId' | 'runId' | 'previousVersionId'>): Promise<SwitchEntry> {
      const previousVersionId = journal.current()?.versionId ?? null;
      return journal.begin({ ...entry, previousVersionId, ...run() }, writeLease());
    },

    /** Null where this run has not begun to switch anything. */
    async findSwitch(runId: string): Promise<SwitchEntry | null> {
      return journal.find(runId) ?? null;
    },

    /** The first step of an undo: see {@link SwitchJournal.takeBack}. */
    async takeBackSwitch(runId: string): Promise<SwitchState | 'absent'> {
      return journal.takeBack(runId);
    },

    async closeSwitch(runId: string, state: 'done' | 'undone'): Promise<void> {
      journal.close(runId, state);
    },

    async switchGraph(token: string, removed: string[]): Promise<GraphSwitched> {
      return graph.switchStaged({ token, removed }, callControl());
    },

    /**
     * Behind an alias: the alias moves, and what it pointed to is written down first, so that it can be moved back.
     * In place: the points of these chapters become those of staging.
     */
    async switchVectors(runId: string, staged: string, chapters: string[]): Promise<VectorsSwitched> {
      assertSwitching(journal.find(runId));
      // By what was staged, not by how production is read now: staging's own collection must never become production.
      const mode = staged === STAGING_NAMES.collection ? 'in place' : 'alias';
      if (mode === 'in place') return { mode, ...(await vectors.applyDelta(chapters, callControl())) };
      const { collection } = await vectors.readMode();
      if (collection !== staged) journal.amend(runId, { previousCollection: collection, collection: staged });
      await vectors.switchAlias(staged);
      return { mode, upserted: 0, deleted: 0 };
    },

    /**
     * Moves production's alias back where a switch had moved it, and removes what it was moved to. `not moved`: there
     * was a switch to take back, and its alias had not got that far; what was staged for it is removed all the same.
     */
    async switchVectorsBack(runId: string): Promise<'moved back' | 'not moved' | 'not needed'> {
      const { previousCollection: previous, collection: staged } = journal.find(runId)?.details ?? {};
      if (typeof previous !== 'string' || typeof staged !== 'string') return 'not needed';
      const { mode, collection } = await vectors.readMode();
      // Also where readers are back by their first name: a switch that broke in the middle has moved the other one.
      if (mode === 'alias') await vectors.switchAlias(previous);
      // By its alias where that still stands, else by its own name.
      else await vectors.dropStaging();
      await vectors.dropAside(staged);
      return mode === 'alias' && collection !== previous ? 'moved back' : 'not moved';
    },

    /** The commit point: see {@link SwitchJournal.commitPromote}. */
    async commitPromote(
      by: string,
      operation: Operation,
      expected?: ExpectedRows,
    ): Promise<{ row: VersionRow; entry: SwitchEntry }> {
      return journal.commitPromote(run().runId, by, operation, writeLease(), expected);
    },

    /** Removes the collection that the alias pointed to before, once nothing is taken back any more. */
    async retirePrevious(runId: string): Promise<string | null> {
      const previous = journal.find(runId)?.details.previousCollection;
      if (typeof previous !== 'string') return null;
      await vectors.retire(previous);
      return previous;
    },

    /**
     * What was captured after a promote held against what was expected before it.
     *
     * @param unsealed the manifest of what was captured, where it has not been written yet
     */
    async provePromote(versionId: string, unsealed?: Manifest): Promise<FingerprintComparison[]> {
      const captured = { graph, artifacts: unsealed ? asIfSealed(deps.artifacts, unsealed) : deps.artifacts };
      const compared = await Promise.all(
        STORE_NAMES.map((store) => compareWithExpected(captured, versionId, store, callControl())),
      );
      return compared.filter((one): one is FingerprintComparison => one !== null);
    },
  };
}

/** The backups as they will be once this manifest lies there: what is compared before is what is sealed then. */
function asIfSealed(artifacts: ArtifactStore, manifest: Manifest): ArtifactStore {
  const readManifest = async (folder: string) =>
    folder === manifest.versionId ? manifest : artifacts.readManifest(folder);
  return Object.create(artifacts, { readManifest: { value: readManifest } }) as ArtifactStore;
}

/** An attempt that wakes after its run was taken back must not bring the next staging into production. */
function assertSwitching(entry: SwitchEntry | undefined): void {
  if (entry?.state === 'switching' && entry.details.takenBack !== true) return;
  throw new HybridFlowError('FENCED', {
    found: `the switch of this run is ${entry ? entry.state : 'not begun'}`,
    expected: 'a switch that goes on',
    next: 'nothing to do: this attempt came too late, and has changed nothing',
  });
}
