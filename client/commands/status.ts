import { WorkflowNotFoundError } from '@temporalio/client';
import type { Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import { openMetadataStore } from '../../stores/sqlite';
import { findChange, isRunning, viewOf, type Change } from '../changes';
import type { Context } from '../context';
import { EXIT } from '../exit-codes';
import type { Host } from '../host';
import { redact } from '../../domain/masking';
import { standstillOf, type Standstill } from '../pending';
import { renderStatus, type RegistryView, type StatusView, type TemporalView } from '../render/status';
import type { Session } from '../temporal';
import { progressOf } from '../watch';

const NOTHING = { change: null, progress: null, standstill: null };

/** `hfv status`: what runs, what ran last, and what the registry says. It takes no lock and needs neither to be up. */
export function addStatus(program: Command, host: Host): void {
  program
    .command('status')
    .description('the running change, or the last one, and the registry; works with Temporal down')
    .action(
      host.run(async (context) => {
        const registry = lookAtRegistry(context);
        const temporal = await lookAtTemporal(context);
        const view: StatusView = { base: context.settings().base, ...temporal, registry };
        context.out.result(view, (color) => renderStatus(view, color));
        return temporal.temporal.reachable || registry.readable ? EXIT.done : EXIT.unreachable;
      }),
    );
}

async function lookAtTemporal(context: Context): Promise<Omit<StatusView, 'base' | 'registry'>> {
  const { base } = context.settings();
  const reachable = (address: string): TemporalView => ({ reachable: true, address, error: null });
  try {
    return await context.withTemporal(async (session) => {
      const found = await findChange(session, base);
      const temporal = reachable(session.address);
      if (!found) return { temporal, ...NOTHING };
      if (!isRunning(found)) return { temporal, ...NOTHING, change: viewOf(found) };
      const [progress = null, standstill] = await Promise.all([
        progressOf(session, found),
        lookForStandstill(context, session, found),
      ]);
      return { temporal, change: viewOf(found), progress, standstill };
    });
  } catch (error) {
    if (!(error instanceof HybridFlowError) || error.code !== 'TEMPORAL_UNREACHABLE') throw error;
    const address = (error.facts.details?.address ?? null) as string | null;
    return { temporal: { reachable: false, address, error: error.facts.found }, ...NOTHING };
  }
}

/** A run that has ended meanwhile stands still for no reason. */
async function lookForStandstill(context: Context, session: Session, change: Change): Promise<Standstill | null> {
  try {
    return redact(await standstillOf(session, change), context.secrets());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

function lookAtRegistry(context: Context): RegistryView {
  const { metadataDb } = context.settings();
  try {
    const versions = openMetadataStore(metadataDb).registry.list();
    return { readable: true, path: metadataDb, versions, error: null };
  } catch (error) {
    if (!(error instanceof HybridFlowError)) throw error;
    return { readable: false, path: metadataDb, versions: [], error: error.facts.found };
  }
}
