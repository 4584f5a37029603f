import type { ActivityDeps } from '../../activities';
import type { BaselineOutcome, RegisterBaselineInput } from '../../domain/baseline';
import type { ProbeSettings } from '../../domain/probes';
import type { RunReport } from '../../domain/report';
import { TRIGGERS, type TriggerNumber } from '../../domain/triggers';
import { TestBase } from './base';
import { fingerprint, type Fingerprint } from './fingerprint';
import { connectLive, type Live } from './live';
import { withMeddling, type Meddling } from './meddle';
import { failureOf, startWorkers, type FailureFacts, type SharedWorkers } from './workflow-env';

export interface Provocation {
  meddlings?: Meddling[];
  input?: RegisterBaselineInput;
  probes?: Partial<ProbeSettings>;
  /** Ports that take the place of the real ones. */
  deps?: Partial<ActivityDeps>;
}

export interface Provoked {
  failure: FailureFacts;
  outcome: BaselineOutcome;
  report: RunReport;
}

/** A small base, migrated again and again while something goes wrong in one of its stores. */
export class Provoking {
  #runs = 0;
  #before: Fingerprint | undefined;

  private constructor(
    readonly live: Live,
    readonly base: TestBase,
    readonly deps: ActivityDeps,
    private readonly workers: SharedWorkers,
  ) {}

  static async open(): Promise<Provoking> {
    const live = await connectLive();
    const base = await TestBase.make({ paragraphs: 120, migration: { batchSize: 20, batchesPerSpan: 2 } });
    const deps = live.open(base.settings);
    return new Provoking(live, base, deps, await startWorkers(live, deps));
  }

  async close(): Promise<void> {
    await this.workers.stop();
    await this.live.close().finally(() => this.base.close());
  }

  /** What the stores are to be again. */
  async remember(): Promise<void> {
    this.#before = await fingerprint(this.base);
  }

  /** A migration that must fail. */
  async provoke(how: Provocation): Promise<Provoked> {
    const failure = await failureOf((await this.#start({ ...how, input: { maxAttempts: 2, ...how.input } })).result());
    const outcome = failure.details[1] as BaselineOutcome;
    const text = await this.deps.artifacts.readReport(outcome.versionId, 'report.json');
    return { failure, outcome, report: JSON.parse(text ?? 'null') as RunReport };
  }

  /** A migration that must commit all the same. */
  async commits(how: Provocation): Promise<BaselineOutcome> {
    return (await (await this.#start(how)).result()) as BaselineOutcome;
  }

  async #start({ meddlings = [], input = {}, probes = {}, deps = {} }: Provocation) {
    const { taskQueue } = this.workers;
    const workflowId = `${taskQueue}-trigger-${++this.#runs}`;
    const given = withMeddling({ ...this.deps, ...deps }, meddlings);
    this.workers.assign(workflowId, { ...given, probes: { ...given.probes, ...probes } });
    return this.live.client.workflow.start('registerBaseline', { taskQueue, workflowId, args: [input] });
  }

  /**
   * The rollback is told by its trigger, written down, proven and true; nothing of the run stands in anybody's way.
   * `row`: whether the version had come so far as to be registered.
   */
  async expectProven(end: Provoked, trigger: TriggerNumber, { row = true } = {}): Promise<void> {
    const { failure, outcome, report } = end;
    const { name, severity } = TRIGGERS[trigger];
    const message = `Trigger ${trigger}: ${name} - `;
    expect([failure.code, failure.message]).toEqual(['ROLLED_BACK', expect.stringContaining(message)]);
    expect(outcome.trigger).toMatchObject({ trigger, severity });
    expect(failure.message).toContain(outcome.trigger?.evidence);
    expect(outcome.rollback).toMatchObject({ proven: true, left: [], next: null });
    expect(outcome.rollback?.steps.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(report).toMatchObject({ outcome: 'rolled_back', trigger: outcome.trigger, rollback: { proven: true } });
    this.#expectJudged(end, { row });
    this.#expectRecorded(end, row ? `${message}${outcome.trigger?.evidence}` : null);
    expect(await this.base.fence()).toBeUndefined();
    expect(this.base.backups().filter((path) => path.startsWith('.'))).toEqual([]);
    expect(await fingerprint(this.base)).toEqual(this.#before);
  }

  #expectRecorded({ outcome }: Provoked, message: string | null): void {
    const tables = this.base.sql<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table'`);
    const rowsOf = (table: string, columns: string, where = '1') =>
      tables.some(({ name }) => name === table) ? this.base.sql(`SELECT ${columns} FROM ${table} WHERE ${where}`) : [];
    const ours = `version_id = '${outcome.versionId}'`;
    const states = message === null ? [] : [{ status: 'rolled_back', status_message: message }];
    expect(rowsOf('version_registry', 'status, status_message', ours)).toEqual(states);
    const trigger = `json_extract(details, '$.trigger.trigger') AS fired, completed_at IS NOT NULL AS ended`;
    const logged = message === null ? [] : [{ status: 'success', fired: outcome.trigger?.trigger, ended: 1 }];
    expect(rowsOf('operation_log', `status, ${trigger}`, `${ours} AND operation_type = 'rollback'`)).toEqual(logged);
    expect(rowsOf('write_fence', '*')).toEqual([]);
  }

  /** Judged by what it had reached, validated again, and both told alike in the result, operation_log and the report. */
  #expectJudged({ outcome, report }: Provoked, { row }: { row: boolean }): void {
    const { criteria = [], rollback } = outcome;
    expect(criteria.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(criteria[0]).toMatchObject({ passed: false });
    expect([report.criteria, report.rollback?.criteria]).toEqual([criteria, criteria]);
    const checks = rollback?.checks.map(({ number, name, passed, actual, expected }) => {
      return { number, name, passed, actual, expected };
    });
    expect(new Set(checks?.map(({ number }) => number))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
    const told = { trigger: outcome.trigger, steps: rollback?.steps, checks, proven: true, left: [] };
    const rows = !row
      ? []
      : [
          ['post_mortem', 'success', expect.objectContaining(told)],
          ['success_criteria', 'failed', { criteria }],
        ];
    expect(this.#lastWords(outcome.versionId)).toEqual(rows);
  }

  #lastWords(versionId: string): unknown[] {
    const tables = this.base.sql(`SELECT name FROM sqlite_master WHERE name = 'operation_log'`);
    if (tables.length === 0) return [];
    const types = `operation_type IN ('post_mortem', 'success_criteria')`;
    const where = `version_id = '${versionId}' AND ${types} ORDER BY id`;
    return this.base
      .sql<{ operation_type: string; status: string; details: string }>(`SELECT * FROM operation_log WHERE ${where}`)
      .map(({ operation_type, status, details }) => [operation_type, status, JSON.parse(details) as unknown]);
  }
}
