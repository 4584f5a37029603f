import pc from 'picocolors';
import type { BaselineOutcome, ProgressView } from '../../../domain/baseline';
import type { World } from '../../../client/context';

export const plain = pc.createColors(false);
export const painted = pc.createColors(true);

/** Where a terminal's colour begins. */
export const ANSI = String.fromCharCode(27);

/** A world whose output is kept, and whose environment is the test's own. */
export function fakeWorld(overrides: Partial<World> = {}): World & { printed: { stdout: string; stderr: string } } {
  const printed = { stdout: '', stderr: '' };
  const keep = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      printed[name] += text;
    },
  });
  return { stdout: keep('stdout'), stderr: keep('stderr'), env: {}, cwd: '/nowhere', ...overrides, printed };
}

export function progressView(overrides: Partial<ProgressView> = {}): ProgressView {
  return {
    base: 'kb',
    versionId: 'v1_baseline_20260102_030405',
    state: 'running',
    phase: 'preflight',
    steps: [],
    labels: null,
    pause: { state: 'open' },
    reason: null,
    rollingBackSince: null,
    compensations: [],
    ...overrides,
  };
}

export function committedOutcome(overrides: Partial<BaselineOutcome> = {}): BaselineOutcome {
  return {
    outcome: 'committed',
    base: 'kb',
    versionId: 'v1_baseline_20260102_030405',
    committedAt: '2026-01-02 03:05:00',
    counts: { chapters: 12, points: 2_000, paragraphs: 2_000, nodes: 5_911, relationships: 6_025, labelled: 2_000 },
    artifacts: [
      {
        store: 'qdrant',
        path: '/b/v1/textbook_chunks.snapshot',
        bytes: 15_519_744,
        sha256: 'ab12cd34ef56'.repeat(6).slice(0, 64),
      },
    ],
    manifestPath: '/b/v1/manifest.json',
    latestCopyPath: '/b/latest-copy',
    checks: [{ name: 'points in Qdrant', severity: 'critical', passed: true, expected: '2000', actual: '2000' }],
    labelLatencyMs: { batches: 2, p50: 20, p95: 40, max: 40 },
    steps: [
      {
        phase: 'latest-copy',
        name: 'a',
        state: 'done',
        startedAt: '2026-01-02T03:04:05.000Z',
        endedAt: '2026-01-02T03:04:07.000Z',
      },
      {
        phase: 'latest-copy',
        name: 'b',
        state: 'done',
        startedAt: '2026-01-02T03:04:06.000Z',
        endedAt: '2026-01-02T03:04:08.500Z',
      },
    ],
    reason: null,
    compensations: [],
    warnings: [],
    ...overrides,
  };
}
