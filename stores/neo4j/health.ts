import { onlyRow, toNumber, type GraphConnection } from './driver';

/** What keeps ids unique and lookups quick. An index that is still being filled, or failed, is not used by any query. */
export async function readSchemaHealth(
  connection: GraphConnection,
): Promise<{ constraints: number; indexes: number; notOnline: string[] }> {
  const constraints = onlyRow(await connection.run('SHOW CONSTRAINTS YIELD name RETURN count(name) AS n'));
  const indexes = await connection.run(
    'SHOW INDEXES YIELD name, state, populationPercent RETURN name, state, populationPercent ORDER BY name',
  );
  return {
    constraints: toNumber(constraints.get('n')),
    indexes: indexes.length,
    notOnline: indexes
      .filter((row) => row.get('state') !== 'ONLINE')
      .map(
        (row) => `${String(row.get('name'))} (${String(row.get('state'))}, ${percent(row.get('populationPercent'))})`,
      ),
  };
}

function percent(value: unknown): string {
  return `${Math.floor(toNumber(value))} %`;
}
