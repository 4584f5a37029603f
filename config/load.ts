import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { parse as parseDotenv } from 'dotenv';
import { parse as parseToml } from 'smol-toml';
import { z } from 'zod';
import { HybridFlowError } from '../domain/errors';
import { ENVIRONMENT, settingsSchema, type Settings } from './schema';

type Tree = Record<string, unknown>;
type Environment = Record<string, string | undefined>;

export interface LoadOptions {
  /** Overrides from command-line flags, as dotted paths: `{'qdrant.url': '…'}`. They win over everything. */
  flags?: Record<string, unknown>;
  /** Defaults to `process.env`. */
  env?: Environment;
  /** Folder that relative paths and `.stack/env` are looked up in. Defaults to the working directory. */
  cwd?: string;
}

/**
 * Loads the settings: flags > environment > config file (`HYBRIDFLOW_CONFIG`, TOML or JSON) > the local
 * stack's own `.stack/env` where one was started here > defaults.
 *
 * @throws HybridFlowError CONFIG_INVALID naming every field that does not fit
 */
export function loadSettings({ flags = {}, env = process.env, cwd = process.cwd() }: LoadOptions = {}): Settings {
  const tree: Tree = {};
  overlay(tree, fromEnvironment(stackEnvironment(env, cwd)), cwd);
  const configFile = env.HYBRIDFLOW_CONFIG;
  if (configFile) overlayFile(tree, resolve(cwd, configFile));
  overlay(tree, fromEnvironment(env), cwd);
  overlay(tree, Object.entries(flags), cwd);
  const parsed = settingsSchema.safeParse(absolutePaths(tree, cwd));
  if (!parsed.success) {
    throw new HybridFlowError('CONFIG_INVALID', {
      found: `The configuration does not fit:\n${z.prettifyError(parsed.error)}`,
      next: 'mend the fields named above (flags, environment or the file named by HYBRIDFLOW_CONFIG)',
    });
  }
  return withDefaultsAbsolute(parsed.data, cwd);
}

/** The password of Neo4j, read from its file where one is configured. Never logged, never stored in history. */
export function neo4jPassword(settings: Settings): string {
  const { password, passwordFile } = settings.neo4j;
  if (password !== undefined) return password;
  if (passwordFile === undefined) {
    throw new HybridFlowError('CONFIG_INVALID', {
      found: 'No Neo4j password is configured',
      next: 'set NEO4J_PASSWORD or NEO4J_PASSWORD_FILE',
    });
  }
  try {
    return readFileSync(passwordFile, 'utf8').trimEnd();
  } catch (cause) {
    throw new HybridFlowError(
      'CONFIG_INVALID',
      {
        found: `NEO4J_PASSWORD_FILE names ${passwordFile}, which cannot be read`,
        next: 'check the path and its permissions',
      },
      { cause },
    );
  }
}

function stackEnvironment(env: Environment, cwd: string): Environment {
  const file = env.HYBRIDFLOW_STACK_ENV ? resolve(cwd, env.HYBRIDFLOW_STACK_ENV) : join(cwd, '.stack', 'env');
  return existsSync(file) ? parseDotenv(readFileSync(file)) : {};
}

function fromEnvironment(env: Environment): [string, unknown][] {
  const found: [string, unknown][] = [];
  for (const [name, path] of Object.entries(ENVIRONMENT)) {
    if (env[name] !== undefined && env[name] !== '') found.push([path, env[name]]);
  }
  return found;
}

function overlayFile(tree: Tree, file: string): void {
  const settings = absolutePaths(readConfigFile(file), dirname(file));
  merge(tree, settings);
  const neo4j = isTree(settings.neo4j) ? settings.neo4j : {};
  preferPasswordFile(tree, 'passwordFile' in neo4j && !('password' in neo4j));
}

function readConfigFile(file: string): Tree {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HybridFlowError(
      'CONFIG_INVALID',
      { found: `HYBRIDFLOW_CONFIG names ${file}, which cannot be read`, next: 'check the path' },
      { cause },
    );
  }
  try {
    const settings: unknown = file.endsWith('.json') ? JSON.parse(text) : parseToml(text);
    if (!isTree(settings)) throw new Error('it holds no settings by name');
    return settings;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HybridFlowError(
      'CONFIG_INVALID',
      { found: `${file} cannot be parsed: ${why}`, next: 'mend the file' },
      { cause },
    );
  }
}

function overlay(tree: Tree, entries: [string, unknown][], cwd: string): void {
  for (const [path, value] of entries) {
    if (value === undefined) continue;
    const keys = path.split('.');
    const last = keys.pop() ?? path;
    let node = tree;
    for (const key of keys) node = (node[key] ??= {}) as Tree;
    // Where the config file has plain text in a section's place, it stays, so that validation names it.
    if (isTree(node)) node[last] = value;
  }
  const given = new Map(entries.filter(([, value]) => value !== undefined));
  preferPasswordFile(tree, given.has('neo4j.passwordFile') && !given.has('neo4j.password'));
  absolutePaths(tree, cwd);
}

/** A password given outright outranks a file named at a lower level, and the other way round. */
function preferPasswordFile(tree: Tree, fileOnly: boolean): void {
  if (fileOnly && isTree(tree.neo4j)) delete tree.neo4j.password;
}

function merge(target: Tree, source: Tree): void {
  for (const [key, value] of Object.entries(source)) {
    const present = Object.hasOwn(target, key) ? target[key] : undefined;
    if (isTree(value) && isTree(present)) merge(present, value);
    else target[key] = value;
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Paths are relative to where they were written: the config file's folder, or the working directory. */
function absolutePaths(tree: Tree, from: string): Tree {
  for (const [node, key] of [
    [tree, 'metadataDb'],
    [tree, 'backups'],
    [tree.neo4j, 'passwordFile'],
  ] as const) {
    if (!isTree(node)) continue;
    const value = node[key];
    if (typeof value === 'string' && value !== '') node[key] = absolutePath(value, from);
  }
  const commands =
    isTree(tree.probes) && Array.isArray(tree.probes.commands) ? (tree.probes.commands as unknown[]) : [];
  for (const command of commands.filter(isTree)) {
    if (typeof command.cwd === 'string' && command.cwd !== '') command.cwd = absolutePath(command.cwd, from);
  }
  if (isTree(tree.health)) tree.health.logs = absolutePathList(tree.health.logs, from);
  return tree;
}

/** A list of paths, in the environment as PATH has them. What is neither stays, so that validation names it. */
function absolutePathList(paths: unknown, from: string): unknown {
  const list: unknown = typeof paths === 'string' ? paths.split(delimiter).filter((path) => path !== '') : paths;
  if (!Array.isArray(list)) return list;
  return list.map((path: unknown) => (typeof path === 'string' && path !== '' ? absolutePath(path, from) : path));
}

/** A URL (`s3://…`) is no path and stays as it is. */
function absolutePath(path: string, from: string): string {
  return isAbsolute(path) || path.includes('://') ? path : resolve(from, path);
}

function withDefaultsAbsolute(settings: Settings, cwd: string): Settings {
  const { metadataDb, backups } = settings;
  return { ...settings, metadataDb: absolutePath(metadataDb, cwd), backups: absolutePath(backups, cwd) };
}
