/** Runs the cases a few at a time: each must be independent of the others. */
export async function eachOf<T>(cases: readonly T[], work: (one: T) => Promise<void>, lanes = 12): Promise<void> {
  const left = [...cases];
  const lane = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
