import { STAGING_NAMES } from '../../domain/names';
import type { CallControl } from '../ports';
import type { GraphConnection } from './driver';
import { quotedLabel } from './labels';
import { removeInPages } from './leased-pages';

/**
 * Deletes the nodes of a version that is being staged, with their relationships; see {@link removeInPages}. Nothing is
 * deleted by an attempt that comes too late: the next version may be staging by then.
 */
export function removeStaging(connection: GraphConnection, batchSize: number, control?: CallControl): Promise<number> {
  const label = quotedLabel(STAGING_NAMES.label);
  const removal = { label, clause: 'DETACH DELETE n RETURN count(*)', what: 'staging nodes' };
  return removeInPages(connection, removal, batchSize, control);
}
