// The line below the answer: how long it took; or how the subscription stands, and what came.

import { useGraphiQL } from "@graphiql/react";
import { useEffect } from "react";
import type { ReactNode } from "react";
import { useStatus } from "./status";
import type { Item, Status } from "./status";

const moment = (at: Date): string => at.toLocaleTimeString(undefined, { hour12: false });
const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

const CONNECTIONS = {
  connecting: "Connecting …",
  live: "Live",
  reconnecting: "Connecting again …",
  ended: "Ended",
};

function Live({ status }: { status: Status & { kind: "live" } }): ReactNode {
  const newest = status.items[0];
  return (
    <>
      <p className="status-line">
        <span className={`dot ${status.connection}`} aria-hidden="true" />
        <span role="status">{CONNECTIONS[status.connection]}</span>
        <span className="count">{counted(status.count, "item")}</span>
        {status.connections > 1 && <span>{counted(status.connections, "connection")}</span>}
        {newest && <span>last {moment(newest.at)}</span>}
      </p>
      <ol className="items" tabIndex={0} aria-label="Items, newest first">
        {status.items.map((item) => (
          <Line key={item.number} item={item} />
        ))}
      </ol>
    </>
  );
}

function Line({ item }: { item: Item }): ReactNode {
  return (
    <li className={item.heartbeat ? "heartbeat" : undefined} title={item.whole}>
      <time>{moment(item.at)}</time> {item.line}
    </li>
  );
}

function Answered({ status }: { status: Status & { kind: "answer" } }): ReactNode {
  return (
    <p className="status-line">
      <span>{status.status}</span>
      <span className="took">{status.milliseconds.toFixed(1)} ms</span>
      <span>{status.bytes.toLocaleString("en")} bytes</span>
    </p>
  );
}

// Long lines of operations and variables go on below instead of beyond the edge.
function useWrapping(): void {
  const { queryEditor, variableEditor } = useGraphiQL((state) => ({
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
  }));
  useEffect(() => {
    for (const editor of [queryEditor, variableEditor]) {
      editor?.updateOptions({ wordWrap: "on", wrappingIndent: "indent" });
    }
  }, [queryEditor, variableEditor]);
}

export function StatusLine(): ReactNode {
  const status = useStatus();
  useWrapping();
  switch (status.kind) {
    case "nothing":
      return <p className="status-line">Ctrl-Enter runs the operation.</p>;
    case "waiting":
      return <p className="status-line">Asking …</p>;
    case "answer":
      return <Answered status={status} />;
    case "live":
      return <Live status={status} />;
  }
}
