import prettyBytes from 'pretty-bytes';
import { STORE_NAMES } from '../../domain/names';
import type { Growth } from '../../domain/version-stats';
import type { WindowItem } from '../../domain/window';
import { STORE_TITLES } from '../../domain/words';
import type { Colors } from '../output';
import { table } from './tables';
import { count, fields, plural } from './text';

/** What `hfv stats` knows. Field names are part of the contract. */
export interface StatsView extends Growth {
  base: string;
  freeBytes: number;
  /** What a change leaves alone. */
  reserveBytes: number;
  /** How many more versions of the predicted size fit; null where none can be predicted. */
  fits: number | null;
  /** The version to let go of where space is wanted; null where nothing may go. */
  nextToGo: WindowItem | null;
  /** How often each type of operation was done, by how it ended. */
  operations: Record<string, Record<string, number>>;
}

/** Sizes and growth as a table, then the disk, then what was done. */
export function renderStats(view: StatsView, color: Colors): string {
  const { base, versions, operations } = view;
  if (versions.length === 0) return `${base} has no versions yet; register the first with \`hfv migrate\``;
  return [
    `${color.bold(base)} ${plural(versions.length, 'version')}`,
    '',
    sizesTable(versions, color),
    '',
    ...fields(diskRows(view, color)),
    '',
    ...fields(Object.entries(operations).map(([type, ended]) => [type, endedText(ended)] as const)),
  ].join('\n');
}

function sizesTable(versions: StatsView['versions'], color: Colors): string {
  const rows = versions.map(({ versionId, bytes, total, grewBy }) => [
    versionId,
    ...STORE_NAMES.map((store) => (bytes ? prettyBytes(bytes[store]) : '')),
    total === null ? 'no manifest' : prettyBytes(total),
    grewBy === null ? '' : prettyBytes(grewBy, { signed: true }),
  ]);
  return table(['version', ...STORE_NAMES.map((store) => STORE_TITLES[store]), 'in all', 'growth'], rows, color);
}

function diskRows({ predicted, freeBytes, reserveBytes, fits, nextToGo }: StatsView, color: Colors) {
  const room = fits === null ? null : fits === 0 ? color.red('no other version fits') : `${count(fits)} more`;
  const each = predicted && STORE_NAMES.map((store) => `${STORE_TITLES[store]} ${prettyBytes(predicted.bytes[store])}`);
  return [
    ['next version', predicted && `about ${prettyBytes(predicted.total)} (${each?.join(', ')})`],
    ['free', `${prettyBytes(freeBytes)}, of which ${prettyBytes(reserveBytes)} are left alone`],
    ['room for', room],
    [
      'first to go',
      nextToGo
        ? `${nextToGo.versionId}, ${prettyBytes(nextToGo.bytes)} (\`hfv retain --dry-run\`)`
        : 'none: every version is held by something',
    ],
  ] as const;
}

/** `3 success, 1 failed`. */
function endedText(ended: Record<string, number>): string {
  return Object.entries(ended)
    .map(([status, times]) => `${count(times)} ${status}`)
    .join(', ');
}
