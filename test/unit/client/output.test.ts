import { Output, type Stream } from '../../../client/output';
import { ANSI } from './support';

function stream(isTTY: boolean): Stream & { text: string } {
  return {
    isTTY,
    text: '',
    write(text: string) {
      this.text += text;
    },
  };
}

function printed({ tty = false, json = false, env = {} }: { tty?: boolean; json?: boolean; env?: NodeJS.ProcessEnv }) {
  const [stdout, stderr] = [stream(tty), stream(tty)];
  const out = new Output(stdout, stderr, { json, env });
  out.warn('careful');
  out.result({ a: 1 }, (color) => color.green('done'));
  return { stdout: stdout.text, stderr: stderr.text, live: out.live };
}

describe('output', () => {
  test('a pipe gets no colours and no redrawing', () => {
    expect(printed({})).toEqual({ stdout: 'done\n', stderr: 'warning careful\n', live: false });
  });

  test('a terminal gets both, unless it is dumb or its user wants none', () => {
    const terminal = printed({ tty: true });
    expect([terminal.stdout, terminal.stderr]).toEqual([expect.stringContaining(ANSI), expect.stringContaining(ANSI)]);
    expect(terminal.live).toBe(true);
    expect(printed({ tty: true, env: { NO_COLOR: '1' } }).stdout).toBe('done\n');
    expect(printed({ tty: true, env: { TERM: 'dumb' } })).toMatchObject({ stdout: 'done\n', live: false });
    expect(printed({ env: { FORCE_COLOR: '1' } }).stdout).toContain(ANSI);
  });

  test('with --json stdout holds one object and nothing else, on a terminal too', () => {
    expect(printed({ json: true }).stdout).toBe('{"a":1}\n');
    expect(printed({ json: true, tty: true }).stdout).toBe('{"a":1}\n');
  });
});
