import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Stacks name folders of the machine that recorded them, and say nothing to a replay. */
const withoutPaths = (key: string, value: unknown): unknown => (key === 'stackTrace' ? '' : value);

/** Writes the history of a run that has ended to `histories/<name>.json`. */
export function keepHistory(temporal: string, address: string, workflowId: string, name: string): void {
  const show = ['workflow', 'show', '--address', address, '--workflow-id', workflowId, '--output', 'json'];
  const history: unknown = JSON.parse(execFileSync(temporal, show, { encoding: 'utf8', maxBuffer: 1e8 }), withoutPaths);
  writeFileSync(join(__dirname, 'histories', `${name}.json`), `${JSON.stringify(history)}\n`);
  process.stdout.write(`recorded ${name}\n`);
}
