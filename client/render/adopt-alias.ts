import type { Colors } from '../output';
import { fields, plural } from './text';

export interface AliasView {
  base: string;
  /** The name in the settings. */
  configured: string;
  alias: string;
  /** What stands behind the alias. */
  collection: string;
  /** False where production was read through an alias before. */
  made: boolean;
  /** Every alias of the collection. */
  aliases: string[];
  points: number;
  status: string;
}

/** What was made of the alias, and what readers see now. */
export function renderAlias(view: AliasView, color: Colors): string {
  const { base, configured, alias, collection, made, aliases, points, status } = view;
  const head = made
    ? `${base} is ${color.green('read through the alias')} ${alias} from now on`
    : `${base} is read through the alias ${alias} already; nothing was changed`;
  return [
    head,
    ...fields([
      ['readers see', `${collection}: ${plural(points, 'point')}, ${status}`],
      ['aliases', aliases.join(', ')],
      ['configured', configured],
    ]),
    ...(made ? ['The data are where they were. The next version is promoted by moving the alias.'] : []),
  ].join('\n');
}
