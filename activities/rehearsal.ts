import { Context } from '@temporalio/activity';
import { REHEARSAL_PREFIX, type StoreName } from '../domain/names';
import type { ConfirmForm, RehearsedStore } from '../domain/rehearsal';
import { rehearseStore, removeRehearsals } from '../inspection/rehearsal';
import { callControl, isRetry, run } from './context';
import type { ActivityDeps } from './deps';

/** The confirmation that a version can be rolled back to, one store at a time. */
export function createRehearsalActivities(deps: ActivityDeps) {
  return {
    /** Each attempt has side targets of its own: one thought dead must not take those of its successor away. */
    async rehearse(store: StoreName, folder: string, form: ConfirmForm): Promise<RehearsedStore> {
      const ours = `${sideNames(run().runId)}${store}_`;
      if (isRetry()) await removeRehearsals(deps, ours);
      const sideName = `${ours}${Context.current().info.attempt}`;
      return rehearseStore(deps, store, folder, { form, sideName, control: callControl() });
    },

    /** Removes the side targets of every attempt of a run. */
    async removeRehearsal(runId: string): Promise<void> {
      await removeRehearsals(deps, sideNames(runId));
    },
  };
}

function sideNames(runId: string): string {
  return `${REHEARSAL_PREFIX}${runId}_`;
}
