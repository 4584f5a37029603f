import neo4j, { type DateTime, type Integer, type LocalDateTime } from 'neo4j-driver';
import { HybridFlowError } from '../../domain/errors';

/*
 * Property values as JSON, exactly. Neo4j has more types than JSON, but no property is a map, so that an object in
 * the file is always a tag with one key:
 *
 *   text, true, false         as they are
 *   12                        an integer that a double carries exactly; 12.5 a float
 *   {"i":"9223372036854775807"}                         any other integer
 *   {"f":"12"}                a float without a fraction, -0, NaN, Infinity, -Infinity
 *   {"b":"AQID"}              bytes, base64
 *   {"date":[y,m,d]}          {"time":[h,m,s,ns,offset]}    {"localtime":[h,m,s,ns]}    offset in seconds
 *   {"localdatetime":[y,m,d,h,m,s,ns]}
 *   {"datetime":[y,m,d,h,m,s,ns,offset|null,zone|null]}     offset, named zone, or both
 *   {"duration":[months,days,seconds,ns]}
 *   {"point":[srid,x,y]}      {"point":[srid,x,y,z]}        coordinates are floats
 *   [ … ]                     a list
 */
export type Json = string | number | boolean | null | Json[] | { [tag: string]: Json };

/** @throws HybridFlowError NEO4J_UNFIT where the value is of a type that this format does not know */
export function encodeValue(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return encodeFloat(value);
    default:
      return encodeObject(value);
  }
}

function encodeObject(value: unknown): Json {
  if (value === null) return null;
  if (neo4j.isInt(value)) return encodeInteger(value);
  if (Array.isArray(value)) return value.map(encodeValue);
  if (value instanceof Int8Array) {
    return { b: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  }
  return encodeTemporal(value) ?? encodePoint(value) ?? unknownType(value);
}

function encodeFloat(value: number): Json {
  if (Number.isFinite(value) && !Number.isInteger(value)) return value;
  return { f: Object.is(value, -0) ? '-0' : String(value) };
}

function encodeInteger(value: Integer): Json {
  return value.inSafeRange() ? value.toNumber() : { i: value.toString() };
}

/** The parts of a temporal value are Integers, or numbers in values that a program made. */
function parts(...values: (Integer | number | undefined)[]): Json[] {
  return values.map((part) => (part === undefined ? null : typeof part === 'number' ? part : encodeInteger(part)));
}

function encodeTemporal(v: unknown): Json | undefined {
  if (neo4j.isDate(v)) return { date: parts(v.year, v.month, v.day) };
  if (neo4j.isLocalTime(v)) return { localtime: parts(v.hour, v.minute, v.second, v.nanosecond) };
  if (neo4j.isTime(v)) return { time: parts(v.hour, v.minute, v.second, v.nanosecond, v.timeZoneOffsetSeconds) };
  if (neo4j.isDuration(v)) return { duration: parts(v.months, v.days, v.seconds, v.nanoseconds) };
  if (neo4j.isLocalDateTime(v)) return { localdatetime: dateAndTime(v) };
  if (neo4j.isDateTime(v)) {
    return { datetime: [...dateAndTime(v), ...parts(v.timeZoneOffsetSeconds), v.timeZoneId ?? null] };
  }
  return undefined;
}

function dateAndTime(v: LocalDateTime | DateTime): Json[] {
  return parts(v.year, v.month, v.day, v.hour, v.minute, v.second, v.nanosecond);
}

function encodePoint(value: unknown): Json | undefined {
  if (!neo4j.isPoint(value)) return undefined;
  const coordinates = [value.x, value.y, ...(value.z === undefined ? [] : [value.z])];
  return { point: [...parts(value.srid), ...coordinates.map(encodeFloat)] };
}

function unknownType(value: unknown): never {
  const name = (value as object).constructor?.name ?? typeof value;
  throw new HybridFlowError('NEO4J_UNFIT', {
    found: `a property of type ${name}, which the export cannot carry exactly`,
    next: 'remove such properties, or use a release that knows the type',
  });
}

/** Reads back what {@link encodeValue} wrote, as values that the driver sends as the type they were. */
export function decodeValue(json: Json): unknown {
  if (typeof json === 'number') return Number.isInteger(json) ? neo4j.int(json) : json;
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(decodeValue);
  const [tag = '', content] = Object.entries(json)[0] ?? [];
  const decode = DECODERS[tag];
  if (decode === undefined || content === undefined) throw damaged(`a value tagged "${tag}"`);
  return decode(content);
}

const DECODERS: Record<string, (content: Json) => unknown> = {
  i: (text) => neo4j.int(text as string),
  f: Number,
  b: (text) => new Int8Array(Buffer.from(text as string, 'base64')),
  date: (c) => new neo4j.types.Date(...integers<3>(c)),
  localtime: (c) => new neo4j.types.LocalTime(...integers<4>(c)),
  time: (c) => new neo4j.types.Time(...integers<5>(c)),
  duration: (c) => new neo4j.types.Duration(...integers<4>(c)),
  localdatetime: (c) => new neo4j.types.LocalDateTime(...integers<7>(c)),
  datetime: (c) => {
    const [offset, zone] = (c as Json[]).slice(7);
    const shift = offset == null ? undefined : (decodeValue(offset) as Integer);
    return new neo4j.types.DateTime(...integers<7>((c as Json[]).slice(0, 7)), shift, zone as string | null);
  },
  point: (c) => {
    const [srid = 0, ...coordinates] = c as Json[];
    const [x = 0, y = 0, z] = coordinates.map((json) => Number(decodeValue(json)));
    return new neo4j.types.Point(decodeValue(srid) as Integer, x, y, z);
  },
};

interface Tuples {
  3: [Integer, Integer, Integer];
  4: [Integer, Integer, Integer, Integer];
  5: [Integer, Integer, Integer, Integer, Integer];
  7: [Integer, Integer, Integer, Integer, Integer, Integer, Integer];
}

function integers<N extends keyof Tuples>(content: Json): Tuples[N] {
  return (content as Json[]).map(decodeValue) as Tuples[N];
}

/** What an export that is not whole, or not an export, is refused with. */
export function damaged(found: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `the Neo4j export holds ${found}`,
    expected: 'a complete export, as its last line states it',
    next: 'take another copy of the artifact',
  });
}
