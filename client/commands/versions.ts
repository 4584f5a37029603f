import type { Command } from 'commander';
import type { VersionRow } from '../../domain/registry';
import { openMetadataStore } from '../../stores/sqlite';
import type { Host } from '../host';
import type { Colors } from '../output';
import { table } from '../render/tables';
import { count } from '../render/text';

/** `hfv versions`: every version in the registry, oldest first. */
export function addVersions(program: Command, host: Host): void {
  program
    .command('versions')
    .description('list the versions in the registry, oldest first')
    .action(
      host.run(async (context) => {
        const { base, metadataDb } = context.settings();
        const versions = openMetadataStore(metadataDb).registry.list();
        context.out.result({ base, versions }, (color) => renderVersions(base, versions, color));
      }),
    );
}

/** The versions as a table. */
export function renderVersions(base: string, versions: readonly VersionRow[], color: Colors): string {
  if (versions.length === 0) return `${base} has no versions yet; register the first with \`hfv migrate\``;
  const rows = versions.map(({ versionId, status, createdAt, chapterCount, paragraphCount, committedBy }) => [
    versionId,
    status === 'committed' ? color.green(status) : status,
    `${createdAt} UTC`,
    chapterCount === null ? '' : count(chapterCount),
    paragraphCount === null ? '' : count(paragraphCount),
    committedBy ?? '',
  ]);
  return table(['version', 'status', 'created', 'chapters', 'paragraphs', 'committed by'], rows, color);
}
