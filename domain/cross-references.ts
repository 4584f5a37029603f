const MOST_SHOWN = 60;

/**
 * Why a `cross_references` is no JSON array; undefined where it is one, or null.
 *
 * A property of Neo4j has no JSON type, so an array in JSON is a text, as production writes it and as its readers
 * parse it. A native list is therefore refused: handed to those readers, it would break them.
 */
export function crossReferencesProblem(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return `a native list of ${value.length}, where its readers parse JSON text`;
  if (typeof value !== 'string') return `a ${typeof value}, not a JSON text`;
  const shown = value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value;
  try {
    return Array.isArray(JSON.parse(value)) ? undefined : `JSON, but no array: ${shown}`;
  } catch {
    return `not JSON: ${shown}`;
  }
}
