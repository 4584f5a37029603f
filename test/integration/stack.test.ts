import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paths } from '../../stack/services/paths';
import { writeRecord } from '../../stack/services/records';
import { down, reset, status, up, type ServiceName, type ServiceStatus, type StackPorts } from '../../stack/stack';
import { identify, isAlive } from '../../stack/toolchain/process';
import { ensureFirstPassword, serverVersion } from '../../stores/neo4j/first-password';

jest.setTimeout(300_000);

/** The environment without anything that configures a service, and without Docker. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL|QDRANT|NEO4J|HFV)_/.test(name))),
  HFV_STACK_DOCKER: '0',
};
const light: ServiceName[] = ['temporal', 'qdrant'];
let root: string;
let ports: StackPorts;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hfv-stack-'));
  const servers = await Promise.all([0, 1, 2, 3].map(() => listen(0)));
  const [temporal = 0, temporalUi = 0, qdrant = 0, neo4jBolt = 0] = servers.map(portOf);
  ports = { temporal, temporalUi, qdrant, neo4jBolt };
  await Promise.all(servers.map(close));
});

afterAll(async () => {
  await reset({ root, ports, env });
  rmSync(root, { recursive: true, force: true });
});

test('starts what is missing and says where it is', async () => {
  const started = await up({ root, ports, env, services: light });
  expect(started.services.map(({ state, how, startedNow }) => ({ state, how, startedNow }))).toEqual([
    { state: 'running', how: 'local', startedNow: true },
    { state: 'running', how: 'local', startedNow: true },
  ]);
  expect(started.env).toMatchObject({
    TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`,
    QDRANT_URL: `http://127.0.0.1:${ports.qdrant}`,
  });
  expect((await fetch(started.env.TEMPORAL_UI_URL ?? '')).ok).toBe(true);
  const seen = await status({ root, ports, env, services: light });
  expect(seen.services.map(identity)).toEqual(started.services.map(identity));
});

test('a second start starts nothing, also when two run at the same time', async () => {
  const before = await status({ root, ports, env, services: light });
  const both = await Promise.all([0, 1].map(() => up({ root, ports, env, services: light })));
  for (const { services } of both) {
    expect(services.map(identity)).toEqual(before.services.map(identity));
    expect(services.some(({ startedNow }) => startedNow)).toBe(false);
  }
});

test('a killed service is started again on the same data; the other one is left alone', async () => {
  const body = JSON.stringify({ vectors: { size: 4, distance: 'Cosine' } });
  const headers = { 'content-type': 'application/json' };
  const collection = `http://127.0.0.1:${ports.qdrant}/collections/kept`;
  expect((await fetch(collection, { method: 'PUT', body, headers })).ok).toBe(true);
  const [temporal, qdrant] = (await status({ root, ports, env, services: light })).services;
  await killNow(qdrant);
  const again = await up({ root, ports, env, services: light });
  expect(again.services.map(({ startedNow }) => startedNow)).toEqual([false, true]);
  expect(again.services[0]?.pid).toBe(temporal?.pid);
  expect((await fetch(collection)).ok).toBe(true);
});

const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('a service whose starter died before writing it down is recognised', async () => {
  const before = await status({ root, ports, env, services: ['qdrant'] });
  rmSync(paths.record(root, 'qdrant'));
  const found = await up({ root, ports, env, services: ['qdrant'] });
  expect(found.services.map(identity)).toEqual(before.services.map(identity));
});

test('a port that someone else holds is named, and its holder is left alone', async () => {
  await down({ root, ports, env, services: ['qdrant'] });
  const foreign = await listen(ports.qdrant);
  const attempt = up({ root, ports, env, services: light });
  await expect(attempt).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  await expect(attempt).rejects.toThrow(new RegExp(`Port ${ports.qdrant}, which qdrant needs.*HFV_PORT_QDRANT`));
  expect((await status({ root, ports, env, services: light })).services.map(({ state }) => state)).toEqual([
    'running',
    'foreign',
  ]);
  await down({ root, ports, env, services: ['qdrant'] });
  expect(foreign.listening).toBe(true);
  await close(foreign);
});

test('a service that dies while starting is reported with its log', async () => {
  const failing = up({ root, ports, env: { ...env, QDRANT_BIN: '/bin/false' }, services: ['qdrant'] });
  await expect(failing).rejects.toMatchObject({ code: 'SERVICE_START_FAILED' });
  await expect(failing).rejects.toThrow(paths.log(root, 'qdrant'));
});

test('a configured address that does not answer is an error, not a reason to start another one', async () => {
  const QDRANT_URL = `http://127.0.0.1:${ports.neo4jBolt}`;
  const attempt = up({ root, ports, env: { ...env, QDRANT_URL }, services: ['qdrant'] });
  await expect(attempt).rejects.toMatchObject({ code: 'QDRANT_UNREACHABLE' });
  expect((await status({ root, ports, env, services: ['qdrant'] })).services[0]?.state).toBe('stopped');
});

test('a configured address that answers is used and never stopped', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'hfv-stack-other-'));
  const configured = { ...env, TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}` };
  const used = await up({ root: elsewhere, ports, env: configured, services: ['temporal'] });
  expect(used.services).toMatchObject([{ how: 'configured', startedNow: false }]);
  await down({ root: elsewhere, ports, env: configured });
  expect((await status({ root, ports, env, services: ['temporal'] })).services[0]?.state).toBe('running');
  rmSync(elsewhere, { recursive: true, force: true });
});

test('Neo4j opens with the password of this root only, also after it was killed', async () => {
  const { env: written, services } = await up({ root, ports, env, services: ['neo4j'] });
  const password = readFileSync(written.NEO4J_PASSWORD_FILE ?? '', 'utf8').trim();
  const login = { uri: written.NEO4J_URI ?? '', username: 'neo4j', password, database: 'neo4j' };
  await expect(serverVersion(login)).resolves.toMatch(/^5\.26\./);
  await expect(serverVersion({ ...login, password: 'neo4j' })).rejects.toThrow();
  await ensureFirstPassword(login);
  await killNow(services[0]);
  expect((await up({ root, ports, env, services: ['neo4j'] })).services[0]?.startedNow).toBe(true);
  await expect(serverVersion(login)).resolves.toMatch(/^5\.26\./);
});

test('down stops exactly what was started here', async () => {
  const foreign = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
  const gone = { pid: foreign.pid ?? 0, started: 'an earlier life' };
  writeRecord(root, { service: 'qdrant', how: 'local', address: '', version: '', process: gone });
  const running = (await status({ root, ports, env })).services.filter(({ pid }) => pid !== undefined);
  expect(running.map(({ name }) => name)).toEqual(['temporal', 'neo4j']);
  const stopped = await down({ root, ports, env });
  expect(stopped.services.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
  expect(identify(foreign.pid ?? 0)).toBeDefined();
  foreign.kill('SIGKILL');
  await once(foreign, 'exit');
  expect(existsSync(join(paths.data(root, 'temporal'), 'temporal.db'))).toBe(true);
});

test('reset deletes the data', async () => {
  await reset({ root, ports, env });
  expect(existsSync(join(root, 'data'))).toBe(false);
});

function identity({ name, pid, address }: ServiceStatus) {
  return { name, pid, address };
}

async function killNow(service: ServiceStatus | undefined): Promise<void> {
  const process_ = identify(service?.pid ?? 0);
  if (!process_) throw new Error(`${service?.name} does not run`);
  process.kill(process_.pid, 'SIGKILL');
  while (isAlive(process_)) await new Promise((resolve) => setImmediate(resolve));
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
