import { CURRENT, type DoctorFacts, type DoctorRule } from './doctor-facts';

export { CONDITIONS, DOCTOR_FACTS, type Condition, type DoctorFacts, type DoctorRule } from './doctor-facts';

const AT_WORK = ['running', 'failing', 'staging', 'approval'] as const;
const HALF_DONE = ['before the commit point', 'after the commit point', 'rollback', 'run'] as const;

/** The first that matches is the verdict: first what hides everything else, then who is at work, then what was left. */
export const DOCTOR_RULES: readonly DoctorRule[] = [
  {
    verdict: 'metadata.db is lost',
    when: { metadata: ['missing', 'unreadable'], latestCopy: ['sound'] },
    condition: 'damaged',
    says: 'metadata.db is not there, or is no database any more; latest-copy holds it as of the last commit or restore.',
    command: 'hfv verify latest-copy',
  },
  {
    verdict: 'there is no metadata.db',
    when: { metadata: ['missing'] },
    condition: 'unreachable',
    says: 'There is no metadata.db where the settings name it, and no sound latest-copy.',
    command: 'hfv plan',
  },
  {
    verdict: 'metadata.db cannot be read',
    when: { metadata: ['unreadable'] },
    condition: 'damaged',
    says: 'metadata.db is there and cannot be read, and there is no sound latest-copy.',
    command: 'hfv health',
  },
  {
    verdict: 'metadata.db is locked',
    when: { metadata: ['busy'] },
    condition: 'busy',
    says: 'Another program keeps metadata.db locked; nothing can be told of the versions until it lets go.',
    command: 'hfv doctor',
  },
  {
    verdict: 'Temporal is down',
    when: { temporal: ['down'] },
    condition: 'unreachable',
    says: 'Temporal does not answer. Whatever runs goes on by itself once it is back; until then nobody can say whether anything does.',
    command: 'hfv up',
  },
  {
    verdict: 'a store is down',
    when: { services: ['down'] },
    condition: 'unreachable',
    says: 'A store does not answer. A change that runs waits for it; nothing else should be begun before it is back.',
    command: 'hfv up',
  },
  {
    verdict: 'the change has no worker',
    when: { change: AT_WORK, workers: ['missing'] },
    condition: 'needs operator',
    says: 'A change runs, and no worker polls: it waits until one does.',
    command: 'hfv worker',
  },
  {
    verdict: 'the change stands still',
    when: { change: ['failing'] },
    condition: 'needs operator',
    says: 'A change runs, and one of its steps fails again and again. It goes on by itself once the cause is mended.',
    command: 'hfv status',
  },
  {
    verdict: 'a staging waits for approval',
    when: { change: ['approval'] },
    condition: 'busy',
    says: 'What was staged is validated and waits for somebody to approve it, or to cancel it.',
    command: 'hfv compare production staging',
  },
  {
    verdict: 'a staging is open',
    when: { change: ['staging'] },
    condition: 'busy',
    says: 'A version is being staged: it waits for the ingestion to declare it ready, and cancels itself at its deadline.',
    command: 'hfv status',
  },
  {
    verdict: 'a change is running',
    when: { change: ['running'] },
    condition: 'busy',
    says: 'A change is under way. Nothing else may begin before it has ended.',
    command: 'hfv watch',
  },
  {
    verdict: 'half done, and no worker',
    when: { unfinished: HALF_DONE, workers: ['missing'] },
    condition: 'needs operator',
    says: 'A run that is dead left something half done, and no worker polls that could end it.',
    command: 'hfv worker',
  },
  {
    verdict: 'half switched, to be taken back',
    when: { unfinished: ['before the commit point'] },
    condition: 'needs operator',
    says: 'A promote or a restore died before its commit point: every store that it had switched is to be taken back.',
    command: 'hfv rollback --continue',
  },
  {
    verdict: 'switched, to be driven forward',
    when: { unfinished: ['after the commit point'] },
    condition: 'needs operator',
    says: 'A promote or a restore died after its commit point: production is the new version, and only the clean-up is missing.',
    command: 'hfv rollback --continue',
  },
  {
    verdict: 'a rollback left something',
    when: { unfinished: ['rollback'] },
    condition: 'needs operator',
    says: 'A rollback was left half done: production is not proven to be as it was.',
    command: 'hfv rollback --continue',
  },
  {
    verdict: 'a dead run left its claim',
    when: { unfinished: ['run'] },
    condition: 'needs operator',
    says: 'A run was ended from outside before it switched anything over: what it had made is still there.',
    command: 'hfv rollback --continue',
  },
  {
    verdict: 'nobody can say who is at work',
    when: { unfinished: ['unknown'] },
    condition: 'needs operator',
    says: 'Somebody holds the base, and Temporal cannot be asked whether that run is alive.',
    command: 'hfv status',
  },
  {
    verdict: 'nobody can say what runs',
    when: { change: ['unknown'] },
    condition: 'needs operator',
    says: 'Temporal answers, and yet does not say what runs.',
    command: 'hfv status',
  },
  {
    verdict: 'the write fence is held',
    when: { fence: ['held'] },
    condition: 'busy',
    says: 'No change runs, and somebody holds the write fence: it ends by itself when it expires.',
    command: 'hfv fence wait',
  },
  {
    verdict: 'production differs',
    when: { production: ['differs'] },
    condition: 'damaged',
    says: 'Nothing is under way, and production does not hold as much as the version that it is: somebody wrote past HybridFlow, or a store lost something.',
    command: 'hfv validate',
  },
  {
    verdict: 'the current version is damaged',
    when: { current: ['damaged'] },
    condition: 'damaged',
    says: 'Production stands, and the artifacts of the version that it is cannot be restored from.',
    command: `hfv verify ${CURRENT}`,
  },
  {
    verdict: 'latest-copy is damaged',
    when: { latestCopy: ['damaged'] },
    condition: 'damaged',
    says: 'latest-copy is not what it was sealed as; a restore would start from a version instead.',
    command: 'hfv verify latest-copy',
  },
  {
    verdict: 'latest-copy is missing',
    when: { versions: ['some'], latestCopy: ['missing'], current: ['sound', 'unknown'] },
    condition: 'damaged',
    says: 'There are versions, and no latest-copy of production.',
    command: `hfv verify ${CURRENT}`,
  },
  {
    verdict: 'quiet, without a worker',
    when: { workers: ['missing'] },
    condition: 'needs operator',
    says: 'Nothing is under way, and no worker polls: whatever is started, or is due by schedule, will wait.',
    command: 'hfv worker',
  },
  {
    verdict: 'quiet, with leftovers',
    when: { leftovers: ['some'] },
    condition: 'healthy',
    says: 'Nothing is under way. Dead runs left something behind that is in nobody’s way; the clean-up of the window sweeps it.',
    command: 'hfv retain --dry-run',
  },
  {
    verdict: 'no versions yet',
    when: { versions: ['none'] },
    condition: 'healthy',
    says: 'Nothing is under way, and the base has no version yet.',
    command: 'hfv plan',
  },
  {
    verdict: 'quiet, not all of it seen',
    when: { current: ['unknown'] },
    condition: 'needs operator',
    says: 'Nothing is under way, and the artifacts of the current version could not be looked at.',
    command: 'hfv versions',
  },
  {
    verdict: 'quiet',
    when: {},
    condition: 'healthy',
    says: 'Nothing is under way, and the current version can be restored from.',
    command: 'hfv versions',
  },
];

/** The first rule whose conditions hold; the last one holds always. */
export function diagnose(facts: DoctorFacts): DoctorRule {
  const matches = ({ when }: DoctorRule) =>
    (Object.keys(when) as (keyof DoctorFacts)[]).every((fact) =>
      (when[fact] as readonly string[]).includes(facts[fact]),
    );
  const rule = DOCTOR_RULES.find(matches);
  if (!rule) throw new RangeError('no rule says what to do next');
  return rule;
}

/** The rule's command, for this base. */
export function commandOf({ command }: DoctorRule, current: string | null): string {
  return command.replace(CURRENT, current ?? 'latest-copy');
}
