import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Imports that a room must not make: the arrows of the house go one way (docs/concepts.md). */
const forbid = (...patterns) => ({
  'no-restricted-imports': ['error', { patterns: patterns.map(([group, message]) => ({ group, message })) }],
});
const drivers = [
  ['better-sqlite3', 'neo4j-driver', '@qdrant/*'],
  'Drivers are imported in stores/ only; everything else goes through stores/ports.ts.',
];
const nodeBuiltins = [
  ['node:*', 'fs', 'path', 'crypto', 'os', 'http', 'https', 'child_process'],
  'This code runs inside the workflow sandbox: no Node builtins.',
];
const above = (...rooms) => [
  rooms.flatMap((room) => [`../${room}/*`, `../../${room}/*`, `../${room}`, `../../${room}`]),
  'Arrows go one way: this room must not know that one.',
];

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'coverage', '.stack*/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      'import-x/no-cycle': 'error',
      'max-lines': ['error', { max: 220, skipComments: true, skipBlankLines: true }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      // Temporal wants async functions, whether or not they wait for something.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    files: ['domain/**/*.ts'],
    rules: forbid(
      drivers,
      nodeBuiltins,
      above('workflows', 'activities', 'stores', 'inspection', 'config', 'worker', 'client', 'stack'),
    ),
  },
  {
    files: ['workflows/**/*.ts'],
    rules: forbid(drivers, nodeBuiltins, above('stores', 'inspection', 'config', 'worker', 'client', 'stack')),
  },
  {
    files: ['inspection/**/*.ts'],
    rules: forbid(drivers, above('workflows', 'activities', 'worker', 'client', 'stack', 'config')),
  },
  { files: ['activities/**/*.ts'], rules: forbid(drivers, above('workflows', 'worker', 'client', 'stack')) },
  {
    files: ['stores/**/*.ts'],
    rules: forbid(above('workflows', 'activities', 'inspection', 'worker', 'client', 'stack', 'config')),
  },
  { files: ['config/**/*.ts'], rules: forbid(drivers, above('workflows', 'activities', 'worker', 'client', 'stack')) },
  { files: ['client/**/*.ts', 'worker/**/*.ts', 'stack/**/*.ts', 'bench/**/*.ts'], rules: forbid(drivers) },
  {
    files: ['test/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', 'max-lines': ['error', 400], '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        module: 'writable',
        setTimeout: 'readonly',
      },
    },
  },
);
