import type { Command } from 'commander';
import { openArtifactStore } from '../../stores/artifacts';
import { openMetadataStore } from '../../stores/sqlite';
import type { Host } from '../host';
import { renderRescues } from '../render/rescues';
import { renderVersions } from '../render/versions';
import { listRescues } from '../rescue-views';
import { listVersions } from '../version-views';

export { renderVersions } from '../render/versions';

/** `hfv versions`: every version in the registry, and what was saved before restores, oldest first. It takes no lock and asks no service. */
export function addVersions(program: Command, host: Host): void {
  program
    .command('versions')
    .description('list the versions in the registry, and what was saved before restores, oldest first')
    .action(
      host.run(async (context) => {
        const { base, metadataDb, backups } = context.settings();
        const sources = { metadata: openMetadataStore(metadataDb), artifacts: openArtifactStore(backups) };
        const versions = await listVersions(sources);
        const rescues = await listRescues(sources.artifacts);
        context.out.result({ base, versions, rescues }, (color) =>
          [renderVersions(base, versions, color), ...renderRescues(rescues, color)].join('\n'),
        );
      }),
    );
}
