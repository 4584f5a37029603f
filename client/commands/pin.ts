import type { Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import type { MetadataStore } from '../../stores/ports';
import { openMetadataStore } from '../../stores/sqlite';
import type { Context } from '../context';
import type { Host } from '../host';
import { whoAsks } from '../person';
import { renderPinned } from '../render/pins';

interface Flags {
  reason: string;
  by?: string;
}

const WRITE_MS = 30_000;

/** `hfv pin`: no clean-up removes the version, until it is unpinned. */
export function addPin(program: Command, host: Host): void {
  program
    .command('pin')
    .argument('<version>', 'version id, as `hfv versions` lists it')
    .description('keep a version whatever the window says; a pin that is there is replaced')
    .requiredOption('--reason <text>', 'why; shown wherever the version stays because of it')
    .option('--by <name>', 'who pins it (default: user@host)')
    .action(host.run<Flags>(pin));
}

async function pin(context: Context, { reason, by }: Flags, versionId: string): Promise<void> {
  const why = reason.trim();
  if (why === '') {
    throw new HybridFlowError('CONFIG_INVALID', { found: 'the reason is empty', next: 'say why: `--reason "…"`' });
  }
  const { base } = context.settings();
  const made = withMetadata(context, ({ pins, registry }) => {
    assertRegistered(
      registry.list().map((row) => row.versionId),
      versionId,
    );
    return pins.add({ versionId, reason: why, by: by ?? whoAsks() }, { notAfter: Date.now() + WRITE_MS });
  });
  context.out.result({ base, pin: made }, () => renderPinned(made));
}

/** Runs work on metadata.db alone: a pin needs no service. */
export function withMetadata<T>(context: Context, work: (metadata: MetadataStore) => T): T {
  const metadata = openMetadataStore(context.settings().metadataDb);
  try {
    return work(metadata);
  } finally {
    metadata.close();
  }
}

/** @throws HybridFlowError VERSION_UNKNOWN, for latest-copy too: it is always kept, and changes with every commit */
export function assertRegistered(known: readonly string[], versionId: string): void {
  if (known.includes(versionId)) return;
  throw new HybridFlowError('VERSION_UNKNOWN', {
    found: `the registry has no version ${versionId}`,
    expected: known.length > 0 ? `one of ${known.slice(-5).join(', ')}` : 'a registered version; there is none yet',
    next: 'list the versions with `hfv versions`',
    details: { versionId },
  });
}
