import { createHash } from 'node:crypto';
import { HybridFlowError } from '../../../domain/errors';
import type { ArtifactCopies, ArtifactStore, GraphRestore, VectorRestore } from '../../../stores/ports';
import type { FakeFolder } from './fingerprints';

/** Side collections by name; production is never touched. */
export function fakeVectorRestore(asides: Set<string>): VectorRestore {
  return {
    restoreAside: async (_, collection) => void asides.add(collection),
    dropAside: async (collection) => void asides.delete(collection),
    collectionsNamed: async (prefix) => [...asides].filter((name) => name.startsWith(prefix)).sort(),
    restoreFrom: async () => undefined,
  };
}

export function fakeGraphRestore(): GraphRestore {
  return {
    restoreFrom: async () => ({
      nodesCreated: 0,
      nodesDeleted: 0,
      nodesUpdated: 0,
      relationshipsCreated: 0,
      relationshipsDeleted: 0,
      schemaCreated: [],
      schemaDropped: [],
    }),
    removeStaging: async () => 0,
  };
}

/** There are no files to copy: the work sees the name. */
export function fakeCopies(): ArtifactCopies {
  return {
    withCopy: async (folder, file, name, work) => work(`/backups/${name}/${folder}/${file}`),
    removeCopies: async () => undefined,
  };
}

/** Texts have the hash of their content, any other file the one that all have here. */
export function fakeDigest(find: (folder: string) => FakeFolder | undefined): ArtifactStore['digest'] {
  return async (folder, file) => {
    const path = `/backups/${folder}/${file}`;
    const found = find(folder);
    const text = found?.texts?.get(file);
    if (text !== undefined) return { path, bytes: 1, sha256: createHash('sha256').update(text).digest('hex') };
    if (found?.files.has(file)) return { path, bytes: 1, sha256: 'a'.repeat(64) };
    throw new HybridFlowError('ARTIFACT_DAMAGED', { found: `${path}: is missing` });
  };
}
