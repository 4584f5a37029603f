import { EXIT, EXIT_BY_CODE, exitCodeOf } from '../../../client/exit-codes';
import { ERROR_CODES, HybridFlowError, type ErrorCode } from '../../../domain/errors';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe('exit codes', () => {
  test('every error code has one, and none means success', () => {
    expect(Object.keys(EXIT_BY_CODE).sort()).toEqual([...codes].sort());
    for (const code of codes) expect(EXIT_BY_CODE[code]).toBeGreaterThan(EXIT.unexpected);
  });

  test.each([
    ['CONFIG_INVALID', 2],
    ['METADATA_DB_MISSING', 2],
    ['SCHEMA_CONFLICT', 2],
    ['COLLECTION_MISSING', 2],
    ['NEO4J_AUTH', 2],
    ['PORT_IN_USE', 2],
    ['TOOL_MISSING', 2],
    ['DISK_TOO_SMALL', 2],
    ['LABEL_IN_USE', 2],
    ['SEED_REFUSED', 2],
    ['ROLLED_BACK', 3],
    ['NEEDS_OPERATOR', 4],
    ['COLLECTION_NOT_GREEN', 5],
    ['CHECK_FAILED', 5],
    ['ARTIFACT_DAMAGED', 5],
    ['BASE_BUSY', 6],
    ['VERSION_UNKNOWN', 7],
    ['NOT_RUNNING', 7],
    ['TEMPORAL_UNREACHABLE', 8],
    ['QDRANT_UNREACHABLE', 8],
    ['NEO4J_UNREACHABLE', 8],
    ['WAIT_TIMED_OUT', 8],
  ] as const)('%s ends with %i', (code, exit) => {
    expect(exitCodeOf(new HybridFlowError(code, { found: 'x' }))).toBe(exit);
  });

  test('what nobody foresaw is 1', () => {
    expect(exitCodeOf(new Error('boom'))).toBe(1);
    expect(exitCodeOf('boom')).toBe(1);
  });
});
