import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Refusal } from '../domain/preflight';
import { LATEST_COPY } from '../domain/version-id';
import type { ArtifactStore } from '../stores/ports';

export interface BackupsFolder {
  path: string;
  freeBytes: number;
  refusals: Refusal[];
}

/** The backups folder as it stands, or its nearest parent where it does not exist yet. Creates nothing, writes nothing. */
export async function inspectBackups(artifacts: ArtifactStore): Promise<BackupsFolder> {
  const path = dirname(artifacts.pathOf(LATEST_COPY));
  const why = await whyUnusable(path);
  const refusals: Refusal[] = why === undefined ? [] : [unwritable(why)];
  return { path, freeBytes: await artifacts.freeBytes(), refusals };
}

async function whyUnusable(path: string): Promise<string | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error.code);
  if (found === 'ENOENT' && dirname(path) !== path) return whyUnusable(dirname(path));
  if (found === undefined || typeof found === 'string')
    return `${path} cannot be reached (${found ?? 'no reason given'})`;
  if (!found.isDirectory()) return `${path} is a file`;
  return access(path, constants.W_OK | constants.X_OK).then(
    () => undefined,
    () => `${path} may not be written by this user`,
  );
}

function unwritable(found: string): Refusal {
  return {
    code: 'BACKUPS_UNWRITABLE',
    facts: { found, expected: 'a folder', next: 'set HYBRIDFLOW_BACKUPS to a folder that may be written' },
  };
}
