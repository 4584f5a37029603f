import prettyBytes from 'pretty-bytes';
import type { ChecklistFacts, ChecklistItem } from './checklists';
import { STORE_NAMES } from './names';
import { count, plural, STORE_TITLES } from './words';

type Verdict = Pick<ChecklistItem, 'state' | 'evidence'> & Partial<Pick<ChecklistItem, 'command'>>;

interface Box {
  list: ChecklistItem['list'];
  text: string;
  judge: (facts: ChecklistFacts) => Verdict;
}

const PLAN_TAG = 'v1.0.0-baseline';

/** The plan asks for more than this, whatever the configuration says. */
const FREE_BYTES = 500_000_000;

const done = (evidence: string): Verdict => ({ state: 'done', evidence });
const failed = (evidence: string): Verdict => ({ state: 'failed', evidence });
const person = (evidence: string, command: string): Verdict => ({ state: 'person', evidence, command });
const judged = (passed: boolean, evidence: string): Verdict => (passed ? done(evidence) : failed(evidence));
const notReached: Verdict = { state: 'not reached', evidence: 'the run ended before it' };

/** The plan's boxes, in its order and its words. */
export const BOXES: readonly Box[] = [
  { list: 'before', text: 'All backups verified (from TASK M0.1)', judge: backupsVerified },
  { list: 'before', text: 'Pre-migration report reviewed', judge: planReviewed },
  { list: 'before', text: 'Docker containers running and healthy', judge: servicesHealthy },
  { list: 'before', text: 'Disk space sufficient (>500 MB free)', judge: diskSufficient },
  { list: 'before', text: 'No active ingestion operations', judge: noWriters },
  { list: 'before', text: 'Test queries executed and results saved', judge: probesSaved },
  { list: 'during', text: 'Schema changes applied successfully', judge: (facts) => tables(facts) },
  { list: 'during', text: 'version_registry table created', judge: (facts) => tables(facts, 'version_registry') },
  { list: 'during', text: 'operation_log table created', judge: (facts) => tables(facts, 'operation_log') },
  { list: 'during', text: 'v1_baseline entry inserted', judge: entryInserted },
  { list: 'during', text: 'Snapshots created (metadata, Qdrant, Neo4j)', judge: snapshotsCreated },
  { list: 'during', text: 'Neo4j labels added to all paragraphs', judge: labelsAdded },
  { list: 'during', text: 'No errors in Docker logs', judge: logsClean },
  { list: 'after', text: 'All 8 success criteria verified', judge: criteriaMet },
  { list: 'after', text: 'Validation checklist passed', judge: checksPassed },
  { list: 'after', text: 'Test queries return identical results', judge: answersIdentical },
  { list: 'after', text: 'Rollback capability confirmed', judge: rollbackConfirmed },
  { list: 'after', text: 'Documentation updated (CLAUDE.md)', judge: documentation },
  { list: 'after', text: 'Migration tagged in git', judge: tagged },
];

function backupsVerified({ latestCopyPath }: ChecklistFacts): Verdict {
  if (latestCopyPath === null) return notReached;
  return done(`${latestCopyPath}: every artifact was read anew and has the SHA-256 of its manifest`);
}

function planReviewed({ preMigrationPath, plan }: ChecklistFacts): Verdict {
  if (preMigrationPath === null || plan === null) return notReached;
  const refusals = plan.refusals.map(({ found }) => found);
  const found = refusals.length === 0 ? 'nothing stood against it' : `against it: ${refusals.join('; ')}`;
  return judged(refusals.length === 0, `${preMigrationPath}; judged before anything was changed: ${found}`);
}

function servicesHealthy({ before }: ChecklistFacts): Verdict {
  if (before === null) return notReached;
  const { sqlite, qdrant, neo4j } = before;
  const evidence = `SQLite ${sqlite.sqliteVersion}, Qdrant ${qdrant.serverVersion} (${qdrant.status}) and Neo4j ${neo4j.serverVersion} answered at ${before.takenAt}`;
  return judged(qdrant.status === 'green', evidence);
}

function diskSufficient({ plan }: ChecklistFacts): Verdict {
  if (plan === null) return notReached;
  const { freeBytes, neededBytes } = plan.disk;
  const evidence = `${prettyBytes(freeBytes)} free, ${prettyBytes(neededBytes)} needed`;
  return judged(freeBytes > FREE_BYTES && freeBytes >= neededBytes, evidence);
}

function noWriters({ plan }: ChecklistFacts): Verdict {
  if (plan === null) return notReached;
  const seen = plan.writers.map(({ store, what }) => `${STORE_TITLES[store]}: ${what}`);
  return seen.length === 0 ? done(`no other writer was seen at ${plan.takenAt}`) : failed(seen.join('; '));
}

function probesSaved({ probesBefore }: ChecklistFacts): Verdict {
  if (probesBefore === null) return notReached;
  const { probes, failed: broken, path } = probesBefore;
  if (broken.length > 0) return failed(broken.join('; '));
  return done(`${plural(probes, 'probe')} saved to ${path}`);
}

