import { setTimeout } from 'node:timers/promises';
import { Argument, type Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import { openArtifactStore } from '../../stores/artifacts';
import { openMetadataStore } from '../../stores/sqlite';
import type { Context } from '../context';
import { EXIT } from '../exit-codes';
import type { Host } from '../host';
import { seconds } from '../numbers';
import { renderFence, type FenceView } from '../render/fence';

const POLL_MS = 1_000;

/** `hfv fence`: may an ingestion write now? It needs neither Temporal nor Qdrant nor Neo4j. */
export function addFence(program: Command, host: Host): void {
  program
    .command('fence')
    .description('whether a change asks other writers to keep out: check exits 6 where one does, show always 0')
    .addArgument(new Argument('[action]', 'what to do').choices(['check', 'show', 'wait']).default('show'))
    .option('--timeout <seconds>', 'wait: give up after this long and exit 8 (default: never)', seconds)
    .action(
      host.run<{ timeout?: number }>(async (context, { timeout }, action) => {
        const look = () => lookAtFence(context);
        const timeoutMs = timeout === undefined ? Infinity : timeout * 1_000;
        const view = action === 'wait' ? await waitUntilFree(look, { timeoutMs }) : await look();
        context.out.result(view, (color) => renderFence(view, color));
        return action === 'check' && view.state === 'held' ? EXIT.busy : EXIT.done;
      }),
    );
}

/**
 * The row in metadata.db, and the claim in the backups folder: a run's first minutes, before its tables exist, are
 * covered by the claim only. A claim says nothing about whether its run is still alive.
 */
async function lookAtFence(context: Context): Promise<FenceView> {
  const { base, metadataDb, backups } = context.settings();
  const fence = openMetadataStore(metadataDb).fence.read() ?? null;
  const claimed = await openArtifactStore(backups).readClaim();
  const claim = claimed
    ? {
        base: claimed.base,
        versionId: claimed.versionId,
        workflowId: claimed.workflowId,
        runId: claimed.runId,
        claimedAt: claimed.claimedAt,
      }
    : null;
  return { base, state: fence || claim ? 'held' : 'free', fence, claim };
}

export interface Waiting {
  timeoutMs: number;
  now?: () => number;
  pause?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Looks until nobody holds the fence. A database that is locked just now is looked at again.
 *
 * @throws HybridFlowError WAIT_TIMED_OUT, naming the holder
 */
export async function waitUntilFree(
  look: () => Promise<FenceView>,
  { timeoutMs, now = Date.now, pause = setTimeout }: Waiting,
): Promise<FenceView> {
  const deadline = now() + timeoutMs;
  for (;;) {
    const view = await look().catch((error: unknown) => {
      if (error instanceof HybridFlowError && error.code === 'METADATA_DB_BUSY') return undefined;
      throw error;
    });
    if (view?.state === 'free') return view;
    if (now() >= deadline) throw stillHeld(view, timeoutMs);
    await pause(Math.min(POLL_MS, deadline - now()));
  }
}

function stillHeld(view: FenceView | undefined, timeoutMs: number): HybridFlowError {
  const holder = view?.fence?.owner ?? view?.claim?.versionId ?? 'a program that keeps metadata.db locked';
  return new HybridFlowError('WAIT_TIMED_OUT', {
    found: `after ${timeoutMs / 1_000} s the base is still held by ${holder}`,
    expected: 'nobody who asks other writers to keep out',
    next: 'see who it is with `hfv fence show`, and what it does with `hfv status`',
    details: { ...view },
  });
}
