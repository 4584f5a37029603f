import { z } from 'zod';
import type { MigrationSettings } from '../domain/baseline';
import { HybridFlowError } from '../domain/errors';
import type { StoreName } from '../domain/names';
import type { PublishInput } from '../domain/publish';
import type { VersionRow } from '../domain/registry';
import type { VersionStatus } from '../domain/status';
import type { FingerprintComparison } from '../domain/fingerprint';
import { LATEST_COPY, type VersionKind } from '../domain/version-id';
import { driftOfProduction, findSource, type SourceFound } from '../inspection/staging';
import type { NewVersion } from '../stores/ports';
import { callControl, run, writeLease } from './context';
import type { ActivityDeps } from './deps';

/** A year: what is longer is no deadline. */
const LONGEST_MINUTES = 365 * 24 * 60;

const inputSchema = z.strictObject({
  kind: z.enum(['minor', 'major']).optional(),
  from: z.string().min(1).max(100).optional(),
  requireApproval: z.boolean().optional(),
  minimumOverlap: z.number().min(0).max(1).optional(),
  warnAfterMinutes: z.number().positive().max(LONGEST_MINUTES).optional(),
  cancelAfterMinutes: z.number().positive().max(LONGEST_MINUTES).optional(),
  startedBy: z.string().max(200).optional(),
  notes: z.string().max(10_000).optional(),
  maxAttempts: z.number().int().positive().optional(),
}) satisfies z.ZodType<PublishInput>;

/** What a publication works with: its input with everything filled in, and what it begins with. */
export interface PublishTerms {
  settings: MigrationSettings;
  kind: Exclude<VersionKind, 'baseline'>;
  from: string;
  source: SourceFound;
  /** The version that production is now. */
  current: string;
  /** Number of the version to come. */
  number: number;
}

/** The beginning and the registry's side of a version that is staged. */
export function createPublishActivities(deps: ActivityDeps) {
  const { metadata, artifacts, settings } = deps;
  return {
    /**
     * Reads only.
     *
     * @throws CONFIG_INVALID for an input that does not fit, VERSION_UNKNOWN where there is no baseline, BASE_BUSY where
     *   a version is under way, and what {@link findSource} throws
     */
    async lookUpPublish(given: PublishInput): Promise<PublishTerms> {
      const input = parsed(given);
      metadata.inventory();
      const current = metadata.journal.current();
      if (!current) throw noBaseline();
      const from = input.from ?? 'production';
      const source = await findSource(deps, settings.base, from);
      const { staging } = settings;
      return {
        settings: {
          ...settings,
          staging: {
            warnAfterMinutes: input.warnAfterMinutes ?? staging.warnAfterMinutes,
            cancelAfterMinutes: input.cancelAfterMinutes ?? staging.cancelAfterMinutes,
            minimumOverlap: input.minimumOverlap ?? staging.minimumOverlap,
            requireApproval: input.requireApproval ?? staging.requireApproval,
          },
        },
        kind: input.kind ?? 'minor',
        from,
        source,
        current: current.versionId,
        number: metadata.registry.nextNumber(),
      };
    },

    /** @throws DISK_TOO_SMALL where staging, the version and its latest-copy would not fit beside what is there */
    async assertRoom(): Promise<void> {
      const manifest = await artifacts.readManifest(LATEST_COPY);
      const predicted = manifest?.artifacts.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;
      const [free, needed] = [await artifacts.freeBytes(), Math.max(settings.minimumFreeBytes, 2 * predicted)];
      if (free >= needed) return;
      throw new HybridFlowError('DISK_TOO_SMALL', {
        found: `${free} bytes are free beside the backups`,
        expected: `${needed} bytes: twice what a version takes, and no less than the configured minimum`,
        next: 'free some space (`hfv retain --dry-run` says what may go), then start again',
      });
    },

    /** How these stores differ from latest-copy. */
    async driftOfProduction(stores: StoreName[]): Promise<FingerprintComparison[]> {
      return driftOfProduction(deps, stores, callControl());
    },

    /** Inserts the version's row; once per run. */
    async openVersion(version: Omit<NewVersion, 'workflowId' | 'runId'>): Promise<VersionRow> {
      return metadata.registry.open({ ...version, ...run() }, writeLease());
    },

    async moveVersion(versionId: string, to: VersionStatus, message: string | null): Promise<VersionRow> {
      return metadata.registry.move(versionId, to, message);
    },

    async recordValidation(
      versionId: string,
      counts: { chapters: number; paragraphs: number; passed: boolean },
    ): Promise<void> {
      metadata.registry.recordValidation(versionId, counts);
    },
  };
}

function parsed(given: PublishInput): PublishInput {
  const result = inputSchema.safeParse(given);
  if (result.success) return result.data;
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `The input of publishVersion does not fit:\n${z.prettifyError(result.error)}`,
    next: 'correct the input; {} is a valid one',
  });
}

function noBaseline(): HybridFlowError {
  return new HybridFlowError('VERSION_UNKNOWN', {
    found: 'production has no baseline: there is nothing that a new version could be taken back to',
    expected: 'a committed baseline',
    next: 'register it with `hfv migrate`',
  });
}
