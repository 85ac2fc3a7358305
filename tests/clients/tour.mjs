// What each client does here, in the same words, so that all can be held to the same answers.
//
// A client is {ask(document, variables), follow(document, variables)}: the first answers
// {data, codes}, the second yields them; `codes` are the `extensions.code` of the errors.
// `tour` prints what it was told as lines of JSON: {"step": ..., "told": ...}.
//
// Programs read from their environment ADDRESS (host and port), TOKEN (may do everything), FEW (may
// read the brand, and no more) and TAG (a hashtag that no other program uses).

export const { ADDRESS, TOKEN, FEW, TAG } = process.env;
export const HTTP = `http://${ADDRESS}/graphql`;
export const SOCKET = `ws://${ADDRESS}/graphql`;
export const bearer = (token) => ({ Authorization: `Bearer ${token}` });
export const print = (step, told) => process.stdout.write(JSON.stringify({ step, told }) + "\n");
export const codesOf = (errors) => errors?.map((error) => error.extensions.code);

const BRAND = `query Brand { brand { id name xHandle } }`;

const PRODUCTS = `
  query Products($first: Int, $after: String, $last: Int, $before: String) {
    products(first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { id title price { amountMinor currency } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;

const ADD_TRIGGER = `
  mutation AddTrigger($input: AddTriggerInput!) {
    addTrigger(input: $input) {
      __typename
      ... on Trigger { id tag action }
      ... on TriggerTaken { tag triggerId }
      ... on IdempotencyKeyReused { message }
    }
  }
`;

const REMOVE_TRIGGER = `
  mutation RemoveTrigger($input: RemoveTriggerInput!) {
    removeTrigger(input: $input) { ... on Brand { id name } }
  }
`;

const EVENTS = `
  subscription Events($types: [EventType!]) {
    events(types: $types) {
      __typename
      ... on LogEntry { event { type ... on BrandEvent { changedFields currentBrand { name } } } }
    }
  }
`;

// The cursors of all pages of two, first from the front and then from the back.
async function pages(client) {
  const forward = [];
  for (let after = null, more = true; more; ) {
    const { products } = (await client.ask(PRODUCTS, { first: 2, after })).data;
    forward.push(...products.edges);
    after = products.pageInfo.endCursor;
    more = products.pageInfo.hasNextPage;
  }
  const backward = [];
  for (let before = null, more = true; more; ) {
    const { products } = (await client.ask(PRODUCTS, { last: 2, before })).data;
    backward.unshift(...products.edges);
    before = products.pageInfo.startCursor;
    more = products.pageInfo.hasPreviousPage;
  }
  print("titles forward", forward.map(({ node }) => node.title));
  print("titles backward", backward.map(({ node }) => node.title));
}

async function mutations(client) {
  const input = { tag: TAG, marketplace: "US", action: "WISHLIST", idempotencyKey: `${TAG} ✓` };
  const add = async (changes) =>
    (await client.ask(ADD_TRIGGER, { input: { ...input, ...changes } })).data.addTrigger;
  const first = await add({});
  print("added", { __typename: first.__typename, tag: first.tag, action: first.action });
  print("the same key again", (await add({})).id === first.id);
  print("the same key for something else", (await add({ action: "CART" })).__typename);
  const { __typename, triggerId } = await add({ idempotencyKey: null });
  print("added twice", { __typename, same: triggerId === first.id });
  return first.id;
}

async function refusals(client, few) {
  print("a field that is not there", (await client.ask("query Nothing { nothing }")).codes);
  print("too large a page", (await client.ask(PRODUCTS, { first: 501 })).codes);
  print("a variable of the wrong type", (await client.ask(PRODUCTS, { first: "two" })).codes);
  print("a cursor that is none", (await client.ask(PRODUCTS, { after: "none" })).codes);
  print("a missing scope", (await few.ask(PRODUCTS, { first: 1 })).codes);
}

// What follows a change of the client's own, from the first heartbeat to the event.
async function following(client, change) {
  for await (const { data, codes } of client.follow(EVENTS, { types: ["BRAND_UPDATED"] })) {
    if (codes) return print("followed", codes);
    if (data.events.__typename === "LogHeartbeat") {
      print("the first item", "LogHeartbeat");
      await change();
    } else {
      const { type, changedFields, currentBrand } = data.events.event;
      return print("followed", [type, changedFields, currentBrand.name]);
    }
  }
}

// With `open(token)`, which makes a client.
export async function tour(open, { strangers = true } = {}) {
  const client = open(TOKEN);
  print("brand", (await client.ask(BRAND)).data.brand.name);
  await pages(client);
  const triggerId = await mutations(client);
  const remove = async () => {
    const { data } = await client.ask(REMOVE_TRIGGER, { input: { triggerId } });
    print("removed", data.removeTrigger.name);
  };
  if (client.follow) await following(client, remove);
  else await remove();
  await refusals(client, open(FEW));
  if (strangers) print("no valid token", (await open(`${TOKEN}x`).ask(BRAND)).codes);
}
