import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { versionUseSchema, type VersionUse } from '../../domain/version-use';
import type { ArtifactUses } from '../ports/uses';
import { placeText } from './disk';
import { unlessMissing } from './errors';
import { assertName } from './names';

const USE = '.in-use.';

export function isUseName(name: string): boolean {
  return name.startsWith(USE) && name.endsWith('.json');
}

/** One file a mark, so that nobody waits for anybody; what is there is there whole. */
export class UseMarks implements ArtifactUses {
  constructor(private readonly root: string) {}

  async markUse(use: VersionUse): Promise<void> {
    await placeText(this.#path(use), `${JSON.stringify(use)}\n`);
  }

  async unmarkUse(use: Pick<VersionUse, 'versionId' | 'id'>): Promise<void> {
    await rm(this.#path(use), { force: true });
  }

  async uses(): Promise<VersionUse[]> {
    const names = ((await unlessMissing(readdir(this.root))) ?? []).filter(isUseName).sort();
    const found: VersionUse[] = [];
    for (const name of names) {
      const use = parsed(await unlessMissing(readFile(join(this.root, name), 'utf8')));
      if (use && Date.parse(use.until) > Date.now()) found.push(use);
    }
    return found;
  }

  #path({ versionId, id }: Pick<VersionUse, 'versionId' | 'id'>): string {
    return join(this.root, assertName(`${USE}${versionId}.${id}.json`));
  }
}

/** Marks are put in place whole: what cannot be read is not one of ours. */
function parsed(text: string | undefined): VersionUse | undefined {
  try {
    return versionUseSchema.parse(JSON.parse(text ?? ''));
  } catch {
    return undefined;
  }
}
