import prettyBytes from 'pretty-bytes';
import { STORE_TITLES } from '../../domain/words';
import type { Colors } from '../output';
import type { RescueView } from '../rescue-views';
import { table } from './tables';

const HEAD = ['saved before a restore', 'stores', 'production was', 'saved', 'size', ''];

/** What `hfv restore` can give back beside the versions, as lines; none where there is none. */
export function renderRescues(rescues: readonly RescueView[], color: Colors): string[] {
  if (rescues.length === 0) return [];
  const rows = rescues.map(({ folder, stores, versionId, savedAt, bytes, problem }) => [
    folder,
    stores.map((store) => STORE_TITLES[store]).join(', '),
    versionId ?? '',
    savedAt,
    prettyBytes(bytes),
    problem === null ? '' : color.red(problem),
  ]);
  return ['', table(HEAD, rows, color)];
}
