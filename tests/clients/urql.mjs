// urql: the tour over HTTP, with its own `Accept` header, which names event streams too, and with
// subscriptions over graphql-ws, as its manual wires them. GET is for persisted queries (persisted.mjs).

import { cacheExchange, Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import { toAsyncIterable } from "wonka";
import WebSocket from "ws";
import { bearer, codesOf, HTTP, SOCKET, tour } from "./tour.mjs";

function told({ data, error }) {
  if (error?.networkError) throw error.networkError;
  return { data, codes: codesOf(error?.graphQLErrors) };
}

function open(token) {
  const headers = bearer(token);
  const socket = createClient({ url: SOCKET, webSocketImpl: WebSocket, connectionParams: headers });
  const forwardSubscription = (request) => ({
    subscribe: (sink) => ({ unsubscribe: socket.subscribe(request, sink) }),
  });
  const client = new Client({
    url: HTTP,
    exchanges: [cacheExchange, fetchExchange, subscriptionExchange({ forwardSubscription })],
    fetchOptions: { headers },
    preferGetMethod: false,
    requestPolicy: "network-only",
  });
  return {
    async ask(document, variables) {
      const kind = document.trimStart().startsWith("mutation") ? "mutation" : "query";
      return told(await client[kind](document, variables));
    },
    async *follow(document, variables) {
      for await (const item of toAsyncIterable(client.subscription(document, variables))) {
        yield told(item);
      }
      await socket.dispose();
    },
  };
}

await tour(open);
