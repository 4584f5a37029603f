import type { RestoreTerms } from '../../../activities';
import type { CheckResult } from '../../../domain/checks';
import type { Claim } from '../../../domain/claim';
import { STORE_NAMES } from '../../../domain/names';
import type { RehearsedStore } from '../../../domain/rehearsal';
import type { RestoreDetails, RestoreInput, RestorePlan } from '../../../domain/restore';
import type { RollbackRecord } from '../../../domain/rollback';
import { versionLabel } from '../../../domain/version-id';
import { ChangeRun } from '../../parts/change-run';
import type { ProductionProof } from '../../parts/prove-production';
import type { Progress } from '../../parts/progress';
import { RollbackLog } from '../../parts/rollback-log';
import { Saga } from '../../parts/saga';

/** No node carries it: what a dead restore leaves is never undone by taking a version's label away. */
const NO_LABEL = 'hybridflow_restore';

/** One run of `restoreVersion`: what it has found out, and what it has promised to undo. */
export class RestoreRun extends ChangeRun {
  readonly saga = new Saga();
  readonly rollbackLog = new RollbackLog();
  rehearsal: RehearsedStore[] = [];
  checks: CheckResult[] = [];
  /** Folder in which what was there before is kept; null where nothing had to be. */
  rescue: string | null = null;
  readonly saved: NonNullable<RestoreDetails['saved']> = {};
  /** Production after it was taken back, held against the copy that it was taken back to. */
  proof: ProductionProof | undefined;
  rollback: RollbackRecord | null = null;
  #plan: RestorePlan | undefined;

  constructor(
    readonly input: RestoreInput,
    readonly terms: RestoreTerms,
    progress: Progress,
  ) {
    const { versionId } = terms.source;
    super({ kind: 'restore', versionId, label: versionLabel(versionId) }, terms.settings, progress, input.maxAttempts);
  }

  /** A name of its own: the version that is restored is committed, and what the run leaves is not that version's. */
  override get claim(): Claim {
    const from = (this.#plan ?? this.terms).source.versionId;
    return { ...super.claim, versionId: `restore-${this.versionId}`, label: NO_LABEL, from };
  }

  get plan(): RestorePlan {
    if (!this.#plan) throw new Error('the restore has not been planned yet');
    return this.#plan;
  }

  set plan(plan: RestorePlan) {
    this.#plan = plan;
  }

  get planned(): RestorePlan | undefined {
    return this.#plan;
  }

  get isFull(): boolean {
    return this.plan.stores.length === STORE_NAMES.length;
  }

  /** What the journal keeps, so that whoever comes next can end what was begun. */
  get details(): RestoreDetails {
    const { source, base, changes, drift } = this.plan;
    const kept = changes.flatMap(({ store, keptIn }) => (keptIn === null ? [] : [[store, keptIn] as const]));
    return {
      source,
      base,
      rescue: this.rescue,
      saved: this.saved,
      keptIn: Object.fromEntries(kept),
      drift,
      reason: this.input.reason ?? null,
      startedBy: this.input.startedBy ?? null,
      begunQdrant: false,
      begunNeo4j: false,
    };
  }
}
