import type { Json } from './export-values';

/*
 * The export: gzipped JSON, one object a line, in this order:
 *   header, constraints, indexes, nodes, relationships, footer.
 * Its bytes depend on the graph alone: no moment, no host, no database name.
 */
export const EXPORT_FORMAT = 'hybridflow-neo4j/1';

export interface HeaderLine {
  t: 'header';
  format: typeof EXPORT_FORMAT;
  serverVersion: string;
  edition: string;
}

export interface ConstraintLine {
  t: 'c';
  name: string;
  /** The statement that makes it. */
  ddl: string;
}

export interface IndexLine {
  t: 'x';
  name: string;
  ddl: string;
  /** `constraint`: comes and goes with its constraint; `lookup`: every database has it; `own`: made by somebody. */
  kind: 'own' | 'constraint' | 'lookup';
}

export interface NodeLine {
  t: 'n';
  /** Ties relationships to nodes within this file; it has no meaning beyond it. */
  id: number;
  l: string[];
  p: Record<string, Json>;
}

export interface RelationshipLine {
  t: 'r';
  y: string;
  s: number;
  e: number;
  p: Record<string, Json>;
}

export interface ExportCounts {
  nodes: number;
  relationships: number;
  constraints: number;
  indexes: number;
  paragraphs: number;
}

export interface FooterLine {
  t: 'end';
  counts: ExportCounts;
  /** Of every line before this one, uncompressed, with its line feed. */
  sha256: string;
}

export type ExportLine = HeaderLine | ConstraintLine | IndexLine | NodeLine | RelationshipLine | FooterLine;

export function noCounts(): ExportCounts {
  return { nodes: 0, relationships: 0, constraints: 0, indexes: 0, paragraphs: 0 };
}
