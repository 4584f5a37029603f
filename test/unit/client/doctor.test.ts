import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram, runProgram } from '../../../client/program';
import { renderDoctor } from '../../../client/render/doctor';
import { DOCTOR_RULES } from '../../../domain/doctor';
import { HybridFlowError } from '../../../domain/errors';
import type { DoctorReport } from '../../../inspection/doctor';
import { ANSI, fakeWorld, painted, plain } from './support';

const VERSION = 'v2_minor_20260102_000000';

const report: DoctorReport = {
  ...{ format: 'hybridflow-doctor/1', base: 'kb', takenAt: 'T', verdict: 'a staging is open', condition: 'busy' },
  ...{ says: 'A version is being staged.', command: 'hfv status', facts: {} as DoctorReport['facts'] },
  services: [
    { name: 'metadata.db', up: true, found: '12 chapters, 2 versions' },
    { name: 'Qdrant', up: false, found: 'nobody there' },
  ],
  change: {
    ...{ workflowId: 'hybridflow/kb/change', runId: 'r', type: 'publishVersion', startedAt: 'T0', url: null },
    ...{ versionId: VERSION, phase: 'staging', details: 'Asked for by me.\n\nNew chapters' },
    staging: { stage: 'open', deadline: 'T9' } as NonNullable<DoctorReport['change']>['staging'],
    failing: [{ activity: 'switchGraph', attempt: 4, error: 'NEO4J_UNREACHABLE: no answer' }],
  },
  unpolled: ['hybridflow.files'],
  switch: null,
  holders: ['the base is claimed for v2, which is at work'],
  current: { versionId: 'v1_baseline_20260101_000000', since: 'T1' },
  lastGood: { versionId: 'v1_baseline_20260101_000000', by: 'sizes' },
  latestCopy: { state: 'damaged', sameAs: null, problems: ['/b/latest-copy/metadata.db: missing'] },
  versions: [{ versionId: VERSION, status: 'committed', artifacts: 'damaged', problems: ['/b/v2/x: wrong size'] }],
  pins: [],
  leftovers: [
    {
      ...{ kind: 'rehearsal collection', where: 'qdrant', name: 'hfv_rehearsal_r9_1', bytes: null, since: null },
      ...{ ownerRunId: 'r9', run: 'ended', verdict: 'sweep', reason: 'nobody needs it' },
    },
  ],
  notes: ['Neo4j was not looked into'],
};

test('for people: the verdict and the next command first, then all that they rest on', () => {
  const text = renderDoctor(report, plain);
  const [head, says, , next] = text.split('\n');
  expect([head, says, next]).toEqual(['kb a staging is open', '  A version is being staged.', '  next: hfv status']);
  for (const line of [
    /running +publishVersion of v2_minor_20260102_000000, since T0/,
    /phase +staging/,
    /staging +open, cancels itself at T9/,
    /asked for +Asked for by me\. New chapters/,
    /failing +switchGraph, attempt 4: NEO4J_UNREACHABLE: no answer/,
    /held by +the base is claimed for v2, which is at work/,
    /no worker on +hybridflow\.files/,
    /current +v1_baseline_20260101_000000, since T1/,
    /last good +v1_baseline_20260101_000000 \(by sizes\)/,
    /latest-copy +damaged/,
    /Qdrant +down: nobody there/,
    /wrong v2_minor_20260102_000000: \/b\/v2\/x: wrong size/,
    /wrong latest-copy: \/b\/latest-copy\/metadata\.db: missing/,
    /left rehearsal collection hfv_rehearsal_r9_1 in qdrant, of run r9: sweep \(nobody needs it\)/,
    /note Neo4j was not looked into/,
  ]) {
    expect(text).toMatch(line);
  }
  expect(text).not.toContain(ANSI);
  expect(renderDoctor(report, painted)).toContain(ANSI);
});

test('every command that it may name is a verb of the program, with options that it has', () => {
  const program = buildProgram({ run: () => async () => undefined }, fakeWorld(), false);
  for (const { command } of DOCTOR_RULES) {
    const [, verb, ...rest] = command.split(' ');
    const found = program.commands.find((one) => one.name() === verb);
    expect([command, found?.name()]).toEqual([command, verb]);
    for (const option of rest.filter((word) => word.startsWith('--'))) {
      expect([command, found?.options.map(({ long }) => long)]).toEqual([command, expect.arrayContaining([option])]);
    }
  }
});

test('with nothing there at all it still is one object, and says so by its exit code', async () => {
  const root = mkdtempSync(join(tmpdir(), 'hfv-doctor-'));
  const connect = () => Promise.reject(new HybridFlowError('TEMPORAL_UNREACHABLE', { found: 'nobody at a:1' }));
  const env = {
    HYBRIDFLOW_METADATA_DB: join(root, 'metadata.db'),
    HYBRIDFLOW_BACKUPS: join(root, 'backups'),
    QDRANT_URL: 'http://127.0.0.1:9',
    NEO4J_URI: 'bolt://127.0.0.1:9',
    NEO4J_PASSWORD: 'hunter2',
  };
  const world = fakeWorld({ cwd: root, env, connect });
  try {
    expect(await runProgram(['doctor', '--json'], world)).toBe(8);
    const found = JSON.parse(world.printed.stdout) as DoctorReport;
    expect(found).toMatchObject({ verdict: 'there is no metadata.db', command: 'hfv plan', condition: 'unreachable' });
    expect(found.services.filter(({ up }) => up).map(({ name }) => name)).toEqual(['backups']);
    expect(world.printed.stdout).not.toContain('hunter2');
  } finally {
    rmSync(root, { recursive: true });
  }
}, 30_000);
