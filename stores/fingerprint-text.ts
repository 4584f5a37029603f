import { createHash } from 'node:crypto';
import { HybridFlowError } from '../domain/errors';
import type { GroupFingerprint, StoreFingerprint } from '../domain/fingerprint';
import { STORE_NAMES, type StoreName } from '../domain/names';

/**
 * The list of a store's groups as text, one line a group, in the order of their names' bytes. It is the content of the
 * file beside the artifact, and its SHA-256 is the store's fingerprint.
 */
export function listText(groups: readonly GroupFingerprint[]): string {
  return groups.map(({ group, items, sha256 }) => `${sha256}  ${items}  ${group}\n`).join('');
}

/**
 * Reads such a list back.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED naming `file` and the line, where it is cut short or no such list
 */
export function parseList(text: string, file: string): GroupFingerprint[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw damaged(file, 'ends within a line: it was cut short');
  const groups = lines.map((line, i) => parseLine(line) ?? refuse(file, i));
  groups.forEach(({ group }, i) => {
    const before = groups[i - 1];
    if (before && byBytes(before.group, group) >= 0) refuse(file, i);
  });
  return groups;
}

/** A list of groups in one line: how much it covers, and its fingerprint. */
export function summaryOf(groups: readonly GroupFingerprint[]): StoreFingerprint {
  const items = groups.reduce((sum, group) => sum + group.items, 0);
  return { items, groups: groups.length, sha256: textHash(listText(groups)) };
}

/** One hash over the fingerprints of the three stores; undefined where one of them has none. */
export function rootFingerprint(
  artifacts: readonly { store: StoreName; fingerprint?: { sha256: string } }[],
): string | undefined {
  const lines = [...STORE_NAMES].sort().map((store) => {
    const sha256 = artifacts.find((artifact) => artifact.store === store)?.fingerprint?.sha256;
    return sha256 && `${sha256}  ${store}\n`;
  });
  return lines.every((line) => line !== undefined) ? textHash(lines.join('')) : undefined;
}

/** Orders names by their UTF-8 bytes, as any other program would. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function textHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function parseLine(line: string): GroupFingerprint | undefined {
  const [, sha256, items, group] = /^([0-9a-f]{64}) {2}(0|[1-9]\d{0,14}) {2}([^]+)$/.exec(line) ?? [];
  return sha256 && items && group ? { group, items: Number(items), sha256 } : undefined;
}

function refuse(file: string, index: number): never {
  throw damaged(file, `line ${index + 1} is none of a list of fingerprints, or not in its place`);
}

function damaged(file: string, found: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${file}: ${found}`,
    expected: 'lines of a SHA-256, a number of items and a group, by group',
    next: 'do not use this copy; `hfv verify` tells which copies are sound',
    details: { file },
  });
}
