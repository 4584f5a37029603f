import type { Command } from 'commander';
import { up, type ProgressEvent, type ServiceStatus, type StackStatus } from '../../stack/stack';
import type { Context } from '../context';
import type { Host } from '../host';
import type { Colors } from '../output';
import { table } from '../render/tables';

/** `hfv up`: finds or starts Temporal, Qdrant and Neo4j. */
export function addUp(program: Command, host: Host): void {
  program
    .command('up')
    .description('find or start Temporal, Qdrant and Neo4j for this folder')
    .action(
      host.run(async (context) => {
        const status = await startStack(context);
        context.out.result(stackView(status), (color) => `${renderServices(status, color)}\n\n${howToUse(status)}`);
      }),
    );
}

/** Starts what is missing, telling on stderr what goes on. */
export async function startStack(context: Context): Promise<StackStatus> {
  const { stackRoot: root, env, out } = context;
  return up({ root, env, onProgress: progressLines((line) => out.note(line)) });
}

/** What is printed of the stack: never its environment, which holds the password. */
export function stackView({ root, services, envFile }: StackStatus): Omit<StackStatus, 'env'> {
  return { root, services, envFile };
}

/** Service by service: how it was found, which version, where, and as which process. */
export function renderServices({ services }: Pick<StackStatus, 'services'>, color: Colors): string {
  const rows = services.map((service) => [
    service.name,
    stateOf(service, color),
    service.how,
    service.version,
    service.address,
    service.pid === undefined ? '' : String(service.pid),
    service.note ?? '',
  ]);
  return table(['service', 'state', 'how', 'version', 'address', 'pid', ''], rows, color);
}

/** One line per service and thing that happens to it; what repeats itself is said once. */
export function progressLines(print: (line: string) => void): (event: ProgressEvent) => void {
  const last = new Map<string, string>();
  return ({ service, message }) => {
    if (last.get(service) === message) return;
    last.set(service, message);
    print(`${service.padEnd(8)}  ${message}`);
  };
}

function stateOf({ state, startedNow }: ServiceStatus, color: Colors): string {
  if (state === 'running') return color.green(startedNow ? 'started' : 'running');
  return state === 'foreign' ? color.red(state) : state;
}

function howToUse({ envFile }: StackStatus): string {
  return `Addresses and credentials are in ${envFile}; \`hfv\` reads it by itself in this folder.\nFor other programs, source it: set -a; . ${envFile}; set +a`;
}
