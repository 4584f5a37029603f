import prettyBytes from 'pretty-bytes';
import type { CountsByTextbook, MigrationPlan } from '../plan';
import type { ProbeSummary } from '../probes';
import { count, plural, STORE_TITLES } from '../words';
import { block, bullets, code, facts, maybe, plain, section, table } from './text';

/**
 * The pre-migration report: what stands in the stores before anything is changed, what will be written, and what
 * would be refused. `date` is when the report was made; the facts are as old as the plan says.
 */
export function renderPreMigration(plan: MigrationPlan, probes: ProbeSummary | null, date: string): string {
  return `${[
    `# Before the migration of ${plain(plan.base)}`,
    facts([
      ['Made', date],
      ['Facts as of', plan.takenAt],
      ['Plan', code(plan.hash)],
      ['Label', code(`:${plan.label}`)],
      ['Existing baseline', maybe(plan.existing, plain)],
      ['Held by', maybe(plan.heldBy, plain)],
    ]),
    inventorySection(plan),
    tablesSection(plan),
    spaceSection(plan),
    probesSection(probes),
    section(
      'Other writers',
      [
        bullets(
          plan.writers.map(
            ({ store, what, since }) => `${STORE_TITLES[store]}: ${plain(what)}${since ? `, since ${since}` : ''}`,
          ),
        ),
      ],
      'None was seen.',
    ),
    section('What would be refused', [bullets(plan.refusals.map(refusalText))], 'Nothing: the migration may begin.'),
    section('Warnings', [bullets(plan.warnings.map(plain))], 'None.'),
    section('What to do next', [
      'Compare the facts above with what you expect. A migration of exactly this plan, and of no other, is asked for with:',
      block(`hfv migrate --plan ${plan.hash}`),
    ]),
  ].join('\n\n')}\n`;
}

function refusalText({ code: name, found, next }: MigrationPlan['refusals'][number]): string {
  return `${code(name)}: ${plain(found)}${next ? `; next: ${plain(next)}` : ''}`;
}

function inventorySection(plan: MigrationPlan): string {
  const { sqlite, qdrant, neo4j } = plan.inventory;
  const { aliases } = qdrant;
  const alias =
    aliases.length > 0 ? `; aliases ${aliases.map((one) => `${one.alias} -> ${one.collection}`).join(', ')}` : '';
  const rows = [
    [
      'SQLite',
      plain(sqlite.sqliteVersion),
      plural(sqlite.chapters, 'chapter'),
      `${code(sqlite.path)}, ${prettyBytes(sqlite.bytes)}`,
    ],
    [
      'Qdrant',
      plain(qdrant.serverVersion),
      plural(qdrant.points, 'point'),
      plain(
        `${qdrant.name} (collection ${qdrant.collection}, ${qdrant.status}, ${qdrant.dimension ?? 'no single'} dimensions${alias})`,
      ),
    ],
    [
      'Neo4j',
      plain(`${neo4j.serverVersion} ${neo4j.edition}`),
      plural(neo4j.paragraphs, 'paragraph'),
      `${plural(neo4j.nodes, 'node')}, ${plural(neo4j.relationships, 'relationship')}; ${count(neo4j.alreadyLabelled)} labelled already, ${count(neo4j.withoutChunkId)} without a chunk id`,
    ],
  ];
  return section('What is there', [table(['Store', 'Version', 'Count', 'Details'], rows), textbooksTable(plan)]);
}

function textbooksTable({ inventory, perTextbook: { qdrant, neo4j } }: MigrationPlan): string {
  const chapters = inventory.sqlite.perTextbook;
  const names = [...new Set([chapters, qdrant, neo4j].flatMap((counts) => Object.keys(counts ?? {})))].sort();
  const of = (counts: CountsByTextbook | null, name: string) =>
    counts === null ? 'not counted' : count(counts[name] ?? 0);
  const rows = names.map((name) => [plain(name), of(chapters, name), of(qdrant, name), of(neo4j, name)]);
  return table(['Textbook', 'Chapters', 'Points', 'Paragraphs'], rows);
}

function tablesSection({ tables }: MigrationPlan): string {
  const rows = tables.map(({ name, state, rows: held, differences }) => [
    code(name),
    state,
    count(held),
    plain(differences.join('; ')),
  ]);
  return section('Versioning tables', [table(['Table', 'State', 'Rows', 'Differences'], rows)]);
}

function spaceSection({
  disk,
  predictedBytes: { sqlite, qdrant, neo4j, total },
  batches,
  estimate,
}: MigrationPlan): string {
  const sizes = (
    [
      ['SQLite', sqlite],
      ['Qdrant', qdrant],
      ['Neo4j', neo4j],
      ['all', total],
    ] as const
  ).map(([name, bytes]) => [name, prettyBytes(bytes)]);
  return section('What it will take', [
    facts([
      ['Disk', `${prettyBytes(disk.freeBytes)} free below ${code(disk.path)}, ${prettyBytes(disk.neededBytes)} needed`],
      ['Label batches', `${count(batches.count)} of at most ${plural(batches.size, 'paragraph')}`],
    ]),
    table(['Artifact of', 'About'], sizes),
    estimate.length > 0
      ? table(
          ['Phase', 'About'],
          estimate.map(({ phase, seconds }) => [plain(phase), `${seconds.toFixed(0)} s`]),
        )
      : null,
  ]);
}

function probesSection(probes: ProbeSummary | null): string {
  if (probes === null) return section('Probes', [], 'None has been asked yet.');
  const { probes: asked, takenAt, embedder, path, failed } = probes;
  return section('Probes', [
    `${plural(asked, 'probe')} asked at ${takenAt} (embedder ${plain(embedder)}); the answers are in ${code(path)}.`,
    failed.length > 0 ? `Failed:\n\n${bullets(failed.map(plain))}` : 'Each of them answered.',
  ]);
}
