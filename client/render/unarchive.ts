import prettyBytes from 'pretty-bytes';
import type { Colors } from '../output';
import type { Unarchived } from '../unarchive';

/** Where the version lies now, what keeps it there, and what can be done with it. */
export function renderUnarchived(found: Unarchived, color: Colors): string {
  const { versionId, state, path, bytes, status, pin, pinnedBefore, notes } = found;
  const did = state === 'unarchived' ? 'is back beside the others' : 'lies beside the others already';
  return [
    `${color.bold(versionId)} ${color.green(did)}${state === 'unarchived' ? `, ${prettyBytes(bytes)}` : ''}`,
    `  ${path}`,
    ...(status === 'archived' ? [`  its row stays archived; \`hfv restore ${versionId}\` takes it all the same`] : []),
    ...(pin ? [`  ${pinnedBefore ? 'pinned before' : 'pinned'} by ${pin.by}: ${pin.reason}`] : []),
    ...(pin ? [`  \`hfv unpin ${versionId}\` lets the window put it away again`] : []),
    ...notes.map((note) => `${color.yellow('note')} ${note}`),
  ].join('\n');
}
