import prettyBytes from 'pretty-bytes';
import type { MigrationPlan } from '../../domain/plan';
import type { Colors } from '../output';
import { table } from './tables';
import { count, duration, fields, plural } from './text';

/** A plan for people: what is there, what would be made, who is at work, what speaks against it, and how to go on. */
export function renderPlan(plan: MigrationPlan, batchSize: number | undefined, color: Colors): string {
  const { base, label, existing, writers, heldBy } = plan;
  return [
    `${color.bold(base)}: a plan for registering the present production as its baseline (label :${label})`,
    '',
    inventoryTable(plan, color),
    '',
    ...fields([
      ['textbooks', textbooks(plan)],
      ['aliases', aliases(plan)],
      ['tables', tables(plan)],
      ['artifacts', artifacts(plan)],
      ['disk', disk(plan)],
      ['labelling', `${plural(plan.batches.count, 'batch', 'batches')} of ${count(plan.batches.size)} paragraphs`],
      ['likely to take', estimate(plan)],
      ['held by', heldBy ?? 'nobody'],
      [
        'writers',
        writers.length === 0 ? 'none were seen' : writers.map(({ store, what }) => `${store}: ${what}`).join('\n'),
      ],
    ]),
    '',
    ...plan.warnings.map((warning) => `  ${color.yellow('warning')} ${warning}`),
    ...refusals(plan, color),
    ...fields([['plan', plan.hash]]),
    '',
    existing === null ? startWith(plan, batchSize) : `Nothing to do: ${base} has its baseline, ${existing}`,
  ].join('\n');
}

function inventoryTable({ inventory: { sqlite, qdrant, neo4j } }: MigrationPlan, color: Colors): string {
  const vectors = qdrant.dimension === null ? '' : ` of ${qdrant.dimension} dimensions`;
  const rows = [
    [
      'SQLite',
      sqlite.sqliteVersion,
      `${plural(sqlite.chapters, 'chapter')}, ${prettyBytes(sqlite.bytes)}`,
      sqlite.path,
    ],
    [
      'Qdrant',
      qdrant.serverVersion,
      `${plural(qdrant.points, 'point')}${vectors}, ${qdrant.status}`,
      qdrant.collection,
    ],
    [
      'Neo4j',
      `${neo4j.serverVersion} ${neo4j.edition}`,
      `${plural(neo4j.paragraphs, 'paragraph')}, ${plural(neo4j.nodes, 'node')}, ${plural(neo4j.relationships, 'relationship')}`,
      '',
    ],
  ];
  return table(['store', 'version', 'holds', 'where'], rows, color);
}

/** More than a few belong into the JSON. */
const MOST_TEXTBOOKS = 12;

function textbooks({ inventory, perTextbook }: MigrationPlan): string {
  const chapters = inventory.sqlite.perTextbook;
  const names = [
    ...new Set([chapters, perTextbook.qdrant ?? {}, perTextbook.neo4j ?? {}].flatMap((counts) => Object.keys(counts))),
  ];
  const shown = names.slice(0, MOST_TEXTBOOKS).map((name) => {
    const others = [perTextbook.qdrant && plural(perTextbook.qdrant[name] ?? 0, 'point')].concat(
      perTextbook.neo4j && plural(perTextbook.neo4j[name] ?? 0, 'paragraph'),
    );
    return [`${name}: ${plural(chapters[name] ?? 0, 'chapter')}`, ...others.filter((other) => other !== null)].join(
      ', ',
    );
  });
  if (names.length > MOST_TEXTBOOKS) shown.push(`and ${names.length - MOST_TEXTBOOKS} more (--json lists them)`);
  return shown.join('\n');
}

function aliases({ inventory: { qdrant } }: MigrationPlan): string {
  if (qdrant.aliases.length === 0) return 'none';
  return qdrant.aliases.map(({ alias, collection }) => `${alias} -> ${collection}`).join(', ');
}

function tables({ tables: found }: MigrationPlan): string {
  const text = { absent: 'to be created', fits: 'is there', differs: 'is there in another shape' };
  return found
    .map(({ name, state, rows }) => `${name} ${text[state]}${state === 'absent' ? '' : ` (${plural(rows, 'row')})`}`)
    .join(', ');
}

function artifacts({ predictedBytes: { sqlite, qdrant, neo4j, total } }: MigrationPlan): string {
  return `about ${prettyBytes(total)} (SQLite ${prettyBytes(sqlite)}, Qdrant ${prettyBytes(qdrant)}, Neo4j ${prettyBytes(neo4j)})`;
}

function disk({ disk: { path, freeBytes, neededBytes } }: MigrationPlan): string {
  return `${prettyBytes(freeBytes)} free at ${path}, ${prettyBytes(neededBytes)} needed`;
}

function estimate({ estimate: phases }: MigrationPlan): string {
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  const each = phases.map(({ phase, seconds }) => `${phase} ${duration(1_000 * seconds)}`);
  return `${duration(1_000 * total)}: ${each.join(', ')}`;
}

function refusals({ refusals: found }: MigrationPlan, color: Colors): string[] {
  return found.flatMap(({ code, found: what, next }) => [
    `  ${color.red('refused')} ${code}: ${what}`,
    ...(next === null ? [] : [`          ${next}`]),
  ]);
}

function startWith({ hash, refusals: found }: MigrationPlan, batchSize: number | undefined): string {
  const command = `hfv migrate --plan ${hash}${batchSize === undefined ? '' : ` --batch-size ${batchSize}`}`;
  return found.length === 0
    ? `Start it with\n  ${command}`
    : 'It would be refused as things stand; mend that and plan again.';
}
