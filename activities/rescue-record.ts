import { Context } from '@temporalio/activity';
import { countPerTextbook } from '../domain/chunk-id';
import { HybridFlowError } from '../domain/errors';
import type { GroupFingerprint } from '../domain/fingerprint';
import { redact } from '../domain/masking';
import { FINGERPRINT_FILES, REHEARSAL_PREFIX, type StoreName } from '../domain/names';
import { rescueRecordFile, type RescueRecord } from '../domain/rescue';
import { listText, summaryOf } from '../stores/fingerprint-text';
import type { ArtifactRef, CapturedFile } from '../stores/ports';
import { removeRehearsals } from '../inspection/rehearsal';
import { callControl, isRetry, run } from './context';
import type { ActivityDeps } from './deps';

export type SavedAs = Partial<Omit<CapturedFile, 'bytes' | 'sha256'>>;

export interface Saving {
  store: StoreName;
  folder: string;
  file: string;
  ref: ArtifactRef;
  /** As its own attempt captured it; of a file that an earlier attempt left, nothing is known but what it holds. */
  captured?: SavedAs;
  /** Production's fingerprint right before it was saved. */
  before?: string;
}

type Told = Pick<RescueRecord, 'chaptersPerTextbook' | 'qdrant'> & {
  groups: readonly GroupFingerprint[];
  counts: Record<string, number>;
};

/**
 * Writes beside what was saved what it holds, so that it can be given back: the list of its fingerprints, then the
 * record, last. What it holds is read from what was saved, not from production, which may have changed since.
 */
export async function recordSaved(deps: ActivityDeps, saving: Saving): Promise<void> {
  const { artifacts, metadata, settings } = deps;
  const { store, folder, file, ref, captured = {} } = saving;
  const name = rescueRecordFile(store);
  // What an attempt before this one stood up to look into.
  if (store === 'qdrant' && isRetry()) await removeRehearsals(deps, sidesOf(run().runId));
  if ((await artifacts.readText(folder, name)) !== undefined) return;
  const { groups, counts, ...rest } = await TELL[store](deps, saving);
  const list = FINGERPRINT_FILES[store];
  await artifacts.writeText(folder, list, listText(groups));
  const { sha256, items, groups: count } = summaryOf(groups);
  const savedAt = new Date().toISOString();
  const { capturedFrom = savedAt, capturedTo = savedAt, serverVersion = 'unknown' } = captured;
  const { workflowId, runId } = run();
  const record: RescueRecord = {
    ...{ format: 'hybridflow-rescue/1', base: settings.base, savedAt, workflowId, runId },
    versionId: metadata.journal.current()?.versionId ?? null,
    artifact: {
      ...{ store, file, bytes: ref.bytes, sha256: ref.sha256, capturedFrom, capturedTo, serverVersion },
      counts,
      fingerprint: { file: list, sha256, items, groups: count },
    },
    ...rest,
  };
  await artifacts.writeText(folder, name, `${JSON.stringify(record, null, 2)}\n`);
}

const RECORD_ATTEMPTS = 4;

/** As {@link recordSaved}, for an undo, which must not hang on it: what was saved without a record is opened by hand. */
export async function tryToRecord(deps: ActivityDeps, saving: Saving): Promise<void> {
  const { cancellationSignal, info, log } = Context.current();
  try {
    await recordSaved(deps, saving);
  } catch (error) {
    const mayPass = !(error instanceof HybridFlowError) || error.retryable;
    if (cancellationSignal.aborted || (mayPass && info.attempt < RECORD_ATTEMPTS)) throw error;
    const reason = redact(error instanceof Error ? error.message : String(error), deps.secrets);
    log.warn(`saved without a record of what it holds: ${reason}`, { folder: saving.folder, store: saving.store });
  }
}

const TELL: Record<StoreName, (deps: ActivityDeps, saving: Saving) => Promise<Told>> = {
  async sqlite({ metadata }, { ref: { path } }) {
    const chapters = metadata.chapters(path);
    const chaptersPerTextbook = countPerTextbook(chapters.map(({ textbookId }) => textbookId));
    return { groups: metadata.fingerprint(path), counts: { chapters: chapters.length }, chaptersPerTextbook };
  },

  async qdrant(deps, saving) {
    const { vectors } = deps;
    const groups = await groupsOfSnapshot(deps, saving);
    const { name, collection, aliases } = await vectors.inventory();
    const points = groups.reduce((sum, { items }) => sum + items, 0);
    return { groups, counts: { points }, qdrant: { name, collection, aliases, ...(await vectors.describe()) } };
  },

  async neo4j({ graph }, { ref: { path }, captured }) {
    const counts = captured?.counts ?? (await graph.countExport(path, callControl()));
    return { groups: await graph.fingerprintExport(path, callControl()), counts };
  },
};

/**
 * A snapshot can be looked into by a server only. Where the collection has the same fingerprint after it was taken as
 * before, that is the snapshot's too; where somebody wrote meanwhile, it is stood up beside production and read.
 */
async function groupsOfSnapshot({ vectors }: ActivityDeps, saving: Saving): Promise<readonly GroupFingerprint[]> {
  const { before, captured, ref } = saving;
  if (before !== undefined && captured) {
    const live = await vectors.fingerprint({}, callControl());
    if (summaryOf(live).sha256 === before) return live;
  }
  const collection = `${sidesOf(run().runId)}${Context.current().info.attempt}`;
  try {
    const points = (await vectors.inventory()).points === 0 ? 0 : undefined;
    await vectors.restoreAside(ref.path, collection, { ...callControl(), points });
    return await vectors.fingerprint({ collection }, callControl());
  } finally {
    await vectors.dropAside(collection);
  }
}

function sidesOf(runId: string): string {
  return `${REHEARSAL_PREFIX}${runId}_saved_`;
}
