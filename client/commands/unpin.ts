import type { Command } from 'commander';
import type { Context } from '../context';
import type { Host } from '../host';
import { renderUnpinned } from '../render/pins';
import { assertRegistered, withMetadata } from './pin';

/** `hfv unpin`: the window decides about the version again. */
export function addUnpin(program: Command, host: Host): void {
  program
    .command('unpin')
    .argument('<version>', 'version id, as `hfv versions` lists it')
    .description('take the pin of a version away; the window decides about it again')
    .action(host.run(unpin));
}

async function unpin(context: Context, _flags: unknown, versionId: string): Promise<void> {
  const { base } = context.settings();
  const removed = withMetadata(context, ({ pins, registry }) => {
    const pinned = pins.list().map((pin) => pin.versionId);
    assertRegistered([...registry.list().map((row) => row.versionId), ...pinned], versionId);
    return pins.remove(versionId);
  });
  context.out.result({ base, versionId, removed }, () => renderUnpinned(versionId, removed));
}
