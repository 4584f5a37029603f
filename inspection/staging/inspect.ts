import type { CheckResult } from '../../domain/checks';
import { judgeOverlap } from '../../domain/overlap';
import type { ProbeSettings } from '../../domain/probes';
import type { StagingVerdict } from '../../domain/staging';
import { STAGING_NAMES } from '../../domain/names';
import { summaryOf } from '../../stores/fingerprint-text';
import type { CallControl, Embedder, Stores } from '../../stores/ports';
import { runChecks } from '../checks';
import { measureOverlap } from '../overlap';
import { takeCensus } from './census';
import { checkDrift } from './drift';
import { expectedFingerprints, graphDelta, keepExpected } from './expected';
import { stagedView } from './view';
import { takeStagedMarks } from './written';

export interface StagingAsked {
  versionId: string;
  /** Share of the nearest neighbours that staging and production must have in common. */
  minimumOverlap: number;
}

/**
 * Validates staging: its shape in each store, production unchanged beneath it, the orphan census, the seven checks over
 * the stores as they will be, and the probes' nearest neighbours against production's. Keeps the fingerprints that production will have.
 *
 * @throws HybridFlowError STAGING_UNFIT where what was staged could not be promoted at all
 */
export async function inspectStaging(
  stores: Stores,
  { embedder, probes }: { embedder: Embedder; probes: ProbeSettings },
  { versionId, minimumOverlap }: StagingAsked,
  control: CallControl,
): Promise<StagingVerdict> {
  const { metadata, vectors, graph } = stores;
  metadata.assertStagingFits();
  const marks = await takeStagedMarks(stores);
  const sqlite = metadata.stagedDelta();
  await Promise.all([vectors.assertStagingFits(control), graph.assertStagingFits(sqlite.removed)]);
  const view = stagedView(stores, sqlite.removed);
  const census = await takeCensus(view, control);
  const { chapters, measured, points, paragraphs } = census;
  const [seven, drift, qdrant, neo4j, lists] = await Promise.all([
    runChecks(view, { expected: measured }, control),
    checkDrift(stores, control),
    vectors.stagedDelta(control),
    graphDelta(stores, sqlite.removed),
    expectedFingerprints(stores, sqlite.removed, control),
  ]);
  const { queries, limit } = probes;
  const overlaps = await measureOverlap(
    stores,
    embedder,
    { queries, limit, collection: STAGING_NAMES.collection },
    control,
  );
  const checks: CheckResult[] = [drift, census.check, ...seven, judgeOverlap(overlaps, minimumOverlap)];
  return {
    checks,
    marks,
    production: summaryOf(metadata.fingerprint()).sha256,
    delta: { sqlite, qdrant, neo4j },
    counts: { chapters, points, paragraphs },
    expected: await keepExpected(stores, versionId, lists),
  };
}
