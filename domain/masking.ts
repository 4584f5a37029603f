const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;
const USER_INFO_IN_TEXT = /([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/gi;

/** A URL without its user and password part. Text that is not a URL is returned as it is. */
export function maskUrl(url: string): string {
  return url.replace(USER_INFO, '$1***@');
}

/** A copy in which secrets, and credentials inside URLs, are replaced in every text; keys, numbers and the shape stay. */
export function redact<T>(value: T, secrets: readonly string[]): T {
  if (typeof value === 'string') {
    const masked = value.replace(USER_INFO_IN_TEXT, '$1***@');
    return secrets.reduce<string>(
      (text, secret) => (secret === '' ? text : text.replaceAll(secret, '***')),
      masked,
    ) as T;
  }
  if (Array.isArray(value)) return value.map((item: unknown) => redact(item, secrets)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redact<unknown>(item, secrets)])) as T;
}
