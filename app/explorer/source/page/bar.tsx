// The bar above GraphiQL: where one is, and the field for the token.

import { useEffect, useId, useState, useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import { ask, post } from "./server";
import { changeToken, cleaned, currentToken, onTokenChange } from "./token";

// How long the field rests before what was typed is taken for a token.
const REST_MILLISECONDS = 400;

interface Viewer {
  scopes: string[];
  expiresAt: string | null;
}

type Standing =
  | { kind: "none" | "asking" | "refused" | "unreachable" }
  | { kind: "accepted"; brand: string | null; viewer: Viewer };

async function standingOf(): Promise<Standing> {
  if (!currentToken()) return { kind: "none" };
  try {
    const { status, body } = await post({ query: "{ viewer { scopes expiresAt } }" });
    const viewer = (body as { data?: { viewer: Viewer | null } }).data?.viewer;
    if (!viewer) return { kind: status === 401 ? "refused" : "unreachable" };
    const brand = await ask<{ brand: { name: string } | null }>("{ brand { name } }");
    return { kind: "accepted", brand: brand?.brand?.name ?? null, viewer };
  } catch {
    return { kind: "unreachable" };
  }
}

function useStanding(token: string): Standing {
  const [standing, setStanding] = useState<Standing>({ kind: "none" });
  useEffect(() => {
    let current = true;
    setStanding({ kind: token ? "asking" : "none" });
    void standingOf().then((found) => {
      if (current) setStanding(found);
    });
    return () => {
      current = false;
    };
  }, [token]);
  return standing;
}

function words(standing: Standing): ReactNode {
  switch (standing.kind) {
    case "none":
      return (
        <>
          Paste one: <code>hashcart demo</code> prints it, <code>hashcart token create</code> makes it.
        </>
      );
    case "asking":
      return "Asking …";
    case "refused":
      return "Not accepted: it is mistyped, has ended, or was revoked.";
    case "unreachable":
      return "Could not be checked: the server does not answer.";
    case "accepted": {
      const { scopes, expiresAt } = standing.viewer;
      const until = expiresAt ? `, until ${new Date(expiresAt).toLocaleDateString()}` : "";
      return `${standing.brand ?? "Accepted"} · ${scopes.length} scopes${until}`;
    }
  }
}

function TokenField(): ReactNode {
  const token = useSyncExternalStore(onTokenChange, currentToken);
  const standing = useStanding(token);
  const [text, setText] = useState(token);
  const [visible, setVisible] = useState(false);
  const field = useId();
  const told = useId();
  useEffect(() => {
    const timer = setTimeout(() => changeToken(text), REST_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  const title = standing.kind === "accepted" ? standing.viewer.scopes.join("\n") : undefined;
  return (
    <form
      className="token"
      onSubmit={(event) => {
        event.preventDefault();
        changeToken(text);
      }}
    >
      <label htmlFor={field}>Access token</label>
      <span className="token-field">
        <input
          id={field}
          type={visible ? "text" : "password"}
          value={text}
          placeholder="hc_at_…"
          autoComplete="off"
          spellCheck={false}
          aria-describedby={told}
          aria-invalid={standing.kind === "refused"}
          onChange={(event) => setText(event.target.value)}
          onPaste={(event) => {
            // What is pasted is whole: no need to wait.
            event.preventDefault();
            const pasted = cleaned(event.clipboardData.getData("text"));
            setText(pasted);
            changeToken(pasted);
          }}
        />
        <button type="button" aria-pressed={visible} onClick={() => setVisible(!visible)}>
          {visible ? "Hide" : "Show"}
        </button>
        {text && (
          <button
            type="button"
            onClick={() => {
              setText("");
              changeToken("");
            }}
          >
            Forget
          </button>
        )}
      </span>
      <span id={told} className={`standing ${standing.kind}`} role="status" title={title}>
        {words(standing)}
      </span>
    </form>
  );
}

export function Bar(): ReactNode {
  return (
    <header className="bar">
      <h1>
        <a className="name" href="/">
          Hashcart
        </a>{" "}
        explorer
      </h1>
      <TokenField />
      <nav aria-label="Elsewhere">
        <a href="/schema.graphql">Schema</a>
      </nav>
    </header>
  );
}
