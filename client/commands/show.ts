import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import { openArtifactStore } from '../../stores/artifacts';
import type { ArtifactStore } from '../../stores/ports';
import { openMetadataStore } from '../../stores/sqlite';
import type { Context } from '../context';
import type { Host } from '../host';
import { renderVersion, type ArtifactPresence, type VersionDetails } from '../render/version';

/** `hfv show`: one version, its artifacts and what was done to it. */
export function addShow(program: Command, host: Host): void {
  program
    .command('show')
    .argument('<version>', 'version id, as `hfv versions` lists it')
    .description('show a version: its artifacts (presence and size; hashes are not read) and its operations')
    .action(
      host.run(async (context, _flags, versionId) => {
        const details = await detailsOf(context, versionId);
        context.out.result(details, (color) => renderVersion(details, color));
      }),
    );
}

async function detailsOf(context: Context, versionId: string): Promise<VersionDetails> {
  const { metadataDb, backups } = context.settings();
  const { registry } = openMetadataStore(metadataDb);
  const version = registry.find(versionId);
  if (!version) {
    const known = registry.list().map((row) => row.versionId);
    throw new HybridFlowError('VERSION_UNKNOWN', {
      found: `${versionId} is not in the registry of ${metadataDb}`,
      expected: known.length > 0 ? `one of ${known.slice(-5).join(', ')}` : 'a registered version; there is none yet',
      next: 'list the versions with `hfv versions`',
    });
  }
  const artifacts = openArtifactStore(backups);
  const manifest = (await artifacts.readManifest(versionId)) ?? null;
  const present = manifest ? await Promise.all(manifest.artifacts.map((one) => lookAt(artifacts, versionId, one))) : [];
  return { version, manifest, artifacts: present, operations: registry.operations(versionId) };
}

async function lookAt(
  artifacts: ArtifactStore,
  versionId: string,
  { store, file, bytes, sha256 }: Manifest['artifacts'][number],
): Promise<ArtifactPresence> {
  const path = artifacts.pathOf(versionId, file);
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  const state = size === undefined ? 'missing' : size === bytes ? 'present' : 'wrong size';
  return { store, path, bytes, sha256, state };
}
