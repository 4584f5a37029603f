import type { WorkflowHandle } from '@temporalio/client';
import type { ProgressView } from '../../domain/baseline';
import type { PublishInput, PublishOutcome } from '../../domain/publish';
import type { ReadyAnswer, StagingStage } from '../../domain/staging';
import { ingest } from '../../examples/ingestion/ingest';
import type { ParsedChapter } from '../../examples/ingestion/chapter';
import { cancelUpdate, progress, readyUpdate, type CancelRequest, type ReadyRequest } from '../../workflows/messages';
import type { TestBase } from './base';
import type { Live } from './live';
import { until } from './until';

export type PublishHandle = WorkflowHandle<() => Promise<PublishOutcome>>;

/** Registers the baseline of a base whose workers run. */
export async function registerBaseline(live: Live, taskQueue: string): Promise<string> {
  const workflowId = `${taskQueue}-baseline`;
  const { versionId } = (await live.client.workflow.execute('registerBaseline', {
    ...{ taskQueue, workflowId, args: [{ confirm: 'hash' }] },
  })) as { versionId: string };
  return versionId;
}

let runs = 0;

/** A staging on real services, from its opening to its end. */
export class Publishing {
  private constructor(
    readonly base: TestBase,
    readonly handle: PublishHandle,
  ) {
    Publishing.#last = this;
  }

  static #last: Publishing | undefined;

  /** Gives up what a test that failed has left open. */
  static async closeLast(): Promise<void> {
    const { handle } = this.#last ?? {};
    if (!handle) return;
    await handle.signal('cancel', { reason: 'the test is over' }).catch(() => undefined);
    await handle.result().catch(() => undefined);
  }

  static async open(
    live: Live,
    base: TestBase,
    taskQueue: string,
    input: PublishInput = {},
    workflowId?: string,
  ): Promise<Publishing> {
    const publishing = await Publishing.begin(live, base, taskQueue, input, workflowId);
    await publishing.reaches('open');
    return publishing;
  }

  /** Does not wait until the staging is open. */
  static async begin(
    live: Live,
    base: TestBase,
    taskQueue: string,
    input: PublishInput = {},
    workflowId = `${taskQueue}-publish-${++runs}`,
  ): Promise<Publishing> {
    const handle = await live.client.workflow.start<() => Promise<PublishOutcome>>('publishVersion', {
      // In a small corpus a few short chapters are near to every query.
      ...{ taskQueue, workflowId, args: [{ minimumOverlap: 0, ...input }] as unknown as [] },
    });
    return new Publishing(base, handle);
  }

  /** Waits until the staging is at this stage; fails where the run ends before. */
  async reaches(stage: StagingStage): Promise<ProgressView> {
    let ended: unknown;
    this.handle.result().catch((error: unknown) => (ended = error));
    return until(
      `staging is ${stage}`,
      () => this.handle.query(progress).catch(() => undefined),
      (view) => {
        if (ended !== undefined) throw ended as Error;
        return view?.staging?.stage === stage;
      },
    ) as Promise<ProgressView>;
  }

  async view(): Promise<ProgressView> {
    return this.handle.query(progress);
  }

  async write(chapters: readonly ParsedChapter[], removed: readonly string[] = []): Promise<void> {
    await ingest(this.base.settings, chapters, removed);
  }

  ready(): Promise<ReadyAnswer> {
    return this.handle.executeUpdate<ReadyAnswer, [ReadyRequest]>(readyUpdate.name, { args: [{ by: 'a test' }] });
  }

  /** Gives the staging up; answers how that is written down. */
  cancel(request: CancelRequest = {}): Promise<string> {
    return this.handle.executeUpdate<string, [CancelRequest]>(cancelUpdate.name, { args: [request] });
  }

  async promoted(): Promise<PublishOutcome> {
    const answer = await this.ready();
    if (!answer.accepted) throw new Error(`staging was refused: ${answer.failed.join('; ')}`);
    return this.handle.result();
  }
}

/** A small chapter; `edition` tells its texts apart from those of the same chapter before. */
export function chapterOf(textbookId: string, number: string, edition: string, paragraphs = 6): ParsedChapter {
  const text = (nth: number) => `Edition ${edition}: paragraph ${nth} on the surgery of chapter ${number}.`;
  const half = Math.ceil(paragraphs / 2);
  const section = (nth: string, from: number, to: number) => ({
    number: nth,
    title: `Section ${nth}`,
    paragraphs: Array.from({ length: to - from }, (_, i) => ({ text: text(from + i), page: 1 + from + i })),
  });
  return {
    ...{ textbookId, number, title: `Chapter ${number}, edition ${edition}`, source: `library/${number}.pdf` },
    sections: [section('1', 0, half), section('2', half, paragraphs)],
  };
}
