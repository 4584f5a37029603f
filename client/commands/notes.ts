import type { Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import type { VersionRow } from '../../domain/registry';
import { openMetadataStore } from '../../stores/sqlite';
import type { Context } from '../context';
import type { Host } from '../host';
import { requireVersion } from '../version-views';

interface Flags {
  clear?: boolean;
}

/** `hfv notes`: what a person has to say about a version. It may be said at any time, and changes nothing else. */
export function addNotes(program: Command, host: Host): void {
  program
    .command('notes')
    .argument('<version>', 'version id, as `hfv versions` lists it, or current, baseline')
    .argument('[text]', 'the notes; without it they are shown')
    .description('show, write or clear the notes of a version')
    .option('--clear', 'remove them')
    .action((...given: unknown[]) => {
      const [, text] = given as [string, string | undefined];
      return host.run<Flags>(async (context, flags, name) => {
        const { versionId, notes } = noteOn(context, name, text, flags);
        context.out.result({ versionId, notes }, () => `${versionId}: ${notes ?? 'no notes'}`);
      })(...given);
    });
}

/** @throws HybridFlowError VERSION_UNKNOWN; CONFIG_INVALID for a text together with `--clear`, or an empty one */
function noteOn(context: Context, name: string, text: string | undefined, { clear = false }: Flags): VersionRow {
  const metadata = openMetadataStore(context.settings().metadataDb);
  const row = requireVersion(metadata, name);
  if (text === undefined) return clear ? metadata.registry.setNotes(row.versionId, null) : row;
  if (!clear && text.trim() !== '') return metadata.registry.setNotes(row.versionId, text);
  throw new HybridFlowError('CONFIG_INVALID', {
    found: clear ? 'Both a text and --clear are given' : 'The text is empty',
    expected: 'a text, or --clear',
    next: 'give one of the two; without either the notes are shown',
  });
}
