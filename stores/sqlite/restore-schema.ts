import { STAGING_NAMES } from '../../domain/names';
import { VERSIONING_TABLES } from '../../domain/registry-schema';
import type { Db } from './open';

type Kind = 'table' | 'index' | 'view' | 'trigger';

export interface SchemaObject {
  type: Kind;
  name: string;
  table: string;
  sql: string;
}

/** Tables that are no part of production, in lower case: names in SQLite differ in more than their case. */
export const NOT_PRODUCTION: readonly string[] = [...VERSIONING_TABLES.map(({ name }) => name), STAGING_NAMES.table];
export const NOT_PRODUCTION_LIST = NOT_PRODUCTION.map((name) => `'${name}'`).join(', ');

/** Production's objects in the order of their making; what SQLite makes for itself has no statement, or its own prefix. */
export function objectsOf(db: Db, schema: 'main' | 'copy'): SchemaObject[] {
  return db
    .prepare<[], SchemaObject>(
      `SELECT type, name, tbl_name AS "table", sql FROM ${schema}.sqlite_master
       WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         AND lower(tbl_name) NOT IN (${NOT_PRODUCTION_LIST}) ORDER BY rowid`,
    )
    .all();
}

/** A virtual table keeps its rows in tables of its own, which are there beside it. */
export function isPlainTable({ type, sql }: SchemaObject): boolean {
  return type === 'table' && !isVirtual(sql);
}

/** Drops all triggers, and whatever else is not in the copy in the same form. */
export function dropUnwanted(db: Db, wanted: readonly SchemaObject[]): void {
  const live = objectsOf(db, 'main');
  const unwanted = (type: Kind) =>
    live.filter(
      (object) => object.type === type && (type === 'trigger' || !wanted.some((other) => same(object, other))),
    );
  const inOrder = [
    ...unwanted('trigger'),
    ...unwanted('view'),
    ...unwanted('index'),
    ...virtualFirst(unwanted('table')),
  ];
  for (const { type, name } of inOrder) db.exec(`DROP ${type.toUpperCase()} IF EXISTS main.${quotedName(name)}`);
}

/** Creates those of the kinds named that are not there. */
export function createMissing(db: Db, wanted: readonly SchemaObject[], kinds: readonly Kind[]): void {
  for (const kind of kinds) {
    for (const object of virtualFirst(wanted.filter(({ type }) => type === kind))) {
      // Asked each time: a virtual table brings its own tables.
      if (!objectsOf(db, 'main').some((other) => same(object, other))) db.exec(object.sql);
    }
  }
}

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function virtualFirst(objects: readonly SchemaObject[]): SchemaObject[] {
  return [...objects.filter(({ sql }) => isVirtual(sql)), ...objects.filter(({ sql }) => !isVirtual(sql))];
}

function isVirtual(sql: string): boolean {
  return /^CREATE\s+VIRTUAL/i.test(sql);
}

function same(a: SchemaObject, b: SchemaObject): boolean {
  return a.type === b.type && a.name === b.name && a.sql === b.sql;
}
