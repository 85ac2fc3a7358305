// Runs the audits of graphql-http, the reference implementation of GraphQL over HTTP, and prints each
// as a line of JSON: {"id": ..., "name": ..., "status": "ok" | "notice" | "warn" | "error", "reason"?: ...}.

import { createHash } from "node:crypto";
import { serverAudits } from "graphql-http";
import { bearer, HTTP, TOKEN } from "./tour.mjs";

// GET runs nothing but persisted documents: so what an audit asks by GET is persisted first.
async function persist(query) {
  const persistedQuery = { version: 1, sha256Hash: createHash("sha256").update(query).digest("hex") };
  await fetch(HTTP, {
    method: "POST",
    headers: { ...bearer(TOKEN), "Content-Type": "application/json" },
    body: JSON.stringify({ query, extensions: { persistedQuery } }),
  });
}

// The audits know nothing of tokens.
async function withToken(url, request = {}) {
  const query = new URL(url).searchParams.get("query");
  if (query) await persist(query);
  return fetch(url, { ...request, headers: { ...request.headers, ...bearer(TOKEN) } });
}

for (const audit of serverAudits({ url: HTTP, fetchFn: withToken })) {
  const { id, name, status, reason } = await audit.fn();
  process.stdout.write(JSON.stringify({ id, name, status, reason }) + "\n");
}
