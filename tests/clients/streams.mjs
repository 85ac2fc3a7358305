// Subscriptions without a WebSocket: Apollo Client through graphql-sse, and urql by itself. Prints for
// each the kinds of its items: the heartbeat that comes first, then the event of a change.

import { ApolloClient, ApolloLink, gql, InMemoryCache, Observable } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { print as printDocument } from "graphql";
import { createClient } from "graphql-sse";
import { pipe, subscribe } from "wonka";
import { bearer, HTTP, print, TOKEN } from "./tour.mjs";

const headers = bearer(TOKEN);
const EVENTS = `
  subscription Events {
    events(types: [BRAND_UPDATED]) { __typename ... on LogEntry { event { id type } } }
  }
`;
const CHANGE = `
  mutation Change($to: Boolean!) { setPolicies(input: { acceptQuotes: $to }) { __typename } }
`;

async function ask(query, variables) {
  const answer = await fetch(HTTP, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return (await answer.json()).data;
}

async function change() {
  const { brand } = await ask("query Before { brand { acceptQuotes } }");
  await ask(CHANGE, { to: !brand.acceptQuotes });
}

function withApollo(onItem) {
  const client = createClient({ url: HTTP, headers, retryAttempts: 0 });
  const link = new ApolloLink(
    ({ query, ...operation }) =>
      new Observable((sink) =>
        client.subscribe({ ...operation, query: printDocument(query) }, sink),
      ),
  );
  const apollo = new ApolloClient({ cache: new InMemoryCache(), link });
  apollo.subscribe({ query: gql(EVENTS) }).subscribe(onItem);
}

function withUrql(onItem) {
  const urql = new Client({
    url: HTTP,
    exchanges: [fetchExchange],
    fetchOptions: { headers },
    fetchSubscriptions: true,
  });
  pipe(urql.subscription(EVENTS, {}), subscribe(onItem));
}

for (const [name, follow] of Object.entries({ apollo: withApollo, urql: withUrql })) {
  const kinds = [];
  await new Promise((done) =>
    follow(({ data, error }) => {
      if (error) throw error;
      kinds.push(data.events.event?.type ?? data.events.__typename);
      if (kinds.length === 1) change();
      else done();
    }),
  );
  print(name, kinds);
}
process.exit(); // in the midst of both: urql would throw at whoever unsubscribes under Node.js
