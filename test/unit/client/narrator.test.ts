import { labelsText, Narrator, pauseText } from '../../../client/render/narrator';
import type { StepRecord } from '../../../domain/baseline';
import { progressView } from './support';

const at = '2026-01-02T03:04:05.000Z';
const step = (name: string, state: StepRecord['state'], phase: StepRecord['phase'] = 'preflight'): StepRecord => ({
  phase,
  name,
  state,
  startedAt: at,
  ...(state !== 'running' && { endedAt: '2026-01-02T03:04:06.500Z' }),
});
const labels = (done: number) => ({ done, total: 100, batch: done / 10, batches: 10, rate: 50, etaSeconds: 1.2 });

describe('the narrator', () => {
  test('says the beginning and the end of a step once, however often it is asked', () => {
    const narrator = new Narrator({ plain: true });
    const running = progressView({ steps: [step('look', 'running')] });
    expect(narrator.tell(running)).toEqual(['preflight', '  … look']);
    expect(narrator.tell(running)).toEqual([]);
    const done = progressView({ steps: [step('look', 'done')] });
    expect(narrator.tell(done)).toEqual(['  ✓ look (1.5 s)']);
    expect(narrator.tell(done)).toEqual([]);
  });

  test('skips the beginning where bars show it, and where a step ended between two looks', () => {
    expect(new Narrator({ plain: false }).tell(progressView({ steps: [step('look', 'running')] }))).toEqual([]);
    const missed = new Narrator({ plain: true }).tell(progressView({ steps: [step('look', 'failed')] }));
    expect(missed).toEqual(['preflight', '  ✗ look (1.5 s)']);
  });

  test('names each phase when it begins', () => {
    const narrator = new Narrator({ plain: true });
    narrator.tell(progressView({ steps: [step('look', 'done')] }));
    const next = progressView({
      phase: 'latest-copy',
      steps: [step('look', 'done'), step('copy', 'done', 'latest-copy')],
    });
    expect(narrator.tell(next)).toEqual(['latest-copy', '  ✓ copy (1.5 s)']);
    expect(narrator.tell(progressView({ phase: 'validation', steps: next.steps }))).toEqual(['validation']);
  });

  test('tells of labels by tenths, so that no log is flooded', () => {
    const narrator = new Narrator({ plain: true });
    const said = Array.from({ length: 101 }, (_, done) => narrator.tell(progressView({ labels: labels(done) }))).flat();
    expect(said.filter((line) => line.startsWith('  labels'))).toHaveLength(10);
    expect(said.at(-1)).toBe('  labels 100 of 100 (100 %), batch 10/10, 50/s');
  });

  test('tells of a pause, of its end, and of nothing in between', () => {
    const narrator = new Narrator({ plain: false });
    const paused = progressView({
      pause: { state: 'paused', reason: 'load', by: 'ann', quiescedAt: at },
      labels: labels(30),
    });
    expect(narrator.tell(paused)).toEqual([
      `  Neo4j writes paused, quiesced at ${at}, batch 3/10, by ann, reason: load`,
    ]);
    expect(narrator.tell(paused)).toEqual([]);
    expect(narrator.tell(progressView({ labels: labels(30) }))).toEqual(['  Neo4j writes go on']);
  });

  test('tells of a rollback and each undo once, and does not call the gate’s opening a resume', () => {
    const narrator = new Narrator({ plain: false });
    narrator.tell(progressView({ pause: { state: 'paused' } }));
    const first = {
      state: 'rolling back',
      reason: 'boom',
      compensations: [{ name: 'labels', state: 'undone' }],
    } as const;
    expect(narrator.tell(progressView({ ...first, compensations: [...first.compensations] }))).toEqual([
      'rolling back: boom',
      '  undone: labels',
    ]);
    const second = [...first.compensations, { name: 'tables', state: 'failed', error: 'locked' } as const];
    expect(narrator.tell(progressView({ ...first, compensations: second }))).toEqual(['  failed: tables (locked)']);
  });
});

describe('labels and pauses in words', () => {
  test('count, share, batch, rate and time to go', () => {
    const view = { done: 12_000, total: 36_216, batch: 12, batches: 37, rate: 5_200.4, etaSeconds: 4.65 };
    expect(labelsText(view)).toBe('12,000 of 36,216 (33 %), batch 12/37, 5,200/s, about 5 s to go');
    expect(labelsText({ ...view, rate: 0, etaSeconds: null })).toBe('12,000 of 36,216 (33 %), batch 12/37');
    expect(labelsText({ ...view, done: 0, total: 0, batch: 0, batches: 0 })).toContain('(100 %)');
  });

  test('pausing is not paused', () => {
    expect(pauseText({ state: 'pausing', quiescedAt: at }, null)).toBe('Neo4j writes pausing');
    expect(pauseText({ state: 'paused', quiescedAt: at, until: at }, null)).toBe(
      `Neo4j writes paused, quiesced at ${at}, until ${at}`,
    );
  });
});
