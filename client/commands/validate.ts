import { InvalidArgumentError, type Command } from 'commander';
import { SEVEN_CHECKS } from '../../domain/seven-checks';
import { runChecks } from '../../inspection/checks';
import { EXIT } from '../exit-codes';
import type { Host } from '../host';
import { renderChecks, type ChecksView } from '../render/checks';
import { withStores } from '../stores';

interface Flags {
  check?: number[];
}

/** `hfv validate`: the seven checks of production as it stands now. It takes no lock and changes nothing. */
export function addValidate(program: Command, host: Host): void {
  program
    .command('validate')
    .description('run the seven validation checks on production; a failed warning is told, and is no failure')
    .option('--check <number...>', 'run this check only; may be given several times', checkNumbers)
    .addHelpText('after', `\nChecks:\n${SEVEN_CHECKS.map(helpLine).join('\n')}`)
    .action(
      host.run<Flags>(async (context, { check: only }) => {
        const { base, migration } = context.settings();
        const { expectedChapters } = migration;
        const checks = await withStores(context, (stores) => runChecks(stores, { only, expectedChapters }));
        const failed = (severity: string) => checks.filter((one) => !one.passed && one.severity === severity).length;
        const view: ChecksView = { base, passed: failed('critical') === 0, warnings: failed('warning'), checks };
        context.out.result(view, (color) => renderChecks(view, color));
        return view.passed ? EXIT.done : EXIT.checkFailed;
      }),
    );
}

/** Numbers of checks, as commander hands them over one by one. */
export function checkNumbers(text: string, before: number[] | undefined): number[] {
  const known: readonly string[] = SEVEN_CHECKS.map(({ number }) => String(number));
  if (!known.includes(text)) throw new InvalidArgumentError(`Expected one of ${known.join(', ')}.`);
  return [...(before ?? []), Number(text)];
}

function helpLine({ number, name, severity }: (typeof SEVEN_CHECKS)[number]): string {
  return `  ${number}  ${name}${severity === 'warning' ? ' (a warning)' : ''}`;
}
