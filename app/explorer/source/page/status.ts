// What the line below the answer tells: how long the last operation took, or how a subscription
// stands and which items came.

import { useSyncExternalStore } from "react";

// How many items of a subscription are listed.
const ITEMS_MAX = 200;

export type Connection = "connecting" | "live" | "reconnecting" | "ended";

export interface Item {
  number: number;
  at: Date;
  heartbeat: boolean;
  line: string;
  whole: string;
}

export type Status =
  | { kind: "nothing" }
  | { kind: "waiting" }
  | { kind: "answer"; status: number; milliseconds: number; bytes: number }
  | { kind: "live"; connection: Connection; connections: number; count: number; items: Item[] };

let status: Status = { kind: "nothing" };
const listeners = new Set<() => void>();

function tell(next: Status): void {
  status = next;
  for (const changed of listeners) changed();
}

function listen(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

export const useStatus = (): Status => useSyncExternalStore(listen, () => status);

export const tellWaiting = (): void => tell({ kind: "waiting" });

export function tellAnswer(answer: { status: number; milliseconds: number; bytes: number }): void {
  const { milliseconds, bytes } = answer;
  tell({ kind: "answer", status: answer.status, milliseconds, bytes });
}

export const tellSubscribed = (): void =>
  tell({ kind: "live", connection: "connecting", connections: 0, count: 0, items: [] });

export function tellConnection(connection: Connection): void {
  if (status.kind !== "live" || status.connection === "ended") return;
  const connections = status.connections + (connection === "live" ? 1 : 0);
  tell({ ...status, connection, connections });
}

// `heartbeat`: it tells only how far the log was read.
export function tellItem(line: string, whole: string, heartbeat: boolean): void {
  if (status.kind !== "live") return;
  const count = status.count + 1;
  const item = { number: count, at: new Date(), heartbeat, line, whole };
  tell({ ...status, count, items: [item, ...status.items].slice(0, ITEMS_MAX) });
}
