/** Suites are projects so that `npm test` can print one honest total and a person can run one by name. */
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
  ],
};
const suite = (name, extra = {}) => ({
  displayName: name,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  transform,
  ...extra,
});

module.exports = {
  projects: ['unit', 'contract', 'workflow', 'replay', 'integration', 'crash'].map((name) => suite(name)),
};
