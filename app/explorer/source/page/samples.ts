// The variables of an example, made to fit the brand that the token belongs to: an id in them
// becomes the id of its newest thing of that kind, a cursor one of its own list, an idempotency key
// a fresh one. What the brand has none of stays as it stands in the file.

import { isObjectType, parse, visit } from "graphql";
import type { GraphQLSchema } from "graphql";
import { ask } from "./server";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Variables = Record<string, Json>;

const GLOBAL_ID = /^([A-Z]\w+):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const KEY = "idempotencyKey";
const CURSOR = "after";

// The type that a global id names: base64url of `Type:uuid`.
export function typeOf(id: string): string | null {
  try {
    return GLOBAL_ID.exec(atob(id.replace(/-/g, "+").replace(/_/g, "/")))?.[1] ?? null;
  } catch {
    return null;
  }
}

function typesIn(value: Json): string[] {
  if (typeof value === "string") {
    const type = typeOf(value);
    return type ? [type] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(typesIn);
}

// The root fields that list things of each type.
function listsOf(schema: GraphQLSchema): Map<string, string> {
  const lists = new Map<string, string>();
  for (const [name, field] of Object.entries(schema.getQueryType()?.getFields() ?? {})) {
    const type = "ofType" in field.type ? field.type.ofType : field.type;
    const connection = isObjectType(type) ? /^(\w+)Connection$/.exec(type.name)?.[1] : undefined;
    if (connection) lists.set(connection, name);
  }
  return lists;
}

// The root field of the document that goes on after the variable `$after`.
function pagedField(document: string): string | null {
  let found: string | null = null;
  visit(parse(document), {
    Argument(node, _key, _parent, _path, ancestors) {
      if (node.value.kind !== "Variable" || node.value.name.value !== CURSOR) return;
      const field = ancestors.at(-1);
      if (field && "kind" in field && field.kind === "Field") found = field.name.value;
    },
  });
  return found;
}

async function newestIds(types: string[], schema: GraphQLSchema): Promise<Map<string, string>> {
  const lists = listsOf(schema);
  const ids = new Map<string, string>();
  for (const type of new Set(types)) {
    const list = lists.get(type);
    if (!list) continue;
    const data = await ask<Record<string, { nodes: { id: string }[] }>>(
      `{ ${list}(first: 1) { nodes { id } } }`,
    );
    const id = data?.[list]?.nodes[0]?.id;
    if (id) ids.set(type, id);
  }
  return ids;
}

async function cursorOf(list: string | null): Promise<string | null> {
  if (!list) return null;
  const data = await ask<Record<string, { pageInfo: { endCursor: string | null } }>>(
    `{ ${list}(first: 1) { pageInfo { endCursor } } }`,
  );
  return data?.[list]?.pageInfo.endCursor ?? null;
}

function replaced(value: Json, ids: Map<string, string>): Json {
  if (typeof value === "string") return ids.get(typeOf(value) ?? "") ?? value;
  if (Array.isArray(value)) return value.map((each) => replaced(each, ids));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      name === KEY ? crypto.randomUUID() : replaced(each, ids),
    ]),
  );
}

export async function fitted(
  document: string,
  variables: string,
  schema: GraphQLSchema,
): Promise<string> {
  const given = JSON.parse(variables) as Variables;
  const ids = await newestIds(typesIn(given), schema);
  const made = replaced(given, ids) as Variables;
  if (CURSOR in given) made[CURSOR] = (await cursorOf(pagedField(document))) ?? given[CURSOR] ?? null;
  return JSON.stringify(made, null, 2);
}
