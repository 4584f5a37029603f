import type { Command } from 'commander';
import { openArtifactStore } from '../../stores/artifacts';
import { openMetadataStore } from '../../stores/sqlite';
import type { Context } from '../context';
import type { Host } from '../host';
import { whoAsks } from '../person';
import { renderUnarchived } from '../render/unarchive';
import { unarchive } from '../unarchive';

interface Flags {
  reason?: string;
  by?: string;
}

/** `hfv unarchive`: an archived version lies beside the others again, and can be restored, drilled and begun with. */
export function addUnarchive(program: Command, host: Host): void {
  program
    .command('unarchive')
    .argument('<version>', 'version id, as `hfv versions` lists it')
    .description('bring an archived version back beside the others, verified, and pin it there')
    .option('--reason <text>', 'why; shown wherever the version stays because of it')
    .option('--by <name>', 'who asks for it (default: user@host)')
    .action(host.run<Flags>(bringBack));
}

async function bringBack(context: Context, { reason, by }: Flags, version: string): Promise<void> {
  const { base, metadataDb, backups } = context.settings();
  const metadata = openMetadataStore(metadataDb);
  try {
    const stores = { metadata, artifacts: openArtifactStore(backups) };
    const why = reason?.trim() === '' ? undefined : reason?.trim();
    const found = await unarchive(stores, { base, version, by: by ?? whoAsks(), reason: why });
    context.out.result(found, (color) => renderUnarchived(found, color));
  } finally {
    metadata.close();
  }
}
