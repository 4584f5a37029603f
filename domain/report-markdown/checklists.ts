import type { ChecklistItem } from '../checklists';
import type { RunReport } from '../report';
import { code, plain, section } from './text';

const LISTS = { before: 'Pre-migration', during: 'During migration', after: 'Post-migration' } as const;

/** The plan's three lists, ticked where something ticks them. */
export function checklistsSection({ checklists }: RunReport): string {
  const lists = (Object.keys(LISTS) as ChecklistItem['list'][]).map((list) => {
    const own = checklists.filter((item) => item.list === list).map(box);
    return own.length > 0 ? [`### ${LISTS[list]}`, own.join('\n')].join('\n\n') : null;
  });
  return section('Checklists', lists);
}

function box({ text, state, evidence, command }: ChecklistItem): string {
  const tick = state === 'done' ? 'x' : ' ';
  const verdict = { done: '', failed: '**failed**: ', 'not reached': 'not reached: ', person: 'for a person: ' }[state];
  return `- [${tick}] ${plain(text)} — ${verdict}${plain(evidence)}${command ? `; ${code(command)}` : ''}`;
}
