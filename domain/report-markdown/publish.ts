import type { ChapterDelta } from '../chapter-delta';
import { STORE_NAMES } from '../names';
import type { PublishReport } from '../publish';
import { count, duration, plural, STORE_TITLES } from '../words';
import { consistencySection } from './artifacts';
import { courseSection, warningsSection } from './course';
import { code, facts, maybe, passedMark, plain, section, table } from './text';

/** Chapters that are named in each cell; `hfv compare` names them all. */
const MOST_NAMED = 10;

/** The report of a version that was staged and promoted, as Markdown. */
export function renderPublish(report: PublishReport): string {
  const parts = [
    summary(report),
    changes(report),
    checks(report),
    promotion(report),
    artifacts(report),
    consistencySection(report),
    courseSection(report),
    warningsSection(report),
  ];
  return `${parts.join('\n\n')}\n`;
}

function summary(report: PublishReport): string {
  const { versionId, base, outcome, counts, kind, from, startedBy, approvedBy, notes, proven } = report;
  return [
    `# ${plain(versionId)}: ${outcome}`,
    facts([
      ['Knowledge base', plain(base)],
      ['Kind', `${kind}, staged from ${plain(from)}`],
      ['Asked for by', maybe(startedBy, plain)],
      ['Approved by', maybe(approvedBy, plain)],
      ['Why', maybe(notes, plain)],
      ['Began', report.startedAt],
      ['Committed', report.committedAt],
      ['Reason', maybe(report.reason, plain)],
      [
        'Holds',
        maybe(
          counts,
          (held) =>
            `${plural(held.chapters, 'chapter')}, ${plural(held.points, 'point')}, ${plural(held.paragraphs, 'paragraph')}`,
        ),
      ],
      ['Proven', proven ? 'what was captured has the fingerprints of what was staged' : '**no**; see the warnings'],
      ['Workflow', `${code(report.workflowId)} (run ${code(report.runId)})`],
    ]),
  ].join('\n\n');
}

function changes({ delta }: PublishReport): string {
  if (delta === null) return section('What it changed', []);
  const rows = STORE_NAMES.map((store) => {
    const { added, changed, removed }: ChapterDelta = delta[store];
    return [STORE_TITLES[store], named(added), named(changed), named(removed)];
  });
  return section('What it changed', [table(['Store', 'Chapters added', 'Changed', 'Removed'], rows)]);
}

function named(chapters: readonly string[]): string {
  if (chapters.length === 0) return 'none';
  const more = chapters.length - MOST_NAMED;
  const list = chapters.slice(0, MOST_NAMED).map(code).join(', ');
  return `${count(chapters.length)}: ${list}${more > 0 ? ` and ${count(more)} more` : ''}`;
}

function checks({ checks: found }: PublishReport): string {
  const rows = found.map(({ number, name, severity, passed, expected, actual }) => [
    number === undefined ? '' : String(number),
    plain(name),
    passedMark(passed, severity),
    plain(expected),
    plain(actual),
  ]);
  return section('Validation', [
    rows.length > 0 ? table(['Check', 'What', 'Passed', 'Expected', 'Found'], rows) : null,
  ]);
}

function promotion({ promote }: PublishReport): string {
  if (promote === null) return section('Promote', []);
  const { disagreedMs, mode, neo4j, qdrant } = promote;
  const numbers = (of: Record<string, number>) =>
    Object.entries(of)
      .map(([name, value]) => `${name} ${count(value)}`)
      .join(', ');
  return section('Promote', [
    facts([
      ['The stores disagreed for', duration(disagreedMs)],
      ['Neo4j', numbers(neo4j)],
      ['Qdrant', mode === 'alias' ? 'the alias was moved' : `in place: ${numbers(qdrant)}`],
    ]),
  ]);
}

function artifacts({ artifacts: taken, archived }: PublishReport): string {
  const rows = taken.map(({ store, path, bytes, sha256 }) => [
    STORE_TITLES[store],
    code(path),
    count(bytes),
    code(sha256),
  ]);
  return section('Artifacts', [
    rows.length > 0 ? table(['Store', 'File', 'Bytes', 'SHA-256'], rows) : null,
    archived.length > 0 ? `Archived to make room in the window: ${archived.map(code).join(', ')}.` : null,
  ]);
}
