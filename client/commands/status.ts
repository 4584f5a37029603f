import type { Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import { openMetadataStore } from '../../stores/sqlite';
import { findChange, isRunning, viewOf } from '../changes';
import type { Context } from '../context';
import { EXIT } from '../exit-codes';
import type { Host } from '../host';
import { renderStatus, type RegistryView, type StatusView, type TemporalView } from '../render/status';
import { progressOf } from '../watch';

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
      if (!found) return { temporal, change: null, progress: null };
      const progress = isRunning(found) ? ((await progressOf(session, found)) ?? null) : null;
      return { temporal, change: viewOf(found), progress };
    });
  } catch (error) {
    if (!(error instanceof HybridFlowError) || error.code !== 'TEMPORAL_UNREACHABLE') throw error;
    const address = (error.facts.details?.address ?? null) as string | null;
    return { temporal: { reachable: false, address, error: error.facts.found }, change: null, progress: null };
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
