import { worstOf, type HealthMetric, type MetricState, type Reading } from './health';

export interface MemoryFacts {
  /** Of the process that looks. */
  rssBytes: number;
  freeBytes: number;
  totalBytes: number;
}

/** What the services and the machine say of themselves. */
export interface ServiceReadings {
  sqlite: Reading<{ problems: string[]; foreignKeyViolations: number }>;
  qdrant: Reading<{ points: number; status: string }>;
  neo4j: Reading<{ constraints: number; indexes: number; notOnline: string[] }>;
  disk: Reading<{ freeBytes: number; minimumFreeBytes: number }>;
  memory: MemoryFacts;
}

interface Part {
  state: MetricState;
  text: string;
}

/** With less than this the next change may be ended by the operating system half-way. */
const SCARCE_MEMORY_BYTES = 256 * 1024 * 1024;

const failed = (text: string): Part => ({ state: 'failed', text });
const ok = (text: string): Part => ({ state: 'ok', text });
const warning = (text: string): Part => ({ state: 'warning', text });

/** Are the three services, the disk and the memory fit for work? */
export function servicesMetric(readings: ServiceReadings): HealthMetric {
  const parts: Record<keyof ServiceReadings, Part> = {
    sqlite: sqlitePart(readings.sqlite),
    qdrant: qdrantPart(readings.qdrant),
    neo4j: neo4jPart(readings.neo4j),
    disk: diskPart(readings.disk),
    memory: memoryPart(readings.memory),
  };
  const values = Object.values(parts);
  return {
    name: 'service health',
    state: worstOf(values.map(({ state }) => state)),
    value: Object.entries(parts)
      .map(([name, { text }]) => `${name} ${text}`)
      .join('; '),
    details: Object.fromEntries(
      Object.entries(parts).map(([name, { state }]) => [
        name,
        { state, ...(readings[name as keyof ServiceReadings] as object) },
      ]),
    ),
  };
}

function sqlitePart({ value, error }: ServiceReadings['sqlite']): Part {
  if (error !== undefined) return failed(error);
  const found = [
    ...(value.problems.length > 0 ? [`integrity_check: ${value.problems.slice(0, 3).join(', ')}`] : []),
    ...(value.foreignKeyViolations > 0 ? [`foreign_key_check: ${value.foreignKeyViolations} rows`] : []),
  ];
  return found.length === 0 ? ok('sound') : failed(found.join(', '));
}

function qdrantPart({ value, error }: ServiceReadings['qdrant']): Part {
  if (error !== undefined) return failed(error);
  const text = `${value.status}, ${value.points} points`;
  if (value.status === 'green') return ok(text);
  // Yellow and grey: it is being optimised, and answers meanwhile.
  return ['yellow', 'grey'].includes(value.status) ? warning(text) : failed(text);
}

function neo4jPart({ value, error }: ServiceReadings['neo4j']): Part {
  if (error !== undefined) return failed(error);
  const { constraints, indexes, notOnline } = value;
  if (notOnline.length > 0) return failed(`not online: ${notOnline.join(', ')}`);
  const text = `${constraints} constraints, ${indexes} indexes online`;
  return constraints === 0 ? warning(`${text}; nothing keeps ids unique`) : ok(text);
}

function diskPart({ value, error }: ServiceReadings['disk']): Part {
  if (error !== undefined) return failed(error);
  const { freeBytes, minimumFreeBytes } = value;
  const text = `${megabytes(freeBytes)} free for backups`;
  return freeBytes >= minimumFreeBytes ? ok(text) : failed(`${text}, ${megabytes(minimumFreeBytes)} wanted`);
}

function memoryPart({ rssBytes, freeBytes, totalBytes }: MemoryFacts): Part {
  const text = `${megabytes(freeBytes)} of ${megabytes(totalBytes)} free, ${megabytes(rssBytes)} used here`;
  return freeBytes < SCARCE_MEMORY_BYTES ? warning(text) : ok(text);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
