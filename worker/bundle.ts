import { writeFile } from 'node:fs/promises';
import { bundleWorkflowCode } from '@temporalio/worker';

/** Bundles the workflows into one file: `worker/bundle.ts <target>`. Done once at build time, so that a worker starts at once. */
async function main(target: string | undefined): Promise<void> {
  if (!target) throw new Error('usage: bundle <target file>');
  const { code } = await bundleWorkflowCode({ workflowsPath: require.resolve('../workflows') });
  await writeFile(target, code);
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
