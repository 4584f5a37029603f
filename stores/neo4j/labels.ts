import { HybridFlowError } from '../../domain/errors';
import type { CallControl } from '../ports';
import type { GraphConnection } from './driver';
import { removeInPages } from './leased-pages';

const LABEL = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * A label as Cypher writes it. Labels cannot be parameters, so the name is checked before it becomes part of a
 * statement.
 *
 * @throws HybridFlowError CONFIG_INVALID where it is no plain name
 */
export function quotedLabel(label: string): string {
  if (LABEL.test(label)) return `\`${label}\``;
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `"${label}" is no label that this system writes`,
    expected: 'a letter, then letters, digits and underscores',
  });
}

/** Takes the label off every node that carries it; see {@link removeInPages}. */
export async function removeLabel(
  connection: GraphConnection,
  label: string,
  batchSize: number,
  control?: CallControl,
): Promise<number> {
  const name = quotedLabel(label);
  const removal = { label: name, clause: `REMOVE n:${name} RETURN count(n)`, what: 'a label' };
  return removeInPages(connection, removal, batchSize, control);
}
