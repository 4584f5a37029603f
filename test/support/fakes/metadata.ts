import { HybridFlowError } from '../../../domain/errors';
import type { WriteFence } from '../../../domain/write-fence';
import type { MetadataHealth, MetadataRestore, WriteFenceStore } from '../../../stores/ports';

/** The write fence in memory; it stands only while the tables do. */
export class FakeWriteFence implements WriteFenceStore {
  standing: WriteFence | undefined;
  /** Every run that has held it, in order, once per call. */
  readonly heldBy: string[] = [];

  constructor(private readonly tablesExist: () => boolean) {}

  read(now = new Date()): WriteFence | undefined {
    const stands = this.tablesExist() && this.standing && Date.parse(this.standing.expiresAt) > now.getTime();
    return stands ? this.standing : undefined;
  }

  hold(fence: WriteFence): WriteFence {
    const holder = this.read();
    if (!this.tablesExist()) throw new HybridFlowError('SCHEMA_CONFLICT', { found: 'no table write_fence' });
    if (holder && holder.runId !== fence.runId) {
      throw new HybridFlowError('BASE_BUSY', {
        found: `The write fence is held by ${holder.owner}`,
        details: { holder },
      });
    }
    this.heldBy.push(fence.runId);
    this.standing = { ...fence, acquiredAt: holder?.acquiredAt ?? fence.acquiredAt };
    return this.standing;
  }

  release(runId: string): void {
    if (this.standing?.runId === runId) this.standing = undefined;
  }
}

/** A metadata.db that is sound and was never contaminated. */
export function fakeMetadataRestore(): MetadataRestore & MetadataHealth {
  return {
    restoreFrom: () => ({ tables: ['chapter_metadata'], rows: 3 }),
    dropStaging: () => false,
    integrity: () => ({ problems: [], foreignKeyViolations: 0 }),
  };
}
