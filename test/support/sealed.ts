import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps, TakenArtifact } from '../../activities';
import { createSnapshotActivities } from '../../activities/snapshots';
import type { Manifest } from '../../domain/manifest';
import { LATEST_COPY_FOLDERS } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import { listsOf } from '../../stores/artifacts/manifest';
import { rootFingerprint } from '../../stores/fingerprint-text';
import type { Stores } from '../../stores/ports';

/** Registers a version as the workflow does, without the workflow: latest-copy first, then the version beside it. */
export async function sealVersion(stores: Stores, version: string, { deep = false } = {}): Promise<TakenArtifact[]> {
  const run = createSnapshotActivities(stores as ActivityDeps);
  const environment = new MockActivityEnvironment();
  const within = <T>(work: () => Promise<T>) => environment.run<[], T, () => Promise<T>>(work);
  const building = LATEST_COPY_FOLDERS.building(environment.context.info.workflowExecution?.runId ?? '');
  await within(() => run.openFolder(building));
  const copied = [
    await within(() => run.snapshotMetadata(building)),
    await within(() => run.snapshotQdrant(building, [], deep)),
    await within(() => run.exportNeo4j(building)),
  ];
  await within(() => run.sealManifest(building, manifestOf(LATEST_COPY, copied)));
  await within(() => run.publishLatestCopy());
  await within(() => run.openFolder(version));
  const taken = [await within(() => run.snapshotMetadata(version))];
  for (const one of copied.slice(1)) taken.push(await within(() => run.linkFromLatestCopy(version, one)));
  await within(() => run.sealManifest(version, manifestOf(version, taken)));
  return taken;
}

function manifestOf(versionId: string, taken: readonly TakenArtifact[]): Manifest {
  return {
    ...{ format: 'hybridflow-version/1', versionId, base: 'test', workflowId: 'w', runId: 'r' },
    createdAt: new Date().toISOString(),
    counts: { chapters: 1, chaptersPerTextbook: {}, points: 1, paragraphs: 1, nodes: 1, relationships: 1 },
    qdrant: { name: 'a', collection: 'a', aliases: [], config: {}, payloadSchema: {} },
    artifacts: taken.map(({ artifact }) => artifact),
  };
}

/** A copy of a sealed folder that somebody has meddled with: as carelessly, or as carefully, as a test wants. */
export class Tampered {
  constructor(
    private readonly backups: string,
    readonly version: string,
    original: string,
  ) {
    cpSync(original, this.folder, { recursive: true });
  }

  get folder(): string {
    return join(this.backups, this.version);
  }

  at(file: string): string {
    return join(this.folder, file);
  }

  edit(file: string, change: (text: string) => string): void {
    writeFileSync(this.at(file), change(readFileSync(this.at(file), 'utf8')));
  }

  manifest(change: (manifest: Manifest) => void): void {
    this.edit('manifest.json', (text) => {
      const manifest = JSON.parse(text) as Manifest;
      change(manifest);
      return JSON.stringify(manifest);
    });
  }

  /** Changes the export and makes its footer again, as if it had been exported so. */
  export(change: (text: string) => string): void {
    const lines = change(gunzipSync(readFileSync(this.at('neo4j.jsonl.gz'))).toString())
      .trimEnd()
      .split('\n');
    const footer = JSON.parse(lines.pop() ?? '') as object;
    const body = lines.map((line) => `${line}\n`).join('');
    const end = `${JSON.stringify({ ...footer, sha256: sha256(Buffer.from(body)) })}\n`;
    writeFileSync(this.at('neo4j.jsonl.gz'), gzipSync(body + end));
  }

  /** Makes every hash again that vouches for a file: manifest, root and checksums.txt. */
  reseal(): void {
    const found = (file: string) => {
      const bytes = readFileSync(this.at(file));
      return { bytes: bytes.length, sha256: sha256(bytes) };
    };
    this.manifest((manifest) => {
      for (const artifact of manifest.artifacts) {
        Object.assign(artifact, found(artifact.file));
        for (const list of listsOf(artifact)) list.sha256 = found(list.file).sha256;
      }
      manifest.fingerprint = rootFingerprint(manifest.artifacts);
    });
    this.edit('checksums.txt', (text) =>
      text.replace(/^[0-9a-f]{64} {2}(.+)$/gm, (_, file: string) => `${found(file).sha256}  ${file}`),
    );
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
