import { HybridFlowError } from '../domain/errors';
import type { ProbeCapture, ProbeComparison, ProbeSummary } from '../domain/probes';
import { REPORT_FILES } from '../domain/report';
import { captureProbes, captureText, compareWith, parseCapture } from '../inspection/probes';
import type { ArtifactStore } from '../stores/ports';
import { callControl } from './context';
import type { ActivityDeps } from './deps';

/** Queries before and after the change (criterion 7, trigger 5). Samples and vectors stay in the report's files. */
export function createProbeActivities({ vectors, graph, embedder, probes, artifacts, secrets }: ActivityDeps) {
  const stores = { vectors, graph };
  return {
    /** Asks before anything is modified. A repeated attempt replaces what an earlier one wrote. */
    async captureProbes(versionId: string): Promise<ProbeSummary> {
      const capture = await captureProbes(stores, embedder, probes, { secrets, control: callControl() });
      const path = await artifacts.writeReport(versionId, REPORT_FILES.probesBefore, captureText(capture));
      return summary(capture, path);
    },

    /** Asks a version that has just become production; a later restore of it is held against the answers. */
    async recordProbes(versionId: string): Promise<ProbeSummary> {
      const capture = await captureProbes(stores, embedder, probes, { secrets, control: callControl() });
      const path = await artifacts.writeReport(versionId, REPORT_FILES.probesRecorded, captureText(capture));
      return summary(capture, path);
    },

    /** Asks the same again and judges it. `attempt` numbers the comparisons of one run; the file holds the latest. */
    async compareProbes(versionId: string, attempt: number): Promise<ProbeComparison[]> {
      const before = await readBefore(artifacts, versionId);
      const control = callControl();
      const { captures, comparisons } = await compareWith(
        before,
        probes,
        (settings) => captureProbes(stores, embedder, settings, { vectors: before.vectors, secrets, control }),
        { signal: control.signal },
      );
      // The vectors are in the file of before.
      const slim = captures.map(({ takenAt, answers, yardstick }) => ({ takenAt, answers, yardstick }));
      const text = `${JSON.stringify({ attempt, comparisons, captures: slim })}\n`;
      await artifacts.writeReport(versionId, REPORT_FILES.probesAfter, text);
      return comparisons;
    },
  };
}

function summary({ takenAt, embedder, answers }: ProbeCapture, path: string): ProbeSummary {
  const failed = answers.flatMap(({ name, error }) => (error === null ? [] : `${name}: ${error}`));
  return { takenAt, embedder, probes: answers.length, failed, path };
}

async function readBefore(artifacts: ArtifactStore, versionId: string): Promise<ProbeCapture> {
  const file = REPORT_FILES.probesBefore;
  const text = await artifacts.readReport(versionId, file);
  if (text === undefined) {
    throw new HybridFlowError('REPORT_MISSING', {
      found: `${file} of ${versionId} is gone`,
      expected: 'the probe results from before the change, which this run wrote itself',
    });
  }
  const capture = parseCapture(text);
  if (capture) return capture;
  throw new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${file} of ${versionId} does not hold the probe results that were written to it`,
  });
}
