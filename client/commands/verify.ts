import type { Command } from 'commander';
import { whileInUse } from '../../inspection/in-use';
import { verifyVersion, type Verification } from '../../inspection/verify';
import { EXIT, type ExitCode } from '../exit-codes';
import type { Host } from '../host';
import { interruptible } from '../person';
import { renderVerification } from '../render/verify';
import { withStores } from '../stores';
import { isUnsure, noteVerified } from '../verified';

interface Flags {
  qdrant: boolean;
  deep?: boolean;
  record: boolean;
}

/**
 * `hfv verify`: is a version still what it was sealed as? It takes no lock and changes nothing in production; how the
 * version was found is noted in operation_log.
 */
export function addVerify(program: Command, host: Host): void {
  program
    .command('verify')
    .argument('<version>', 'version id, as `hfv versions` lists it, or latest-copy')
    .description('check a version, archived or not: the bytes of every file, and the content of every artifact')
    .option('--no-qdrant', 'do not restore the Qdrant snapshot beside production; no service is needed then')
    .option('--deep', 'compare the vectors too, where the version was captured with them (`hfv migrate --deep`)')
    .option('--no-record', 'do not note in operation_log how it was found')
    .action(
      host.run<Flags>(async (context, { qdrant, deep, record }, version) => {
        const startedAt = new Date();
        // Ctrl-C ends the work in order, so that no collection is left beside production.
        const found = await withStores(context, (stores) =>
          interruptible((signal) =>
            whileInUse(
              stores.artifacts,
              [version],
              'verify',
              () => verifyVersion(stores, version, { qdrant, deep }, { signal }),
              { tell: (note) => context.out.note(note) },
            ).catch((error: unknown) => {
              if (!signal.aborted) throw error;
            }),
          ),
        );
        if (!found) {
          context.out.note('interrupted: nothing was verified, and nothing is left');
          return EXIT.detached;
        }
        context.out.result(found, (color) => renderVerification(found, color));
        const why = record ? await withStores(context, (stores) => noteVerified(stores, found, startedAt)) : null;
        if (why !== null) context.out.note(why);
        return exitCodeOf(found);
      }),
    );
}

function exitCodeOf(found: Verification): ExitCode {
  if (found.passed) return EXIT.done;
  return isUnsure(found) ? EXIT.unreachable : EXIT.checkFailed;
}
