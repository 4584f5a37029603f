import type { Command } from 'commander';
import { openArtifactStore } from '../../stores/artifacts';
import { openMetadataStore } from '../../stores/sqlite';
import type { Host } from '../host';
import { renderVersions } from '../render/versions';
import { listVersions } from '../version-views';

export { renderVersions } from '../render/versions';

/** `hfv versions`: every version in the registry, oldest first. It takes no lock and asks no service. */
export function addVersions(program: Command, host: Host): void {
  program
    .command('versions')
    .description('list the versions in the registry, oldest first')
    .action(
      host.run(async (context) => {
        const { base, metadataDb, backups } = context.settings();
        const sources = { metadata: openMetadataStore(metadataDb), artifacts: openArtifactStore(backups) };
        const versions = await listVersions(sources);
        context.out.result({ base, versions }, (color) => renderVersions(base, versions, color));
      }),
    );
}