function tables({ schema }: ChecklistFacts, table?: string): Verdict {
  if (schema === null) return notReached;
  const differences = schema.differences.filter((text) => table === undefined || text.includes(table));
  return judged(
    differences.length === 0,
    differences.join(', ') || `${table ?? 'both tables'}: verified after creation`,
  );
}

function entryInserted({ row }: ChecklistFacts): Verdict {
  return row === null ? notReached : done(`${row.versionId}, created ${row.createdAt} UTC`);
}

function snapshotsCreated({ artifacts, manifestPath }: ChecklistFacts): Verdict {
  if (artifacts.length === 0) return notReached;
  const missing = STORE_NAMES.filter((store) => !artifacts.some((artifact) => artifact.store === store));
  if (missing.length > 0) return failed(`missing: ${missing.map((store) => STORE_TITLES[store]).join(', ')}`);
  return judged(manifestPath !== null, manifestPath === null ? 'taken, but not sealed' : `sealed by ${manifestPath}`);
}

function labelsAdded({ before, after }: ChecklistFacts): Verdict {
  if (before === null || after === null) return notReached;
  const { labelled, unlabelled } = after.labels;
  const evidence = `${count(labelled)} of ${count(before.neo4j.paragraphs)}, ${count(unlabelled)} without the label`;
  return judged(labelled === before.neo4j.paragraphs && unlabelled === 0, evidence);
}

function logsClean({ logs, startedAt }: ChecklistFacts): Verdict {
  const closed = logs.filter(({ readable }) => !readable).map(({ path }) => path);
  const found = logs.filter(({ errors }) => errors > 0);
  if (found.length > 0)
    return failed(found.map(({ path, errors }) => `${path}: ${plural(errors, 'error')}`).join('; '));
  if (logs.length > 0 && closed.length === 0) return done(`no error in ${logs.map(({ path }) => path).join(', ')}`);
  const why = logs.length === 0 ? 'no log is configured to be read' : `cannot be read from here: ${closed.join(', ')}`;
  return person(why, `docker compose logs --since ${startedAt} 2>&1 | grep -iE 'error|exception|panic'`);
}

function criteriaMet({ criteria }: ChecklistFacts): Verdict {
  const missed = criteria.filter(({ passed }) => !passed);
  if (criteria.length === 0 || (missed.every(({ actual }) => actual === 'not reached') && missed.length > 0))
    return notReached;
  const evidence = `${criteria.length - missed.length} of 8 met`;
  if (missed.length === 0) return judged(criteria.length === 8, evidence);
  return failed(`${evidence}; not met: ${missed.map(({ number, title }) => `${number} (${title})`).join(', ')}`);
}

function checksPassed({ checks }: ChecklistFacts): Verdict {
  if (checks.length === 0) return notReached;
  const missed = checks.filter(({ passed }) => !passed);
  const critical = missed.filter(({ severity }) => severity === 'critical');
  const named =
    missed.length > 0 ? `; not passed: ${missed.map(({ name, severity }) => `${name} (${severity})`).join(', ')}` : '';
  return judged(critical.length === 0, `${checks.length - missed.length} of ${checks.length} checks passed${named}`);
}

function answersIdentical({ probes }: ChecklistFacts): Verdict {
  if (probes.length === 0) return notReached;
  const other = probes.filter(({ identical }) => !identical);
  const named = other.length > 0 ? `; not: ${other.map(({ name }) => name).join(', ')}` : '';
  return judged(other.length === 0, `${probes.length - other.length} of ${probes.length} identical${named}`);
}

function rollbackConfirmed({ rehearsal }: ChecklistFacts): Verdict {
  const missed = rehearsal.filter(({ passed }) => !passed);
  if (missed.length > 0)
    return failed(missed.map(({ store, evidence }) => `${STORE_TITLES[store]}: ${evidence}`).join('; '));
  if (!STORE_NAMES.every((store) => rehearsal.some((one) => one.store === store))) return notReached;
  const forms = [...new Set(rehearsal.map(({ form }) => form))].map((form) =>
    form === 'restore' ? 'restored beside production and compared by content' : 'artifacts compared by hash only',
  );
  return done(`all three stores ${forms.join('; ')}`);
}

function documentation({ outcome, versionId }: ChecklistFacts): Verdict {
  if (outcome !== 'committed') return { state: 'not reached', evidence: 'there is no committed version to document' };
  return person(`add ${versionId}, and where its report is, to CLAUDE.md`, '"${EDITOR:-vi}" CLAUDE.md');
}

function tagged({ outcome, gitTag, git }: ChecklistFacts): Verdict {
  if (gitTag !== null) return done(`tag ${gitTag}`);
  if (outcome !== 'committed') return { state: 'not reached', evidence: 'there is no committed version to tag' };
  const message = 'Baseline version with versioning infrastructure';
  const { repository, tag } = git ?? { tag: PLAN_TAG };
  const where = repository === undefined ? '' : `-C ${shellQuoted(repository)} `;
  const told = repository === undefined ? 'in the repository of the knowledge base' : `in ${repository}`;
  return person(told, `git ${where}tag -a ${shellQuoted(tag)} -m "${message}"`);
}

/** As a shell reads it: what needs no quotes is left as it is. */
function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
