import { workflowInfo } from '@temporalio/workflow';
import type { PublishTerms, TakenArtifact } from '../../activities';
import type { Claim } from '../../domain/claim';
import type { ConsistencyStatement } from '../../domain/consistency';
import { formatVersionId, versionLabel } from '../../domain/version-id';
import type { PromoteRecord, PublishInput } from '../../domain/publish';
import type { ReadyAnswer, StagingVerdict } from '../../domain/staging';
import { ChangeRun } from './change-run';
import type { Progress } from './progress';
import type { StagingDesk } from './staging-desk';
import type { WriteGate } from './write-gate';

/** What a publication has found out so far. */
export interface PublishRecord {
  collection: string | null;
  answer: ReadyAnswer | null;
  verdict: StagingVerdict | null;
  promote: PromoteRecord | null;
  committedAt: string | null;
  taken: readonly TakenArtifact[];
  consistency: ConsistencyStatement | null;
  proven: boolean;
  archived: string[];
  reportPath: string | null;
}

/** One run of `publishVersion`. */
export class PublishRun extends ChangeRun {
  readonly record: PublishRecord = {
    collection: null,
    answer: null,
    verdict: null,
    promote: null,
    committedAt: null,
    taken: [],
    consistency: null,
    proven: false,
    archived: [],
    reportPath: null,
  };

  constructor(
    readonly input: PublishInput,
    readonly terms: PublishTerms,
    progress: Progress,
    readonly desk: StagingDesk,
    readonly gate: WriteGate,
  ) {
    const { kind, number, settings } = terms;
    const versionId = formatVersionId({ number, kind, at: workflowInfo().startTime });
    super({ kind: 'publish', versionId, label: versionLabel(versionId) }, settings, progress, input.maxAttempts);
  }

  override get claim(): Claim {
    const { versionId } = this.terms.source;
    return { ...super.claim, ...(versionId !== null && { from: versionId }) };
  }

  /** The fencing token of everything that this run writes to Neo4j. */
  get token(): string {
    return this.runId;
  }
}
