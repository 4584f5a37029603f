import { z } from 'zod';
import type { Manifest } from '../../domain/manifest';
import { isRescueManifest } from '../../domain/rescue';
import type { ProbeCapture, ProbeComparison, ProbeSettings } from '../../domain/probes';
import { REPORT_FILES } from '../../domain/report';
import { BASELINE_LABEL } from '../../domain/version-id';
import type { CallControl, Embedder, Stores } from '../../stores/ports';
import { captureProbes, compareWith, parseCapture } from '../probes';

export interface ProbesAnswered {
  /** False where the version left no record: then the probes only have to answer. */
  recorded: boolean;
  comparisons: ProbeComparison[];
  /** Each with what went wrong. */
  failed: string[];
}

/** They are asked while the stores are read through beside them, which slows them down by as much as this. */
const BESIDE_OTHERS_MS = 25;

export interface ProbeMeans {
  embedder: Embedder;
  settings: ProbeSettings;
  secrets: readonly string[];
  control: CallControl;
}

/**
 * Asks the probes again and holds the answers against those that were recorded with the version, where `folder`, which
 * production was restored from, holds that version: what was saved or copied after others had written to production
 * answers otherwise, and rightly. Writes nothing.
 */
export async function answerProbes(
  stores: Pick<Stores, 'vectors' | 'graph' | 'artifacts'>,
  { versionId, folder }: { versionId: string; folder: string },
  { embedder, settings, secrets, control }: ProbeMeans,
): Promise<ProbesAnswered> {
  const before = (await holds(stores, folder, versionId)) ? await recordedProbes(stores, versionId) : undefined;
  if (!before) {
    const { answers } = await captureProbes(stores, embedder, settings, { secrets, control });
    const failed = answers.flatMap(({ name, error }) => (error === null ? [] : [`${name}: ${error}`]));
    return { recorded: false, comparisons: [], failed };
  }
  const coarse = { ...settings, toleranceMs: Math.max(settings.toleranceMs, BESIDE_OTHERS_MS) };
  const { comparisons } = await compareWith(
    before,
    coarse,
    (asked) => captureProbes(stores, embedder, asked, { vectors: before.vectors, secrets, control }),
    { signal: control.signal },
  );
  const failed = comparisons
    .filter(({ verdict }) => verdict === 'failed')
    .map(({ name, why }) => `${name}: ${why ?? 'no reason given'}`);
  return { recorded: true, comparisons, failed };
}

async function holds({ artifacts }: Pick<Stores, 'artifacts'>, folder: string, versionId: string): Promise<boolean> {
  if (folder === versionId) return true;
  const [copy, version] = await Promise.all([artifacts.readManifest(folder), artifacts.readManifest(versionId)]);
  if (!copy || !version) return copy?.versionId === versionId && !isRescueManifest(copy);
  const contentOf = (manifest: Manifest) =>
    manifest.artifacts
      .map(({ store, fingerprint }) => `${store} ${fingerprint?.sha256}`)
      .sort()
      .join();
  return contentOf(copy) === contentOf(version);
}

const afterSchema = z.object({ captures: z.array(z.looseObject({ takenAt: z.string(), answers: z.unknown() })) });

/**
 * How production answered while it was this version: what was asked after its commit. What was asked before is the
 * answer of the version before it; only a baseline changes nothing, so that its two records are one.
 */
async function recordedProbes(
  { artifacts }: Pick<Stores, 'artifacts'>,
  versionId: string,
): Promise<ProbeCapture | undefined> {
  const recorded = await artifacts.readReport(versionId, REPORT_FILES.probesRecorded);
  const own = recorded === undefined ? undefined : parseCapture(recorded);
  if (own) return own;
  const text = await artifacts.readReport(versionId, REPORT_FILES.probesBefore);
  const before = text === undefined ? undefined : parseCapture(text);
  if (!before || versionId.startsWith(BASELINE_LABEL)) return before;
  const after = await artifacts.readReport(versionId, REPORT_FILES.probesAfter);
  const captured = after === undefined ? undefined : afterSchema.safeParse(parsed(after)).data?.captures[0];
  return captured && parseCapture(JSON.stringify({ ...before, ...captured }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
