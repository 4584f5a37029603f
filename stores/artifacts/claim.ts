import { constants } from 'node:fs';
import { copyFile, link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Claim, ClaimResult } from '../../domain/claim';
import { HybridFlowError } from '../../domain/errors';
import { fsyncFile, fsyncFolder, placeText } from './disk';
import { errnoOf, unlessMissing } from './errors';
import { ensureRoot } from './folder';
import { temporaryName } from './names';

const CLAIM_FILE = '.claim.json';

const columnSchema = z.looseObject({
  name: z.string(),
  type: z.string(),
  notNull: z.boolean(),
  primaryKey: z.boolean(),
});
const claimSchema: z.ZodType<Claim> = z.looseObject({
  base: z.string(),
  workflowId: z.string(),
  runId: z.string().min(1),
  versionId: z.string(),
  label: z.string(),
  claimedAt: z.string(),
  tablesBefore: z
    .array(
      z.looseObject({
        name: z.string(),
        state: z.enum(['absent', 'fits', 'differs']),
        rows: z.number(),
        columns: z.array(columnSchema),
        differences: z.array(z.string()),
        ddl: z.array(z.string()),
      }),
    )
    .optional(),
  qdrantSnapshotsBefore: z.array(z.string()).optional(),
  qdrantSnapshots: z.array(z.string()).optional(),
});

/** Takes the claim, whole and exclusively: a complete file gets its name by link(2), which never replaces one. */
export async function takeClaim(root: string, claim: Claim): Promise<ClaimResult> {
  await ensureRoot(root);
  const temporary = join(root, temporaryName('claim'));
  try {
    await writeFile(temporary, textOf(claim), { mode: 0o600, flag: 'wx' });
    await fsyncFile(temporary);
    // The holder may let go between the two steps; then it is free for the next try.
    for (let tries = 0; tries < 10; tries += 1) {
      if (await placeExclusively(temporary, join(root, CLAIM_FILE))) {
        await fsyncFolder(root);
        return { state: 'claimed' };
      }
      const holder = await readClaim(root);
      if (holder) return holder.runId === claim.runId ? { state: 'claimed' } : { state: 'held', holder };
    }
    throw new HybridFlowError('BASE_BUSY', {
      found: `The claim in ${root} is taken and let go in quick turns`,
      next: 'start again in a moment',
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

/** @throws HybridFlowError BASE_BUSY where the file is there but cannot be read as a claim */
export async function readClaim(root: string): Promise<Claim | undefined> {
  const file = join(root, CLAIM_FILE);
  const text = await unlessMissing(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  try {
    return claimSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new HybridFlowError(
      'BASE_BUSY',
      {
        found: `${file} is there but cannot be read as a claim`,
        expected: 'the claim of a run, or no such file',
        next: `make sure with \`hfv status\` that no change is running, then remove ${file}`,
        details: { file },
      },
      { cause },
    );
  }
}

/** @throws HybridFlowError FENCED where the claim is not this run's any more */
export async function amendClaim(root: string, claim: Claim): Promise<void> {
  const holder = await readClaim(root);
  if (holder?.runId === claim.runId) return placeText(join(root, CLAIM_FILE), textOf(claim));
  throw new HybridFlowError('FENCED', {
    found: holder ? `The claim is held by run ${holder.runId}` : 'Nobody holds the claim',
    expected: `run ${claim.runId} to hold it`,
    next: 'nothing was changed; this run has ended or was replaced',
    details: { runId: holder?.runId ?? null },
  });
}

/** Lets go of one's own claim; another's is left alone. */
export async function releaseClaim(root: string, runId: string): Promise<void> {
  if ((await readClaim(root))?.runId === runId) await removeIfStillOf(root, runId);
}

/**
 * Two may try to release the same dead holder at once, and the slower must not take the claim of whoever came
 * next: so the file is moved away first, and put back where it turns out to be another's by now.
 */
export async function removeIfStillOf(root: string, runId: string): Promise<void> {
  const file = join(root, CLAIM_FILE);
  const moved = join(root, temporaryName('claim'));
  if (!(await unlessMissing(rename(file, moved).then(() => true)))) return;
  if (!isOf(await readFile(moved, 'utf8'), runId)) await placeExclusively(moved, file);
  await rm(moved, { force: true });
  await fsyncFolder(root);
}

async function placeExclusively(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to).catch((error: unknown) => {
      if (errnoOf(error) === 'EEXIST') throw error;
      return copyFile(from, to, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function isOf(text: string, runId: string): boolean {
  try {
    return claimSchema.parse(JSON.parse(text)).runId === runId;
  } catch {
    return false;
  }
}

function textOf(claim: Claim): string {
  return `${JSON.stringify(claim, null, 2)}\n`;
}
