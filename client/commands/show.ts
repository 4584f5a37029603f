import type { Command } from 'commander';
import type { CheckResult } from '../../domain/checks';
import { DRILL_OPERATION } from '../../domain/drill';
import { HybridFlowError } from '../../domain/errors';
import { REPORT_FILES } from '../../domain/report';
import { isVersionId, LATEST_COPY } from '../../domain/version-id';
import { lastOperation, VERIFY_OPERATION } from '../../domain/version-stats';
import { lookAtFolder } from '../../inspection/doctor/artifacts';
import { openArtifactStore } from '../../stores/artifacts';
import type { ArtifactStore } from '../../stores/ports';
import { openMetadataStore } from '../../stores/sqlite';
import type { Context } from '../context';
import type { Host } from '../host';
import { renderVersion, type VersionDetails } from '../render/version';
import { committedAt, requireVersion, type ViewSources } from '../version-views';

/** `hfv show`: one version, its artifacts and what was done with it. It takes no lock and asks no service. */
export function addShow(program: Command, host: Host): void {
  program
    .command('show')
    .argument('<version>', 'version id, as `hfv versions` lists it, or current, baseline, latest-copy')
    .description('show a version: its artifacts (presence and size; hashes are not read) and what was done with it')
    .action(
      host.run(async (context, _flags, name) => {
        const details = await detailsOf(context, name);
        context.out.result(details, (color) => renderVersion(details, color));
      }),
    );
}

async function detailsOf(context: Context, name: string): Promise<VersionDetails> {
  const { metadataDb, backups } = context.settings();
  const artifacts = openArtifactStore(backups);
  const metadata = openMetadataStore(metadataDb);
  if (name === LATEST_COPY) return detailsOfLatestCopy(metadata, artifacts);
  const version = requireVersion(metadata, name);
  return { ...(await detailsOfVersion(metadata, artifacts, version.versionId)), name: version.versionId };
}

async function detailsOfVersion(
  metadata: ViewSources['metadata'],
  artifacts: ArtifactStore,
  versionId: string,
): Promise<Omit<VersionDetails, 'name'>> {
  const version = metadata.registry.find(versionId) ?? null;
  const found = await lookAtFolder(artifacts, versionId);
  const operations = metadata.registry.operations(versionId);
  const journal = metadata.journal.list();
  return {
    version,
    current: metadata.journal.current()?.versionId === versionId,
    committedAt: version && committedAt(version, operations, journal),
    manifest: found.manifest,
    // An archived version's files are packed away, unless it was brought back: that they are not here is as it should be.
    artifacts: version?.status === 'archived' && !(await artifacts.exists(versionId)) ? [] : found.artifacts,
    checks: await checksOf(artifacts, versionId),
    switches: journal.filter((entry) => entry.versionId === versionId || entry.previousVersionId === versionId),
    pin: metadata.pins.list().find((pin) => pin.versionId === versionId) ?? null,
    lastVerified: lastOperation(operations, VERIFY_OPERATION),
    lastDrill: lastOperation(operations, DRILL_OPERATION),
    operations,
  };
}

/** As the report of the run that made it tells them; null where there is none, or one from before it told them. */
async function checksOf(artifacts: ArtifactStore, versionId: string): Promise<VersionDetails['checks']> {
  const text =
    versionId === LATEST_COPY ? undefined : await artifacts.readReport(versionId, `${REPORT_FILES.run}.json`);
  const { checks } = text === undefined ? {} : told(text);
  if (!Array.isArray(checks) || checks.length === 0) return null;
  const failed = checks.filter(({ passed }) => !passed).map(({ name }) => name);
  return { total: checks.length, passed: checks.length - failed.length, failed };
}

function told(text: string): { checks?: CheckResult[] } {
  try {
    return JSON.parse(text) as { checks?: CheckResult[] };
  } catch {
    // A report that somebody edited is no reason to show nothing of the version.
    return {};
  }
}

/** The copy's own artifacts, with the row of the version that it is, where it says so. */
async function detailsOfLatestCopy(
  metadata: ViewSources['metadata'],
  artifacts: ArtifactStore,
): Promise<VersionDetails> {
  const { state, manifest, artifacts: found, problems } = await lookAtFolder(artifacts, LATEST_COPY);
  if (state === 'missing') {
    throw new HybridFlowError('VERSION_UNKNOWN', {
      found: `there is no latest-copy: ${problems.join('; ')}`,
      next: 'see what there is with `hfv versions`, and in what state the base is with `hfv doctor`',
    });
  }
  const versionId = manifest && isVersionId(manifest.versionId) ? manifest.versionId : null;
  const of = await detailsOfVersion(metadata, artifacts, versionId ?? LATEST_COPY);
  return { ...of, name: LATEST_COPY, manifest, artifacts: found };
}
