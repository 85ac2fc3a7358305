// graphql-sse, the reference client of GraphQL over server-sent events, in its distinct connections
// mode: the tour, all of it as event streams.

import { createClient, NetworkError } from "graphql-sse";
import { bearer, codesOf, HTTP, tour } from "./tour.mjs";

function open(token) {
  const client = createClient({ url: HTTP, headers: bearer(token), retryAttempts: 0 });
  async function* follow(query, variables) {
    try {
      for await (const { data, errors } of client.iterate({ query, variables })) {
        yield { data, codes: codesOf(errors) };
      }
    } catch (refused) {
      if (!(refused instanceof NetworkError)) throw refused;
      yield { codes: codesOf((await refused.response.json()).errors) };
    }
  }
  return {
    follow,
    async ask(query, variables) {
      for await (const told of follow(query, variables)) return told;
    },
  };
}

await tour(open);
