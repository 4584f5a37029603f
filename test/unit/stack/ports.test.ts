import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { answers, holderOf, isHeldBy, portInUse, resolvePorts } from '../../../stack/services/ports';

test('ports: given, then environment, then the usual ones', () => {
  const env = { HFV_PORT_QDRANT: '16333', HFV_PORT_TEMPORAL: '17233' };
  expect(resolvePorts({ temporal: 27233 }, env)).toEqual({
    temporal: 27233,
    temporalUi: 8233,
    qdrant: 16333,
    neo4jBolt: 7687,
  });
});

test.each(['0', '65536', 'many', '1.5'])('a variable that holds no port is named: %s', (text) => {
  expect(() => resolvePorts({}, { HFV_PORT_NEO4J: text })).toThrow(/HFV_PORT_NEO4J is ".*Expected: a port number/);
});

test('the holder of a port is found, and is gone when it closes', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(holderOf(port)).resolves.toMatchObject({ pid: process.pid });
  await expect(answers(port)).resolves.toBe(true);
  server.close();
  await once(server, 'close');
  await expect(holderOf(port)).resolves.toBeUndefined();
});

test('a holder is ours only if it is our process or of its group', () => {
  expect(isHeldBy({ pid: process.pid }, process.pid)).toBe(true);
  expect(isHeldBy({ pid: process.pid }, 1)).toBe(false);
  expect(isHeldBy({}, process.pid)).toBe(false);
});

test('the error names the service, the port, the holder and the way out', () => {
  const error = portInUse('qdrant', { port: 6333, variable: 'HFV_PORT_QDRANT' }, { pid: 42, command: 'other --serve' });
  expect(error.code).toBe('PORT_IN_USE');
  expect(error.message).toMatch(/Port 6333, which qdrant needs, is held by pid 42 \(other --serve\)/);
  expect(error.message).toContain('HFV_PORT_QDRANT=');
  expect(error.facts.details).toEqual({ service: 'qdrant', port: 6333, variable: 'HFV_PORT_QDRANT', holderPid: 42 });
});
