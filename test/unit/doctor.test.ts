import { commandOf, CONDITIONS, diagnose, DOCTOR_FACTS, DOCTOR_RULES, type DoctorFacts } from '../../domain/doctor';

/** A base in which nothing is wrong. */
const SOUND: DoctorFacts = {
  metadata: 'readable',
  temporal: 'up',
  services: 'up',
  workers: 'polling',
  change: 'none',
  unfinished: 'none',
  fence: 'free',
  versions: 'some',
  production: 'as counted',
  current: 'sound',
  latestCopy: 'sound',
  leftovers: 'none',
};

const down = { temporal: 'down', workers: 'unknown', change: 'unknown', unfinished: 'unknown' } as const;
const unread = { unfinished: 'none', current: 'unknown', production: 'unknown' } as const;

/** One row for every rule: facts, verdict, condition, command. Facts beside the point are those of a sound base. */
const CASES: [Partial<DoctorFacts>, string, string, string][] = [
  [{ ...unread, metadata: 'missing' }, 'metadata.db is lost', 'damaged', 'hfv verify latest-copy'],
  [{ ...unread, metadata: 'unreadable' }, 'metadata.db is lost', 'damaged', 'hfv verify latest-copy'],
  [{ ...unread, metadata: 'missing', latestCopy: 'missing' }, 'there is no metadata.db', 'unreachable', 'hfv plan'],
  [{ ...unread, metadata: 'unreadable', latestCopy: 'damaged' }, 'metadata.db cannot be read', 'damaged', 'hfv health'],
  [{ ...unread, metadata: 'busy', change: 'running' }, 'metadata.db is locked', 'busy', 'hfv doctor'],
  [down, 'Temporal is down', 'unreachable', 'hfv up'],
  [{ ...down, services: 'down' }, 'Temporal is down', 'unreachable', 'hfv up'],
  [{ services: 'down', production: 'unknown', change: 'failing' }, 'a store is down', 'unreachable', 'hfv up'],
  [{ change: 'staging', workers: 'missing' }, 'the change has no worker', 'needs operator', 'hfv worker'],
  [{ change: 'failing' }, 'the change stands still', 'needs operator', 'hfv status'],
  [{ change: 'approval' }, 'a staging waits for approval', 'busy', 'hfv compare production staging'],
  [{ change: 'staging' }, 'a staging is open', 'busy', 'hfv status'],
  // A run that undoes what another left: it is at work, so there is nothing to do but wait.
  [{ change: 'running', unfinished: 'before the commit point' }, 'a change is running', 'busy', 'hfv watch'],
  [{ unfinished: 'run', workers: 'missing' }, 'half done, and no worker', 'needs operator', 'hfv worker'],
  [
    { unfinished: 'before the commit point', fence: 'held', production: 'differs' },
    'half switched, to be taken back',
    'needs operator',
    'hfv rollback --continue',
  ],
  [
    { unfinished: 'after the commit point', current: 'damaged' },
    'switched, to be driven forward',
    'needs operator',
    'hfv rollback --continue',
  ],
  [{ unfinished: 'rollback' }, 'a rollback left something', 'needs operator', 'hfv rollback --continue'],
  [{ unfinished: 'run' }, 'a dead run left its claim', 'needs operator', 'hfv rollback --continue'],
  [{ unfinished: 'unknown' }, 'nobody can say who is at work', 'needs operator', 'hfv status'],
  [{ change: 'unknown' }, 'nobody can say what runs', 'needs operator', 'hfv status'],
  [{ fence: 'held' }, 'the write fence is held', 'busy', 'hfv fence wait'],
  [{ production: 'differs' }, 'production differs', 'damaged', 'hfv validate'],
  [{ current: 'damaged' }, 'the current version is damaged', 'damaged', 'hfv verify <current>'],
  [{ latestCopy: 'damaged' }, 'latest-copy is damaged', 'damaged', 'hfv verify latest-copy'],
  [{ latestCopy: 'missing' }, 'latest-copy is missing', 'damaged', 'hfv verify <current>'],
  [{ workers: 'missing' }, 'quiet, without a worker', 'needs operator', 'hfv worker'],
  [{ leftovers: 'some' }, 'quiet, with leftovers', 'healthy', 'hfv retain --dry-run'],
  [
    { versions: 'none', current: 'unknown', latestCopy: 'missing', production: 'unknown' },
    'no versions yet',
    'healthy',
    'hfv plan',
  ],
  [{ current: 'unknown' }, 'quiet, not all of it seen', 'needs operator', 'hfv versions'],
  [{}, 'quiet', 'healthy', 'hfv versions'],
];

test.each(CASES)('%j: %s', (given, verdict, condition, command) => {
  expect(diagnose({ ...SOUND, ...given })).toMatchObject({ verdict, condition, command });
});

test('every rule has a case, and a verdict of its own', () => {
  const verdicts = DOCTOR_RULES.map((rule) => rule.verdict);
  expect(new Set(verdicts).size).toBe(verdicts.length);
  expect(new Set(CASES.map(([, verdict]) => verdict))).toEqual(new Set(verdicts));
});

/** Verbs that only look, wait, or go on with what was begun; whatever begins something is not the doctor's to name. */
const SAFE =
  /^hfv (up|worker|status|watch|doctor|plan|health|versions|validate|rollback --continue|fence wait|retain --dry-run|compare production staging|verify (latest-copy|<current>))$/;

test('every combination of facts gives exactly one known command, none hides a half-done switch, and no rule is out of reach', () => {
  let seen = 0;
  const wrong: DoctorFacts[] = [];
  const reached = new Set<string>();
  for (const facts of combinations()) {
    seen += 1;
    const { command, condition, verdict } = diagnose(facts);
    reached.add(verdict);
    const halfDone = facts.unfinished !== 'none' && facts.unfinished !== 'unknown';
    const sound = SAFE.test(command) && CONDITIONS.includes(condition) && !(halfDone && condition === 'healthy');
    if (!sound) wrong.push({ ...facts });
  }
  const expected = Object.values(DOCTOR_FACTS).reduce((product, values) => product * values.length, 1);
  expect([seen, wrong.slice(0, 3)]).toEqual([expected, []]);
  expect([...reached].sort()).toEqual(DOCTOR_RULES.map(({ verdict }) => verdict).sort());
});

test('a command names the version that production is, or latest-copy where none is known', () => {
  const rule = diagnose({ ...SOUND, current: 'damaged' });
  expect(commandOf(rule, 'v2_minor_20260102_030405')).toBe('hfv verify v2_minor_20260102_030405');
  expect(commandOf(rule, null)).toBe('hfv verify latest-copy');
});

/** Every combination of facts, one object changed in place. */
function* combinations(): Generator<DoctorFacts, void, void> {
  const names = Object.keys(DOCTOR_FACTS) as (keyof DoctorFacts)[];
  const facts = { ...SOUND } as Record<keyof DoctorFacts, string>;
  const places = names.map(() => 0);
  for (;;) {
    names.forEach((name, i) => (facts[name] = DOCTOR_FACTS[name][places[i] ?? 0] ?? ''));
    yield facts as DoctorFacts;
    const turn = names.findIndex((name, i) => (places[i] ?? 0) < DOCTOR_FACTS[name].length - 1);
    if (turn < 0) return;
    places[turn] = (places[turn] ?? 0) + 1;
    places.fill(0, 0, turn);
  }
}
