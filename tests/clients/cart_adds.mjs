// Follows `cartAdds` with graphql-ws, as a brand's program would, and prints what it sees as lines
// of JSON: {"connected": true} for each connection, {"item": ...} for each item of the subscription.
// Ends after ADDS adds. Reads ADDRESS, TOKEN and ADDS from its environment.

import { createClient } from "graphql-ws";
import WebSocket from "ws";

const DOCUMENT = `
  subscription Adds($after: String) {
    cartAdds(after: $after) {
      __typename
      ... on CartAdd {
        cursor seq prevSeq outcome occurredAt
        cartIntent {
          id status engagementXid
          product { title }
          offer { amountMinor currency }
          tweet { rootXid }
        }
      }
      ... on LogHeartbeat { cursor scannedTo }
      ... on LogLag { cursor scannedTo }
    }
  }
`;
const RETRY_MILLISECONDS = 100;
const RETRIES_MAX = 1_200;

const print = (line) => process.stdout.write(JSON.stringify(line) + "\n");

const client = createClient({
  url: process.env.ADDRESS,
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Bearer ${process.env.TOKEN}` },
  shouldRetry: () => true,
  retryAttempts: RETRIES_MAX,
  retryWait: () => new Promise((resume) => setTimeout(resume, RETRY_MILLISECONDS)),
  on: { connected: () => print({ connected: true }) },
});

// The client sends the variables as they are when it connects again: so it resumes.
const variables = { after: null };
let missing = Number(process.env.ADDS);

for await (const { data, errors } of client.iterate({ query: DOCUMENT, variables })) {
  if (errors) throw new Error(JSON.stringify(errors));
  const item = data.cartAdds;
  variables.after = item.cursor;
  print({ item });
  if (item.__typename === "CartAdd") missing -= 1;
  if (missing === 0) break;
}
await client.dispose();
