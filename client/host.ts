import type { Context } from './context';
import type { ExitCode } from './exit-codes';

/** What a verb does: it prints, and says how it ended where that is not `done`. */
export type Handler<Flags> = (context: Context, flags: Flags, argument: string) => Promise<ExitCode | void>;

/** Lets a verb name its work: `command.action(host.run(async (context, flags) => …))`. */
export interface Host {
  run<Flags>(handler: Handler<Flags>): (...given: unknown[]) => Promise<void>;
}
