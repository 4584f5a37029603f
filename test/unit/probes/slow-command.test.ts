import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProbeSettings } from '../../../domain/probes';
import { captureProbes, compareWith } from '../../../inspection/probes';
import { FAKE_PROBES, FakeEmbedder, fakeGraphSearch, fakeVectorSearch } from '../../support/fakes/probes';

jest.setTimeout(60_000);

test('a command that has become many times slower fails, though it prints the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hfv-slow-command-'));
  const seconds = join(folder, 'seconds');
  const stores = {
    vectors: { inventory: async () => ({ dimension: 4 }), ...fakeVectorSearch(() => ['bailey:ch1:1']) },
    graph: fakeGraphSearch(() => ['bailey:ch1:1']),
  };
  const argv = ['sh', '-c', 'sleep $(cat "$0"); echo found', seconds];
  const settings: ProbeSettings = {
    ...{ ...FAKE_PROBES, queries: [], repeats: 7, toleranceMs: 2 },
    commands: [{ name: 'search', argv, timeoutSeconds: 20, maxBytes: 100 }],
  };
  const capture = (asked: ProbeSettings) => captureProbes(stores, new FakeEmbedder(), asked);
  try {
    writeFileSync(seconds, '0');
    const before = await capture(settings);
    writeFileSync(seconds, '0.4');
    const { comparisons, captures } = await compareWith(before, settings, capture, { pauseMs: 0 });
    expect(captures).toHaveLength(3);
    const command = comparisons.find(({ kind }) => kind === 'command');
    expect(command).toMatchObject({ name: 'command search', verdict: 'failed', identical: true, samples: 5 });
    expect(command?.why).toMatch(/% slower .* the limit is 20 %/);
    expect(command).not.toHaveProperty('notJudged');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
