import { InvalidArgumentError, type Command } from 'commander';
import { COMPARABLE_NAMES, type VersionComparison } from '../../domain/compare';
import { whileInUse } from '../../inspection/in-use';
import { compareVersions, isLive, type CompareRequest, type CompareSources } from '../../inspection/compare';
import { openArtifactStore } from '../../stores/artifacts';
import { ARCHIVE_FOLDER } from '../../stores/artifacts/archive';
import { openArtifactContents } from '../../stores/artifacts/contents';
import { openMetadataStore } from '../../stores/sqlite';
import type { Context } from '../context';
import { EXIT, type ExitCode } from '../exit-codes';
import type { Host } from '../host';
import { interruptible } from '../person';
import { renderComparison } from '../render/compare';
import { comparisonPage } from '../render/compare-html';
import { saveFile } from '../save-file';
import { withStores } from '../stores';

interface Flags {
  html?: string | true;
  text?: boolean;
  chapter?: string;
  limit?: number;
  exitCode?: boolean;
}

const LIMIT = 20;
/** A page is folded by chapter, and holds more without hiding it. */
const LIMIT_OF_PAGE = 200;
const MOST = 100_000;

/** `hfv compare`: what became of the chapters and chunks from one version to another. It takes no lock and changes nothing. */
export function addCompare(program: Command, host: Host): void {
  program
    .command('compare')
    .argument('<before>', 'version id, or a name that stands for one')
    .argument('<after>', 'the same')
    .description(
      'compare two versions by chapter and chunk; of two versions their folders are enough, no service is asked',
    )
    .option('--text', 'show the texts of the chunks that differ, word by word')
    .option('--chapter <id>', 'this chapter only, e.g. bailey:ch60')
    .option(
      '--limit <number>',
      `entries that a list shows at most (default: ${LIMIT}, of a page ${LIMIT_OF_PAGE})`,
      limitOf,
    )
    .option('--html [file]', 'as a page of its own, with the texts side by side; to a file where one is named')
    .option('--exit-code', 'end with 5 where they differ')
    .addHelpText('after', `\nNames: ${COMPARABLE_NAMES.join(', ')}`)
    .action((...given: unknown[]) => {
      const [before, after] = given as [string, string];
      return host.run<Flags>((context, flags) => compare(context, flags, before, after))(...given);
    });
}

async function compare(context: Context, flags: Flags, before: string, after: string): Promise<ExitCode> {
  const { html, text, chapter, limit = html ? LIMIT_OF_PAGE : LIMIT } = flags;
  const texts = text ? 'required' : html ? 'wanted' : undefined;
  const found = await compared(context, { before, after, limit, chapter, texts });
  if (!found) {
    context.out.note('interrupted: nothing was compared, and nothing is left');
    return EXIT.detached;
  }
  if (typeof html === 'string') {
    const path = context.pathOf(html);
    await saveFile(path, comparisonPage(found), '--html');
    const { same } = found;
    context.out.result({ before, after, same, path }, () => `${path}: ${before} and ${after}`);
  } else {
    context.out.result(found, (color) => (html ? comparisonPage(found) : renderComparison(found, color)));
  }
  return flags.exitCode && !found.same ? EXIT.checkFailed : EXIT.done;
}

/** Undefined where it was interrupted: then what was read of production is removed first. */
async function compared(context: Context, request: CompareRequest): Promise<VersionComparison | undefined> {
  const { metadataDb, backups } = context.settings();
  const artifacts = openArtifactStore(backups);
  const sources: CompareSources = {
    artifacts,
    archive: openArtifactStore(artifacts.pathOf(ARCHIVE_FOLDER)),
    contents: openArtifactContents(),
    metadata: openMetadataStore(metadataDb),
  };
  const versions = [request.before, request.after];
  const run = (live?: CompareSources['live']) =>
    interruptible((signal) =>
      whileInUse(artifacts, versions, 'compare', () =>
        compareVersions({ ...sources, live }, request, { signal }),
      ).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      }),
    );
  // Two versions need nothing but their folders: not even a password is looked for.
  const live = [request.before, request.after].some(isLive);
  return (live ? await withStores(context, run) : await run()) ?? undefined;
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > MOST) {
    throw new InvalidArgumentError(`Expected a whole number from 1 to ${MOST}.`);
  }
  return limit;
}
