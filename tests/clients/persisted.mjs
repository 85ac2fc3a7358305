// Automatic persisted queries as Apollo Client and urql speak them: the same query twice, and the
// requests that went out for it, as [method, what they carried, status].

import { createHash } from "node:crypto";
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { bearer, HTTP, print, TAG, TOKEN } from "./tour.mjs";

const headers = bearer(TOKEN);
const sha256 = async (text) => createHash("sha256").update(text).digest("hex");

// Nobody asked these before: the tag is part of their names.
const QUERY = `query ${TAG} { brand { name } }`;
const MUTATION = `
  mutation ${TAG}Change { setPolicies(input: { acceptQuotes: true }) { ... on Brand { name } } }
`;

const requests = [];

async function noted(address, request) {
  const answer = await fetch(address, request);
  const { searchParams } = new URL(address);
  const carried = request.body ? JSON.parse(request.body) : Object.fromEntries(searchParams);
  const parts = ["query", "extensions"].filter((name) => carried[name]);
  requests.push([request.method, parts.join(" and "), answer.status]);
  return answer;
}

const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: new PersistedQueryLink({ sha256, useGETForHashedQueries: true }).concat(
    new HttpLink({ uri: HTTP, headers, fetch: noted }),
  ),
});
const urql = new Client({
  url: HTTP,
  exchanges: [persistedExchange({ enableForMutation: true }), fetchExchange],
  fetchOptions: { headers },
  fetch: noted,
  requestPolicy: "network-only",
});

const withApollo = {
  query: (text) => apollo.query({ query: gql(text), fetchPolicy: "no-cache" }),
  mutate: (text) => apollo.mutate({ mutation: gql(text) }),
};
const withUrql = {
  query: (text) => urql.query(text, {}),
  mutate: (text) => urql.mutation(text, {}),
};

for (const [name, client] of Object.entries({ apollo: withApollo, urql: withUrql })) {
  const first = await client.query(QUERY);
  const second = await client.query(QUERY);
  const change = await client.mutate(MUTATION);
  const names = [first.data.brand.name, second.data.brand.name, change.data.setPolicies.name];
  print(name, { names, requests: requests.splice(0) });
}
