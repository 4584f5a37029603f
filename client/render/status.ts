import type { ProgressView } from '../../domain/baseline';
import type { VersionRow } from '../../domain/registry';
import type { StagingView } from '../../domain/staging';
import { ACTIVE_STATUSES } from '../../domain/status';
import type { ChangeView } from '../changes';
import type { Colors } from '../output';
import type { Standstill } from '../pending';
import { compensationLines } from './outcome';
import { labelsText, pauseText } from './narrator';
import { fields, plural } from './text';

export interface TemporalView {
  reachable: boolean;
  address: string | null;
  error: string | null;
}

export interface RegistryView {
  readable: boolean;
  path: string;
  versions: VersionRow[];
  error: string | null;
}

/** What `hfv status` knows. Field names are part of the contract. */
export interface StatusView {
  base: string;
  temporal: TemporalView;
  /** The running change, or else the last one; null where there is none, or Temporal does not answer. */
  change: ChangeView | null;
  /** Of a running change whose worker answers. */
  progress: ProgressView | null;
  /** What a running change waits for; null where none runs. */
  standstill: Standstill | null;
  registry: RegistryView;
}

type Row = readonly [string, string | null];

/** The state of a base, for people. */
export function renderStatus(view: StatusView, color: Colors): string {
  const { base, change, progress, registry, standstill } = view;
  const silent = change !== null && change.closedAt === null && progress === null;
  return [
    color.bold(base),
    ...fields([...changeRows(view, color), ...registryRows(registry, color)]),
    ...(progress ? compensationLines(progress.compensations, color) : []),
    ...(silent ? [`  ${color.yellow('no worker answers')}: the run waits until one does (\`hfv worker\`)`] : []),
    ...(standstill ? standstillLines(standstill, color) : []),
  ].join('\n');
}

/** Why nothing moves, for whoever is called at night. */
function standstillLines({ failing, unpolled }: Standstill, color: Colors): string[] {
  return [
    ...unpolled.map((queue) => `  ${color.yellow('no worker polls')} ${queue}: start one with \`hfv worker\``),
    ...failing.map(({ activity, attempt, error, nextAt }) => {
      const next = nextAt === null ? `attempt ${attempt} is under way` : `attempt ${attempt} at ${nextAt}`;
      return `  ${color.red('failing')} ${activity}: ${error} (${next})`;
    }),
  ];
}

function changeRows({ temporal, change, progress }: StatusView, color: Colors): Row[] {
  if (!temporal.reachable) return [['Temporal', color.yellow(temporal.error ?? 'does not answer')]];
  if (!change) return [['change', 'none is running, and Temporal knows of none']];
  const { status, type, workflowId, runId, startedAt, closedAt, url } = change;
  return [
    closedAt === null
      ? ['running', `${type}, since ${startedAt}`]
      : ['last change', `${type}, ${status.toLowerCase()} at ${closedAt}`],
    ['workflow', `${workflowId} (run ${runId})`],
    ['Temporal', url],
    ...(progress ? progressRows(progress) : []),
  ];
}

function progressRows({ versionId, state, phase, steps, labels, pause, reason, staging }: ProgressView): Row[] {
  const step = steps.findLast((one) => one.state === 'running')?.name;
  return [
    ['version', versionId],
    ['state', state],
    ['phase', step ? `${phase}: ${step}` : phase],
    ['labels', labels && labelsText(labels)],
    ['pause', pause.state === 'open' ? null : pauseText(pause, labels)],
    ['staging', staging ? stagingText(staging) : null],
    ['reason', reason],
  ];
}

function stagingText({ stage, from, deadline, warning, lastReady }: StagingView): string {
  const parts = [`${stage}, from ${from}`];
  if (deadline) parts.push(`cancels itself at ${deadline}`);
  if (warning) parts.push(warning);
  if (lastReady && !lastReady.accepted) parts.push(`last refused: ${lastReady.failed.join('; ')}`);
  return parts.join('\n');
}

function registryRows({ readable, path, versions, error }: RegistryView, color: Colors): Row[] {
  if (!readable) return [['registry', `${color.yellow('cannot be read')}: ${error}`]];
  const last = versions.findLast(({ status }) => status === 'committed');
  const open = versions.filter(({ status }) => (ACTIVE_STATUSES as readonly string[]).includes(status));
  return [
    ['registry', `${plural(versions.length, 'version')} in ${path}`],
    ['committed', last ? `${last.versionId} (${last.updatedAt} UTC)` : 'none yet'],
    ...open.map(({ versionId, status }): Row => ['unfinished', `${versionId} is ${status}`]),
  ];
}
