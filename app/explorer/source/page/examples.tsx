// The pane with the example operations of `graphql/operations`, each opened in a tab of its own.

import type { GraphiQLPlugin } from "@graphiql/react";
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useMemo, useState } from "react";
import type { ReactNode } from "react";
import { fitted } from "./samples";
import { currentToken } from "./token";

export interface Example {
  feature: string;
  name: string;
  kind: "query" | "mutation" | "subscription";
  about: string;
  document: string;
  variables: string | null;
  sql: string | null;
  ready: boolean;
}

let loaded: Example[] = [];

// The examples, loaded once before the page is drawn. Without them the page works as well.
export async function loadExamples(): Promise<Example[]> {
  try {
    const answer = await fetch("/explorer/examples.json", { cache: "no-cache" });
    if (answer.ok) loaded = (await answer.json()) as Example[];
  } catch {
    loaded = [];
  }
  return loaded;
}

function Icon(): ReactNode {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M3 4.5h14M3 10h9M3 15.5h6" strokeLinecap="round" />
      <path d="m13 12 4.5 2.75L13 17.5z" fill="currentColor" strokeLinejoin="round" />
    </svg>
  );
}

// Opens the tab that holds the example already, else a new one.
function useOpen(): (example: Example) => Promise<void> {
  const actions = useGraphiQLActions();
  const { tabs, schema, queryEditor, variableEditor } = useGraphiQL((state) => ({
    tabs: state.tabs,
    schema: state.schema,
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
  }));
  return async (example) => {
    const open = tabs.findIndex((tab) => tab.query === example.document);
    if (open >= 0) {
      actions.changeTab(open);
      return;
    }
    const fits = example.variables !== null && schema && currentToken();
    const variables = fits
      ? await fitted(example.document, example.variables ?? "{}", schema).catch(() => example.variables)
      : example.variables;
    actions.stop();
    actions.addTab();
    queryEditor?.setValue(example.document);
    variableEditor?.setValue(variables ?? "");
    queryEditor?.setScrollTop(0);
    queryEditor?.focus();
    if (variables) showVariables();
  };
}

// GraphiQL opens the editor of the variables by its button alone.
function showVariables(): void {
  document.querySelector<HTMLElement>('.graphiql-editor-tools [data-name="variables"]')?.click();
}

const matches = (example: Example, words: string): boolean =>
  words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => `${example.feature} ${example.name} ${example.kind} ${example.about}`.toLowerCase().includes(word));

function One({ example }: { example: Example }): ReactNode {
  const open = useOpen();
  return (
    <li>
      <button type="button" className="example" onClick={() => void open(example)}>
        <span className="example-name">{example.name}</span>
        {example.kind !== "query" && <span className={`kind ${example.kind}`}>{example.kind}</span>}
        {example.about && <span className="example-about">{example.about}</span>}
      </button>
      {example.sql && (
        <details>
          <summary>The SQL that it becomes</summary>
          <pre tabIndex={0}>{example.sql}</pre>
        </details>
      )}
    </li>
  );
}

function Pane(): ReactNode {
  const [words, setWords] = useState("");
  const groups = useMemo(() => {
    const found = new Map<string, Example[]>();
    for (const example of loaded.filter((each) => matches(each, words))) {
      found.set(example.feature, [...(found.get(example.feature) ?? []), example]);
    }
    return [...found];
  }, [words]);
  return (
    <section className="examples" aria-label="Examples">
      <h2>Examples</h2>
      <p>Each opens in a tab. With a token, ids in the variables become those of your brand.</p>
      <input
        type="search"
        aria-label="Search the examples"
        placeholder="Search"
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      {groups.length === 0 && <p role="status">No example has these words.</p>}
      {groups.map(([feature, examples]) => (
        <section key={feature} aria-label={feature}>
          <h3>{feature}</h3>
          <ul>
            {examples.map((example) => (
              <One key={example.name} example={example} />
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

export const EXAMPLES_PLUGIN: GraphiQLPlugin = { title: "Examples", icon: Icon, content: Pane };
