/** What the health check asks of the stores beyond their inventories. */
export interface MetadataHealth {
  /** Messages of `PRAGMA integrity_check` (empty: sound), and rows of `PRAGMA foreign_key_check`; of the copy `file` where one is named. */
  integrity(file?: string): { problems: string[]; foreignKeyViolations: number };
}

export interface GraphHealth {
  /** Constraints and the indexes that are not ONLINE, by name. */
  schemaHealth(): Promise<{ constraints: number; indexes: number; notOnline: string[] }>;
}
