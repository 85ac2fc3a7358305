// The explorer: GraphiQL over this server, with a field for the token, the example operations, and
// a line that tells how long the server took.

import "./workers";
import "./themes";
import "./styles";
import { DOC_EXPLORER_PLUGIN } from "@graphiql/plugin-doc-explorer";
import { createLocalStorage } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";
import { Bar } from "./bar";
import { EXAMPLES_PLUGIN, loadExamples } from "./examples";
import { fetcher, INTROSPECTION } from "./server";
import { StatusLine } from "./statusline";
import { EDITOR_THEMES } from "./themes";

const PLUGINS = [EXAMPLES_PLUGIN, HISTORY_PLUGIN];
// Queries, variables and how the page is divided; never an answer, never the token.
const STORAGE = createLocalStorage({ namespace: "hashcart" }) as Storage;

const place = document.getElementById("explorer");
if (!place) throw new Error("The page has no element #explorer.");

if (location.hash === "#docs") {
  STORAGE.setItem("graphiql:visiblePlugin", DOC_EXPLORER_PLUGIN.title); // where GraphiQL looks
}

const ready = (await loadExamples())
  .filter((example) => example.ready)
  .map(({ document, variables }) => ({ query: document, variables }));

createRoot(place).render(
  <>
    <Bar />
    <main>
      <GraphiQL
        fetcher={fetcher}
        introspectionQueryName={INTROSPECTION}
        schemaDescription
        inputValueDeprecation
        plugins={PLUGINS}
        referencePlugin={DOC_EXPLORER_PLUGIN}
        visiblePlugin={DOC_EXPLORER_PLUGIN}
        defaultTabs={ready.length ? ready : undefined}
        defaultQuery=""
        editorTheme={EDITOR_THEMES}
        isHeadersEditorEnabled={false}
        shouldPersistHeaders={false}
        storage={STORAGE}
      >
        <GraphiQL.Logo>{null}</GraphiQL.Logo>
        <GraphiQL.Footer>
          <StatusLine />
        </GraphiQL.Footer>
      </GraphiQL>
    </main>
  </>,
);
