/** The same value with every secret replaced in its texts; keys, numbers and the shape stay as they are. */
export function redact<T>(value: T, secrets: readonly string[]): T {
  if (typeof value === 'string') {
    return secrets.reduce<string>(
      (text, secret) => (secret === '' ? text : text.replaceAll(secret, '***')),
      value,
    ) as T;
  }
  if (Array.isArray(value)) return value.map((item: unknown) => redact(item, secrets)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redact<unknown>(item, secrets)])) as T;
}
