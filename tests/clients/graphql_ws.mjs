// graphql-ws, the reference client of graphql-transport-ws: the tour, all of it over one socket.

import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { bearer, codesOf, SOCKET, tour } from "./tour.mjs";

const clients = [];

function open(token) {
  const connectionParams = bearer(token);
  const client = createClient({ url: SOCKET, webSocketImpl: WebSocket, connectionParams });
  clients.push(client);
  async function* follow(query, variables) {
    try {
      for await (const { data, errors } of client.iterate({ query, variables })) {
        yield { data, codes: codesOf(errors) };
      }
    } catch (refused) {
      if (!Array.isArray(refused)) throw refused;
      yield { codes: codesOf(refused) };
    }
  }
  return {
    follow,
    async ask(query, variables) {
      for await (const told of follow(query, variables)) return told;
    },
  };
}

// A wrong token closes the socket: there is no answer that could tell it.
await tour(open, { strangers: false });
for (const client of clients) await client.dispose();
