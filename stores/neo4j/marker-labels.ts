import { STAGING_NAMES } from '../../domain/names';
import type { MarkerLabel } from '../ports/graph';
import { onlyRow, toNumber, type GraphConnection } from './driver';
import { VERSION_LABEL } from './graph-fingerprint';
import { quotedLabel } from './labels';

/** The labels that mark versions, and staging, with how many nodes carry each; in the order of their names. */
export async function readMarkerLabels(connection: GraphConnection): Promise<MarkerLabel[]> {
  const rows = await connection.run('CALL db.labels() YIELD label RETURN label ORDER BY label');
  const labels = rows.map((row) => row.get('label') as string);
  const found: MarkerLabel[] = [];
  for (const label of labels.filter((one) => VERSION_LABEL.test(one) || one === STAGING_NAMES.label)) {
    const counted = await connection.run(`MATCH (n:${quotedLabel(label)}) RETURN count(n) AS nodes`);
    const nodes = toNumber(onlyRow(counted).get('nodes'));
    // The server goes on listing a label that no node carries any more.
    if (nodes > 0) found.push({ label, nodes });
  }
  return found;
}
