/** A group's name as the list of fingerprints writes it: one line, whatever a store calls its chapters. */
export function listedName(name: string): string {
  return name.replace(/[\\\n\r]/g, (character) => ESCAPES[character] ?? character);
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' };
