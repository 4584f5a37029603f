#!/usr/bin/env node
// Runs a TypeScript file of this checkout: node bin/run-ts.mjs <file> [arguments].
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { register } from 'tsx/cjs/api';

register();
const [, , file, ...rest] = process.argv;
const path = resolve(file);
process.argv = [process.argv[0], path, ...rest];
createRequire(pathToFileURL(path))(path);
