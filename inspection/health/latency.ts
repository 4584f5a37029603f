import { HybridFlowError } from '../../domain/errors';
import type { LatencyFacts } from '../../domain/health-metrics';
import type { ProbeCapture } from '../../domain/probes';
import { REPORT_FILES } from '../../domain/report';
import type { CallControl } from '../../stores/ports';
import { captureProbes, compareWith, parseCapture } from '../probes';
import type { HealthDeps } from './deps';

/** The probes of a version's own capture, asked again. Null where there is no version, or it has none. */
export async function readLatency(
  deps: HealthDeps,
  versionId: string | null,
  control: CallControl,
): Promise<LatencyFacts | null> {
  const { artifacts, probes, embedder, secrets } = deps;
  const before = versionId === null ? null : await captureOf(artifacts, versionId);
  if (before === null) return null;
  const { comparisons } = await compareWith(
    before,
    probes,
    (settings) => captureProbes(deps, embedder, settings, { vectors: before.vectors, secrets, control }),
    { signal: control.signal },
  );
  return { comparisons, before: before.takenAt };
}

/** @throws HybridFlowError ARTIFACT_DAMAGED where the file is none */
async function captureOf(artifacts: HealthDeps['artifacts'], versionId: string): Promise<ProbeCapture | null> {
  const text = await artifacts.readReport(versionId, REPORT_FILES.probesBefore);
  if (text === undefined) return null;
  const capture = parseCapture(text);
  if (capture) return capture;
  throw new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${REPORT_FILES.probesBefore} of ${versionId} is no capture of probes`,
    next: 'restore the file, or remove it: the latency is then not compared',
  });
}
