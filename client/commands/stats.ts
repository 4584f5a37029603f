import type { Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import { countOperations, growthOf, howManyFit, type SizedVersion } from '../../domain/version-stats';
import type { WindowItem } from '../../domain/window';
import { lookAtWindow, type WindowDeps } from '../../inspection/retention';
import { openArtifactStore } from '../../stores/artifacts';
import type { ArtifactStore, MetadataStore } from '../../stores/ports';
import { openMetadataStore } from '../../stores/sqlite';
import type { Context } from '../context';
import type { Host } from '../host';
import { renderStats, type StatsView } from '../render/stats';
import { manifestOf } from '../version-views';

/** `hfv stats`: sizes, growth, what the next version will take, and which may go. It takes no lock and asks no service. */
export function addStats(program: Command, host: Host): void {
  program
    .command('stats')
    .description('sizes and growth of the versions, what the next one will take, and how many more fit on the disk')
    .action(
      host.run(async (context) => {
        const view = await statsOf(context);
        context.out.result(view, (color) => renderStats(view, color));
      }),
    );
}

async function statsOf(context: Context): Promise<StatsView> {
  const { base, metadataDb, backups, migration, retention } = context.settings();
  const metadata = openMetadataStore(metadataDb);
  const artifacts = openArtifactStore(backups);
  const growth = growthOf(await sizesOf(metadata, artifacts));
  const freeBytes = await artifacts.freeBytes();
  const reserveBytes = migration.minimumFreeBytes;
  const operations = metadata.registry.list().flatMap(({ versionId }) => metadata.registry.operations(versionId));
  return {
    base,
    ...growth,
    ...{ freeBytes, reserveBytes, fits: howManyFit(growth, freeBytes, reserveBytes) },
    nextToGo: await nextToGo({ metadata, artifacts, retention }),
    operations: countOperations(operations),
  };
}

/** Committed versions: what is archived takes less, and what was rolled back takes nothing. */
async function sizesOf({ registry }: MetadataStore, artifacts: ArtifactStore): Promise<SizedVersion[]> {
  const committed = registry.list().filter(({ status }) => status === 'committed');
  const sized: SizedVersion[] = [];
  for (const { versionId } of committed) {
    const manifest = await manifestOf(artifacts, versionId);
    const bytes = manifest?.artifacts.map(({ store, bytes: size }) => [store, size] as const);
    sized.push({ versionId, bytes: bytes ? (Object.fromEntries(bytes) as Record<StoreName, number>) : null });
  }
  return sized.filter(({ bytes }) => bytes === null || STORE_NAMES.every((store) => store in bytes));
}

/**
 * The oldest version that nothing holds, whether or not the window is full: what to let go of where the disk is. Null
 * where there is none, or nobody can say because the claim cannot be read.
 */
async function nextToGo(deps: WindowDeps): Promise<WindowItem | null> {
  const retention = { ...deps.retention, keep: 1, emergencyKeep: 1 };
  try {
    return (await lookAtWindow({ ...deps, retention })).archive[0] ?? null;
  } catch (error) {
    if (error instanceof HybridFlowError && error.code === 'BASE_BUSY') return null;
    throw error;
  }
}
