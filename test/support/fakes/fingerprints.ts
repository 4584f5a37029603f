import { createHash } from 'node:crypto';
import type { GroupFingerprint } from '../../../domain/fingerprint';
import type { Manifest } from '../../../domain/manifest';
import { STORE_NAMES } from '../../../domain/names';
import { rescueManifest, rescueRecordFile, rescueRecordSchema, type RescueRecord } from '../../../domain/rescue';
import type { ArtifactStore, ArtifactTexts } from '../../../stores/ports';

/** A folder of the fake backups: its files by name, and the content of those that are texts. */
export interface FakeFolder {
  runId: string;
  files: Set<string>;
  texts?: Map<string, string>;
  manifest?: Manifest;
}

/** One group that differs where what a fake store holds differs. */
export function fakeGroups(group: string, items: number, content: unknown): GroupFingerprint[] {
  return [{ group, items, sha256: createHash('sha256').update(JSON.stringify(content)).digest('hex') }];
}

/** Gives `to` what `from` holds under that name, where it is a text. */
export function shareText(from: FakeFolder, to: FakeFolder, file: string): void {
  const text = from.texts?.get(file);
  if (text !== undefined) (to.texts ??= new Map<string, string>()).set(file, text);
}

/** Texts and manifests, kept with the folder that they are in. */
export function fakeTexts(
  open: (folder: string) => FakeFolder,
  find: (folder: string) => FakeFolder | undefined,
): ArtifactTexts & Pick<ArtifactStore, 'readManifest' | 'seal'> {
  const ref = (folder: string, file: string) => ({
    path: `/backups/${folder}/${file}`,
    bytes: 1,
    sha256: 'a'.repeat(64),
  });
  return {
    writeText: async (folder, file, text) => {
      const found = open(folder);
      found.files.add(file);
      (found.texts ??= new Map<string, string>()).set(file, text);
      return ref(folder, file);
    },
    readText: async (folder, file) => find(folder)?.texts?.get(file),
    fingerprintPoints: async () => undefined,
    seal: async (folder, manifest) => {
      const found = open(folder);
      found.files.add('manifest.json');
      found.manifest = manifest;
      const lines = manifest.artifacts.flatMap(({ file, sha256, fingerprint }) => [
        `${sha256}  ${file}\n`,
        ...(fingerprint ? [`${fingerprint.sha256}  ${fingerprint.file}\n`] : []),
      ]);
      (found.texts ??= new Map<string, string>()).set('checksums.txt', lines.join(''));
      return ref(folder, 'manifest.json');
    },
    readManifest: async (folder) => find(folder)?.manifest ?? rescueManifest(recordsIn(find(folder))),
  };
}

/** What was saved before a restore has a record beside each store. */
function recordsIn(folder: FakeFolder | undefined): RescueRecord[] {
  return STORE_NAMES.flatMap((store) => {
    const text = folder?.texts?.get(rescueRecordFile(store));
    return text === undefined ? [] : [rescueRecordSchema.parse(JSON.parse(text))];
  });
}
