import { relative } from 'node:path';
import { readRecord } from '../../stack/services/records';
import { onPath } from '../../stack/toolchain/java';
import type { Settings } from '../../config/schema';
import type { BaselineOutcome } from '../../domain/baseline';
import { filesQueue, TASK_QUEUE } from '../../domain/names';
import type { StackStatus } from '../../stack/stack';
import type { Colors } from '../output';
import { renderOutcome } from './outcome';
import { fields } from './text';

export interface DemoView {
  outcome: BaselineOutcome;
  url: string | null;
  workflowId: string;
  stack: StackStatus;
  settings: Settings;
  /** Everything is stopped right after: then there is nothing to look at but files. */
  goesDown: boolean;
}

/** What was registered, where it is, how to look around, how to stop. */
export function renderDemo(view: DemoView, color: Colors): string {
  const { outcome, url, settings, goesDown } = view;
  const where = fields([
    ['metadata.db', settings.metadataDb],
    ['artifacts', `${settings.backups}/${outcome.versionId}`],
  ]);
  const title = (text: string) => color.bold(text);
  return [
    renderOutcome(outcome, goesDown ? null : url, color),
    '',
    title('Where it is'),
    ...where,
    '',
    ...(goesDown
      ? ['Everything is being stopped; data stays. Start again with `npm run demo`.']
      : lookAround(view, title)),
  ].join('\n');
}

function lookAround(
  { outcome, workflowId, stack, settings, url }: DemoView,
  title: (text: string) => string,
): string[] {
  const inPlace = relative(process.cwd(), stack.root) === '.stack';
  const flag = inPlace ? '' : ` --stack ${stack.root}`;
  const temporal = temporalCommand(stack.root);
  const address = stack.env.TEMPORAL_ADDRESS ?? settings.temporal.address;
  const server = address ? ` --address ${address}` : '';
  return [
    title('Look around'),
    ...fields([
      ['state', `npx hfv status${flag}`],
      ['version', `npx hfv show ${outcome.versionId}${flag}`],
      ['checksums', `(cd ${settings.backups}/${outcome.versionId} && sha256sum -c checksums.txt)`],
      ['history', `${temporal} workflow show${server} --workflow-id ${workflowId}`],
      [
        'run it by hand',
        `${temporal} workflow start${server} --type registerBaseline --task-queue ${TASK_QUEUE} --input '{}'`,
      ],
      ['Temporal UI', url],
      ['worker', `polls ${TASK_QUEUE} and ${filesQueue(TASK_QUEUE)}; its log is ${stack.root}/logs/worker.log`],
    ]),
    '',
    `Run \`npm run demo\` again and it finds the baseline; \`npm run demo -- --fresh\` starts over.`,
    `Stop everything with \`${inPlace ? 'npm run down' : `npx hfv down${flag}`}\`.`,
  ];
}

/** Temporal's command line as it can be called here: from the PATH, or the one that the stack's server was started with. */
function temporalCommand(root: string): string {
  const started = readRecord(root, 'temporal')?.command?.split(' ')[0];
  return onPath('temporal') === undefined && started ? started : 'temporal';
}
