import { neo4j } from './neo4j';
import { qdrant } from './qdrant';
import { temporal } from './temporal';
import type { Service, ServiceName } from './types';

/** Every service of the stack, in the order they are shown. */
export const SERVICES: readonly Service[] = [temporal, qdrant, neo4j];

/** The services of these names; all of them where none is named. */
export function servicesNamed(names?: readonly ServiceName[]): Service[] {
  return SERVICES.filter(({ name }) => names === undefined || names.includes(name));
}
