// What the page asks of its server: operations by POST, subscriptions by WebSocket, both with the
// token that is held at that moment; and the schema, which needs none.

import type { Fetcher, FetcherParams, FetcherReturnType } from "@graphiql/toolkit";
import { buildSchema, getOperationAST, introspectionFromSchema, parse } from "graphql";
import type { DocumentNode, OperationDefinitionNode } from "graphql";
import { follow } from "./live";
import { tellAnswer, tellWaiting } from "./status";
import { currentToken } from "./token";

// GraphiQL learns the schema by an operation of this name, which is answered here.
export const INTROSPECTION = "ExplorerIntrospection";

const ENDPOINT = "/graphql";
const SCHEMA = "/schema.graphql";

export interface Answer {
  status: number;
  milliseconds: number;
  bytes: number;
  body: unknown;
}

export class Unreachable extends Error {
  constructor() {
    super("The server does not answer. Is it still running?");
    delete this.stack; // GraphiQL would show it
  }
}

// One operation by POST. The server refuses it without a token, and says so in its answer.
export async function post(request: FetcherParams): Promise<Answer> {
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    Accept: "application/graphql-response+json, application/json;q=0.9",
  };
  const token = currentToken();
  if (token) headers.Authorization = `Bearer ${token}`;
  const body = JSON.stringify(request);
  const began = performance.now();
  const { status, text } = await sent(ENDPOINT, { method: "POST", headers, body });
  const milliseconds = performance.now() - began;
  const bytes = new TextEncoder().encode(text).length;
  return { status, milliseconds, bytes, body: JSON.parse(text) as unknown };
}

// The data of an operation, or null where it failed.
export async function ask<Data>(query: string): Promise<Data | null> {
  const { body } = await post({ query });
  return (body as { data?: Data | null }).data ?? null;
}

async function sent(address: string, request: RequestInit): Promise<{ status: number; text: string }> {
  try {
    const answer = await fetch(address, { credentials: "omit", ...request });
    return { status: answer.status, text: await answer.text() };
  } catch {
    throw new Unreachable();
  }
}

async function introspection(): Promise<{ data: ReturnType<typeof introspectionFromSchema> }> {
  const { text } = await sent(SCHEMA, { cache: "no-cache" });
  return { data: introspectionFromSchema(buildSchema(text)) };
}

// The operation that is to run; null where the server must say what is wrong with the document.
function operationOf(request: FetcherParams): OperationDefinitionNode | null {
  let document: DocumentNode;
  try {
    document = parse(request.query);
  } catch {
    return null;
  }
  return getOperationAST(document, request.operationName) ?? getOperationAST(document) ?? null;
}

async function run(given: FetcherParams): Promise<unknown> {
  if (given.operationName === INTROSPECTION) return introspection();
  const operation = operationOf(given);
  // After a change of tabs GraphiQL may still name the operation of the tab before.
  const request = operation ? { ...given, operationName: operation.name?.value ?? null } : given;
  if (operation?.operation === "subscription") {
    return follow(request, operation);
  }
  tellWaiting();
  const answer = await post(request);
  tellAnswer(answer);
  return answer.body;
}

// GraphiQL awaits it and looks what came: a result, or something to subscribe to.
export const fetcher: Fetcher = (request) => run(request) as FetcherReturnType;
