import type { TestBase } from './base';

/** Somebody's script that goes wrong in every store. */
export async function contaminate(base: TestBase): Promise<void> {
  base.sql(
    `UPDATE chapter_metadata SET textbook_id = 'nobody' WHERE rowid = (SELECT min(rowid) FROM chapter_metadata)`,
  );
  base.sql('CREATE TABLE IF NOT EXISTS left_behind (a)');
  await contaminateQdrant(base);
  await base.cypher(`MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id LIMIT 3 DETACH DELETE p`);
  await base.cypher(`MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id LIMIT 1 SET p.text = 'another text'`);
  await base.cypher(`CREATE (:Paragraph {chunk_id: 'nobody:ch1:1', text: 'from nowhere'})`);
}

export async function contaminateQdrant(base: TestBase): Promise<void> {
  const { points } = await base.qdrant<{ points: { id: string }[] }>(
    'POST',
    '/collections/textbook_chunks/points/scroll',
    { limit: 4 },
  );
  const [changed = '', ...deleted] = points.map(({ id }) => id);
  const body = { payload: { text: 'another text' }, points: [changed] };
  await base.qdrant('POST', '/collections/textbook_chunks/points/payload?wait=true', body);
  await base.qdrant('POST', '/collections/textbook_chunks/points/delete?wait=true', { points: deleted });
}
