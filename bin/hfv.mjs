#!/usr/bin/env node
// The command line: from the sources in a checkout, from dist/ in an installed package.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const source = fileURLToPath(new URL('../client/main.ts', import.meta.url));
if (existsSync(source)) {
  const { register } = await import('tsx/cjs/api');
  register();
  require(source);
} else {
  require(fileURLToPath(new URL('../dist/client/main.js', import.meta.url)));
}
