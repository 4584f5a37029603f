import type { NativeConnection } from '@temporalio/worker';
import { temporal } from '@temporalio/proto';
import { HybridFlowError } from '../domain/errors';
import { SEARCH_ATTRIBUTES } from '../domain/names';

const KEYWORD = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

/**
 * Makes sure that the server knows the search attributes: a workflow that sets an unknown one could not go on.
 *
 * @throws HybridFlowError CONFIG_INVALID with the command to run, where they are missing and may not be added
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const { operatorService } = connection;
  const missing = await missingAttributes(connection, namespace);
  if (missing.length === 0) return;
  try {
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  } catch (cause) {
    const still = await missingAttributes(connection, namespace);
    if (still.length === 0) return;
    const flags = still.map((name) => `--name ${name} --type Keyword`).join(' ');
    throw new HybridFlowError(
      'CONFIG_INVALID',
      {
        found: `Namespace ${namespace} lacks the search attributes ${still.join(', ')}, and this worker may not add them`,
        next: `temporal operator search-attribute create --namespace ${namespace} ${flags}`,
      },
      { cause },
    );
  }
}

async function missingAttributes({ operatorService }: NativeConnection, namespace: string): Promise<string[]> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  return Object.values(SEARCH_ATTRIBUTES).filter((name) => !(name in customAttributes));
}
