// Apollo Client: the tour over HTTP with subscriptions over graphql-ws, as its manual wires them.

import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  gql,
  HttpLink,
  InMemoryCache,
} from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { bearer, codesOf, HTTP, SOCKET, tour } from "./tour.mjs";

function told({ data, error }) {
  if (error && !CombinedGraphQLErrors.is(error)) throw error;
  return { data, codes: codesOf(error?.errors) };
}

function open(token) {
  const headers = bearer(token);
  const socket = createClient({ url: SOCKET, webSocketImpl: WebSocket, connectionParams: headers });
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    defaultOptions: {
      query: { errorPolicy: "all", fetchPolicy: "network-only" },
      mutate: { errorPolicy: "all" },
    },
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      new HttpLink({ uri: HTTP, headers }),
    ),
  });
  return {
    async ask(document, variables) {
      const query = gql(document);
      if (query.definitions[0].operation === OperationTypeNode.MUTATION) {
        return told(await client.mutate({ mutation: query, variables }));
      }
      return told(await client.query({ query, variables }));
    },
    async *follow(document, variables) {
      const items = [];
      let wake;
      const subscription = client.subscribe({ query: gql(document), variables }).subscribe((item) => {
        items.push(told(item));
        wake?.();
      });
      try {
        for (;;) {
          while (items.length === 0) await new Promise((resume) => (wake = resume));
          yield items.shift();
        }
      } finally {
        subscription.unsubscribe();
        await socket.dispose();
      }
    },
  };
}

await tour(open);
