// Relay: runs what relay-compiler made of relay/program.js, with Relay's own store, which merges the
// pages of a connection. Prints lines of JSON like the tour.
//
// Reads from its environment, beyond what tour.mjs reads, MADE: the folder of the compiled documents;
// and BY_ID: "yes" sends their ids alone, which the app's operator trusted.

import { createRequire } from "node:module";
import { createClient } from "graphql-ws";
import relay from "relay-runtime";
import WebSocket from "ws";
import { bearer, HTTP, print, SOCKET, TOKEN } from "./tour.mjs";

const { BY_ID, MADE } = process.env;
const require = createRequire(import.meta.url);
const made = (name) => require(`${MADE}/${name}.graphql.js`);
const texts = require(`${MADE}/persisted.json`);
// graphql-ws sends nothing without a text.
const document = ({ id }) =>
  BY_ID === "yes" ? { documentId: id, query: "" } : { query: texts[id] };

const connectionParams = bearer(TOKEN);
const socket = createClient({ url: SOCKET, webSocketImpl: WebSocket, connectionParams });

async function ask(parameters, variables) {
  const answer = await fetch(HTTP, {
    method: "POST",
    headers: { ...bearer(TOKEN), "Content-Type": "application/json" },
    body: JSON.stringify({ ...document(parameters), variables }),
  });
  return answer.json();
}

const follow = (parameters, variables) =>
  relay.Observable.create((sink) => socket.subscribe({ ...document(parameters), variables }, sink));

const environment = new relay.Environment({
  network: relay.Network.create(ask, follow),
  store: new relay.Store(new relay.RecordSource()),
});

// A query's data, kept in the store from now on.
async function read(query, variables) {
  const operation = relay.createOperationDescriptor(query, variables);
  environment.retain(operation);
  await relay.fetchQuery(environment, query, variables).toPromise();
  return environment.lookup(operation.fragment).data;
}

// What `usePaginationFragment` does in a component: a page after the other, until the store holds all.
async function allPages(fragment, reference, variables, direction) {
  const { connectionPathInFragmentData: path, ...pages } = relay.getPaginationMetadata(
    fragment,
    fragment.name,
  );
  const look = () => environment.lookup(relay.getSelector(fragment, reference)).data;
  for (;;) {
    const data = look();
    const { edges, pageInfo } = path.reduce((value, key) => value[key], data);
    const [more, cursor] =
      direction === "forward"
        ? [pageInfo.hasNextPage, pageInfo.endCursor]
        : [pageInfo.hasPreviousPage, pageInfo.startCursor];
    if (!more) return edges.map(({ node }) => node);
    const page = relay.getPaginationVariables(direction, 1, cursor, variables, {}, pages.paginationMetadata);
    if (pages.identifierField) page.id = data[pages.identifierField];
    await read(pages.paginationRequest, page);
  }
}

const products = await read(made("programProductsQuery"), { first: 1 });
for (const direction of ["forward", "backward"]) {
  const nodes = await allPages(made(`program_${direction}`), products, {}, direction);
  print(`titles ${direction}`, nodes.map(({ title }) => title));
}
const { brand } = await read(made("programTriggersQuery"), {});
const triggers = await allPages(made("program_triggers"), brand, {}, "forward");
print("tags", triggers.map(({ tag }) => tag));

const mutate = (mutation, input) =>
  new Promise((onCompleted, onError) =>
    relay.commitMutation(environment, { mutation, variables: { input }, onCompleted, onError }),
  );

const change = made("programSetPoliciesMutation");
const subscription = made("programEventsSubscription");
await new Promise((onCompleted, onError) =>
  relay.requestSubscription(environment, {
    subscription,
    variables: { types: ["BRAND_UPDATED"] },
    onError,
    async onNext({ events }) {
      if (events.__typename === "LogHeartbeat") {
        const { setPolicies } = await mutate(change, { acceptQuotes: !brand.acceptQuotes });
        print("changed", setPolicies.acceptQuotes !== brand.acceptQuotes);
      } else {
        print("followed", events.event.type);
        onCompleted();
      }
    },
  }),
);
await socket.dispose();
