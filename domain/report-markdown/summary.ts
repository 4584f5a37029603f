import type { RunReport } from '../report';
import { byName, count, duration, plural } from '../words';
import { bullets, block, code, facts, maybe, plain, section } from './text';

const OUTCOMES = {
  committed: 'committed',
  rolled_back: 'rolled back',
  needs_operator: 'needs an operator',
  refused: 'refused',
} as const;

/** What happened, to what, when, for whom, and why. */
export function summary(report: RunReport): string {
  const { outcome, base, versionId, startedAt, endedAt, plan, counts, criteria } = report;
  const met = criteria.filter(({ passed }) => passed).length;
  return [
    `# ${versionId}: ${OUTCOMES[outcome]}`,
    facts([
      ['Outcome', `${OUTCOMES[outcome]}${outcome === 'refused' ? '; nothing was changed' : ''}`],
      ['Reason', maybe(report.reason, plain)],
      ['Trigger', maybe(report.trigger, ({ trigger, name, severity }) => `${trigger}, ${name} (${severity})`)],
      ['Base', code(base)],
      ['Asked for by', maybe(report.startedBy, plain)],
      ['Notes', maybe(report.notes, plain)],
      ['Began', startedAt],
      ['Ended', `${endedAt} (after ${duration(Date.parse(endedAt) - Date.parse(startedAt))})`],
      ['Success criteria', criteria.length > 0 ? `${met} of ${criteria.length} met` : null],
      ['Workflow', `${code(report.workflowId)}, run ${code(report.runId)}`],
    ]),
    plan && `Before the run: ${before(plan.inventory)}. ${whereFrom(report)}`.trim(),
    counts &&
      `After the labelling: ${plural(counts.chapters, 'chapter')} (${byName(counts.perTextbook)}), ${plural(counts.points, 'point')}, ` +
        `${plural(counts.labels.paragraphs, 'paragraph')} of which ${count(counts.labels.labelled)} labelled, ` +
        `${plural(counts.nodes, 'node')}, ${plural(counts.relationships, 'relationship')}.`,
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** What a person should do now; every command is complete. */
export function nextSteps(report: RunReport): string {
  const { outcome, versionId, rollback, checklists } = report;
  if (outcome === 'committed') {
    const left = checklists.filter(({ state }) => state === 'person');
    const asked = left.map(
      ({ text, evidence, command }) => `${plain(text)}: ${plain(evidence)}${command ? `\n\n${block(command)}` : ''}`,
    );
    return section('What to do next', [
      `The version is there for good: look at it with ${code(`hfv show ${versionId}`)}.`,
      left.length > 0 ? 'Left for a person:' : null,
      ...asked,
    ]);
  }
  const again = 'mend the cause (see Reason), then run the migration again:';
  if (outcome === 'needs_operator') {
    const left =
      rollback?.left ??
      report.compensations.flatMap(({ name, state, error }) =>
        state === 'failed' ? [`${name}: ${error ?? 'failed'}`] : [],
      );
    return section('What to do next', [
      left.length > 0 ? `Still there:\n\n${bullets(left.map(plain))}` : null,
      'Mend what is named there, then run:',
      block(rollback?.next ?? 'hfv migrate'),
    ]);
  }
  const what = outcome === 'refused' ? 'Nothing was changed' : 'Everything that the run made was undone';
  return section('What to do next', [`${what}: ${again}`, block('hfv migrate')]);
}

function before({ sqlite, qdrant, neo4j }: NonNullable<RunReport['plan']>['inventory']): string {
  return [
    `${plural(sqlite.chapters, 'chapter')} (${byName(sqlite.perTextbook)})`,
    plural(qdrant.points, 'point'),
    plural(neo4j.paragraphs, 'paragraph'),
    plural(neo4j.nodes, 'node'),
    plural(neo4j.relationships, 'relationship'),
  ].join(', ');
}

function whereFrom({ preMigrationPath, plan }: RunReport): string {
  const hash = plan ? `plan ${code(plan.hash)}` : '';
  return preMigrationPath === null ? `(${hash})` : `The whole is in ${code(preMigrationPath)} (${hash}).`;
}
