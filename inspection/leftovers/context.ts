import type { RetentionSettings } from '../../domain/baseline';
import type { Claim } from '../../domain/claim';
import type { Residue } from '../../domain/leftovers';
import type { VersionRow } from '../../domain/registry';
import { isActive, type VersionStatus } from '../../domain/status';
import type { SwitchEntry } from '../../domain/switch-journal';
import { useText } from '../../domain/version-use';
import { momentOf } from '../../domain/window';
import type { CallControl, Stores } from '../../stores/ports';
import type { IsOpen, RunRef } from '../holders';

export interface LeftoverDeps extends Stores {
  retention: Pick<RetentionSettings, 'graceMinutes' | 'archiveDays'>;
}

/** What the registry, the journal and the claim know, read once; and who is asked after runs. */
export class Known {
  readonly #runs = new Map<string, RunRef>();
  readonly #asked = new Map<string, Residue['run']>();

  private constructor(
    readonly claim: Claim | undefined,
    readonly rows: readonly VersionRow[],
    readonly journal: readonly SwitchEntry[],
    /** A version that somebody reads for long, and who, in words. */
    readonly inUse: string | null,
    private readonly isOpen: IsOpen,
    readonly control: CallControl,
  ) {
    for (const { workflowId, runId } of [...rows, ...journal]) {
      if (workflowId !== null && runId !== null) this.#runs.set(runId, { workflowId, runId });
    }
    if (claim) this.#runs.set(claim.runId, claim);
  }

  /** @throws HybridFlowError BASE_BUSY where a claim is there that cannot be read */
  static async of({ metadata, artifacts }: LeftoverDeps, isOpen: IsOpen, control: CallControl): Promise<Known> {
    const claim = await artifacts.readClaim();
    const [use] = await artifacts.uses();
    const inUse = use ? `${use.versionId}: ${useText(use)}` : null;
    return new Known(claim, metadata.registry.list(), metadata.journal.list(), inUse, isOpen, control);
  }

  statusOf(versionId: string): VersionStatus | undefined {
    return this.rows.find((row) => row.versionId === versionId)?.status;
  }

  /** Of the version that a run made, or took production to. */
  statusOfRun(runId: string | null): VersionStatus | undefined {
    const row = this.rows.find((one) => one.runId === runId);
    const entry = this.journal.find((one) => one.runId === runId && one.state === 'done');
    return row?.status ?? (entry && this.statusOf(entry.versionId));
  }

  /** What is under way or was left half done, in words. */
  get underWay(): string | null {
    if (this.claim) return `a change that is claimed for ${this.claim.versionId}`;
    const row = this.rows.find(({ status }) => isActive(status));
    if (row) return `${row.versionId}, which is ${row.status.replaceAll('_', ' ')},`;
    const entry = this.journal.find(({ state }) => state === 'switching' || state === 'committed');
    return entry ? `a ${entry.kind} of ${entry.versionId}` : null;
  }

  /** When the last change of this base was at work; that the window has archived a version is none. */
  get quietSince(): string | null {
    const moments = [
      ...this.rows.filter(({ status }) => status !== 'archived').map(({ updatedAt }) => momentOf(updatedAt)),
      ...this.journal.map(({ startedAt, endedAt }) => Date.parse(endedAt ?? startedAt)),
    ];
    return moments.length === 0 ? null : new Date(Math.max(...moments)).toISOString();
  }

  get everStaged(): boolean {
    return this.rows.some(({ versionId }) => /^v\d+_(minor|major)_/.test(versionId));
  }

  /** A run that nobody here has written down is a stranger: nothing tells whether it goes on, or where to ask. */
  async runOf(runId: string | null): Promise<Residue['run']> {
    const run = runId === null ? undefined : this.#runs.get(runId);
    if (!run) return 'stranger';
    const known = this.#asked.get(run.runId);
    if (known) return known;
    const open = await this.isOpen(run);
    const answer = open === undefined ? 'unasked' : open ? 'open' : 'ended';
    this.#asked.set(run.runId, answer);
    return answer;
  }
}
