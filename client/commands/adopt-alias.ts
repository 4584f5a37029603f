import type { Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import { findHolder, judgeHolder, type IsOpen } from '../../inspection/holders';
import type { Stores } from '../../stores/ports';
import { findChange, isRunning, viewOf, type Change } from '../changes';
import type { Context } from '../context';
import type { Host } from '../host';
import { renderAlias, type AliasView } from '../render/adopt-alias';
import { isRunOpen } from '../run-open';
import { withStores } from '../stores';
import type { Session } from '../temporal';

/** `hfv adopt-alias`: from a plain collection to one that is read through an alias, without a gap for readers. */
export function addAdoptAlias(program: Command, host: Host): void {
  program
    .command('adopt-alias')
    .description('make the alias that readers look for first, so that a version is promoted by moving it, all at once')
    .action(
      host.run(async (context) => {
        const view = await context.withTemporal((session) => adopt(context, session));
        context.out.result(view, (color) => renderAlias(view, color));
      }),
    );
}

function adopt(context: Context, session: Session): Promise<AliasView> {
  const { base, qdrant } = context.settings();
  const change = () => findChange(session, base);
  return withStores(context, (stores) =>
    adoptWhileIdle(stores, { change, isOpen: (run) => isRunOpen(session, run) }, { base, qdrant }),
  );
}

export interface AtWork {
  /** The last change of the base, as Temporal knows it. */
  change: () => Promise<Change | undefined>;
  isOpen: IsOpen;
}

/**
 * Makes the alias where nobody is at work on the base, since a change that runs has settled already how it will switch.
 * Doing it again changes nothing.
 *
 * @throws HybridFlowError BASE_BUSY; COLLECTION_MISSING; QDRANT_UNFIT where a collection has the alias's name
 */
export async function adoptWhileIdle(
  stores: Pick<Stores, 'metadata' | 'vectors' | 'artifacts'>,
  { change, isOpen }: AtWork,
  { base, qdrant }: { base: string; qdrant: { collection: string } },
): Promise<AliasView> {
  const last = await change();
  if (last && isRunning(last)) throw busy(base, last);
  const [refusal] = judgeHolder(await findHolder(stores, { isOpen }));
  if (refusal) throw new HybridFlowError(refusal.code, refusal.facts);
  const { alias, collection, made } = await stores.vectors.adoptAlias();
  const { aliases } = await stores.vectors.readMode();
  return { base, configured: qdrant.collection, alias, collection, made, aliases, ...(await stores.vectors.status()) };
}

function busy(base: string, change: Change): HybridFlowError {
  return new HybridFlowError('BASE_BUSY', {
    found: `A change of ${base} is running: ${change.type} (workflow ${change.workflowId}), since ${change.startedAt}`,
    expected: 'nobody at work on the base',
    next: 'watch it with `hfv status`, and ask again when it has ended',
    details: { change: viewOf(change) },
  });
}
