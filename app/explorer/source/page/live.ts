// Subscriptions: one socket, opened when the first one starts and closed after the last one, with
// the token that is held when it opens. When the token changes the socket is closed at once, and
// what runs goes on over a new one with the new token.

import type { FetcherParams } from "@graphiql/toolkit";
import type { OperationDefinitionNode } from "graphql";
import { createClient } from "graphql-ws";
import { tellConnection, tellItem, tellSubscribed } from "./status";
import { currentToken, onTokenChange } from "./token";

const RETRIES_MAX = 100;
const WAIT_MILLISECONDS_MAX = 10_000;
// The server's word for a token that it does not accept: to ask again changes nothing.
const FORBIDDEN = 4403;
const HEARTBEAT = "LogHeartbeat";

interface Sink {
  next: (answer: unknown) => void;
  error: (error: unknown) => void;
  complete: () => void;
}

interface Following {
  subscribe: (sink: Sink) => { unsubscribe: () => void };
}

type Variables = Record<string, unknown>;

interface Answer {
  data?: Variables | null;
}

const isClosing = (error: unknown): error is { code: number; reason: string } =>
  typeof error === "object" && error !== null && "code" in error && "reason" in error;

const client = createClient({
  url: () => `${location.origin.replace(/^http/, "ws")}/graphql`,
  connectionParams: () => (currentToken() ? { Authorization: `Bearer ${currentToken()}` } : {}),
  retryAttempts: RETRIES_MAX,
  shouldRetry: (error) => !(isClosing(error) && error.code === FORBIDDEN),
  retryWait: (retries) =>
    new Promise((resume) => {
      const wait = retries === 0 ? 0 : Math.min(250 * 2 ** retries, WAIT_MILLISECONDS_MAX);
      setTimeout(resume, wait);
    }),
  on: {
    connecting: (again) => tellConnection(again ? "reconnecting" : "connecting"),
    connected: () => tellConnection("live"),
    closed: () => tellConnection("reconnecting"), // unless it has ended
  },
});

onTokenChange(() => client.terminate());

// What failed, as GraphiQL shows it: without the stack of this page's code.
function shown(error: unknown): unknown {
  if (!isClosing(error)) return error;
  const told = new Error(`The server closed the socket (${error.code}). ${error.reason}`.trim());
  delete told.stack;
  return told;
}

// The value of the one root field.
function itemOf(answer: Answer): Variables | null {
  const [item] = Object.values(answer.data ?? {});
  return typeof item === "object" ? (item as Variables | null) : null;
}

// What stays when an item is told in one line: no ids, no cursors, no moments.
const LEFT_OUT = /^(id|cursor|prevSeq|__typename|\w+At|\w+Id|\w+Xid)$/;

function leaves(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== "object") return [String(value)];
  return Object.entries(value).flatMap(([name, each]) => (LEFT_OUT.test(name) ? [] : leaves(each)));
}

function tell(answer: Answer): void {
  const item = itemOf(answer);
  const kind = typeof item?.__typename === "string" ? item.__typename : "";
  const line = [...new Set([kind, ...leaves(item ?? answer)].filter(Boolean))].join(" · ");
  tellItem(line, JSON.stringify(item ?? answer), kind === HEARTBEAT);
}

// A subscription, begun when GraphiQL subscribes to it. Where the operation takes `$after`, a
// connection that was lost goes on after the last cursor that came; a new token begins anew, since
// a cursor belongs to one brand.
export function follow(request: FetcherParams, operation: OperationDefinitionNode): Following {
  const begun = (request.variables ?? {}) as Variables;
  const resumes = operation.variableDefinitions?.some((it) => it.variable.name.value === "after");
  return {
    subscribe(sink) {
      const payload = { query: request.query, operationName: request.operationName, variables: begun };
      const forget = onTokenChange(() => {
        payload.variables = begun;
      });
      const end = (): void => {
        forget();
        tellConnection("ended");
      };
      tellSubscribed();
      const stop = client.subscribe(payload, {
        next(answer) {
          tell(answer);
          const cursor = itemOf(answer)?.cursor;
          if (resumes && typeof cursor === "string") payload.variables = { ...begun, after: cursor };
          sink.next(answer);
        },
        error(error) {
          end();
          if (Array.isArray(error)) {
            sink.next({ errors: error });
            sink.complete();
          } else {
            sink.error(shown(error));
          }
        },
        complete() {
          end();
          sink.complete();
        },
      });
      return {
        unsubscribe() {
          end();
          stop();
        },
      };
    },
  };
}
