// The measured reads by Mercurius: compiled just in time, with loaders and prepared statements.
// Ids are bare keys, nobody is authenticated, and cursors are not signed.
import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";

const CONNECTIONS = 8;
const { HASHCART_DATABASE_URL: connectionString, HASHCART_PORT: port } = process.env;

// Moments stay text; PostgreSQL prints those of UTC with "+00".
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => `${text.replace(" ", "T")}:00`);

const pool = new pg.Pool({
  connectionString,
  max: CONNECTIONS,
  idleTimeoutMillis: 0,
  options: "-c jit=off -c timezone=UTC",
});

// A name makes it a prepared statement, once on each connection.
const rowsOf = (name, text, values) =>
  pool.query({ name, text, values }).then((result) => result.rows);

const schema = `
  type Query {
    shoppableTweet(brandId: ID!, id: ID!): ShoppableTweet
    shoppableTweets(brandId: ID!, first: Int!): ShoppableTweetConnection!
    cartIntents(brandId: ID!, first: Int!): CartIntentConnection!
  }
  type PageInfo {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }
  type Money { amountMinor: Int!, currency: String! }
  type ShoppableTweetConnection { edges: [ShoppableTweetEdge!]!, pageInfo: PageInfo! }
  type ShoppableTweetEdge { cursor: String!, node: ShoppableTweet! }
  type ShoppableTweet {
    id: ID!
    rootXid: String!
    conversationXid: String!
    authorXid: String!
    text: String
    status: TweetStatus!
    campaign: String
    postedAt: String!
    primaryProduct: Product
    cartIntentCounts: [CartIntentCount!]!
  }
  enum TweetStatus { DETECTED LIVE PAUSED UNSHOPPABLE DELETED WITHHELD }
  type CartIntentCount { status: CartIntentStatus!, count: Int! }
  type Product {
    id: ID!
    retailerProductId: String!
    title: String!
    imageUrl: String
    availability: Availability!
    price: Money
    reviews(first: Int!): AdvocateReviewConnection!
  }
  enum Availability { IN_STOCK LIMITED OUT_OF_STOCK UNKNOWN }
  type AdvocateReviewConnection { nodes: [AdvocateReview!]! }
  type AdvocateReview {
    id: ID!
    rating: Int
    title: String
    submittedAt: String!
    advocate: Advocate
  }
  type Advocate { id: ID!, score: Int! }
  type CartIntentConnection { nodes: [CartIntent!]! }
  type CartIntent {
    id: ID!
    engagementXid: String
    action: TriggerAction!
    marketplace: String!
    retailer: String
    quantity: Int!
    status: CartIntentStatus!
    updatedAt: String!
    tweet: ShoppableTweet
    product: Product
  }
  enum TriggerAction { CART WISHLIST }
  enum CartIntentStatus {
    RECEIVED AWAITING_CHOICE AWAITING_LINK QUEUED ADDED HANDED_OFF REMOVED ABANDONED PURCHASED
    FAILED EXPIRED WITHDRAWN
  }
`;

// Columns are read under the names of the schema, so that a field is a property of its row.
const TWEET = `brand_id AS "brandId", id, root_xid AS "rootXid",
  conversation_xid AS "conversationXid", author_xid AS "authorXid", text, status, campaign,
  posted_at AS "postedAt", primary_product_id AS "primaryProductId"`;
const PRODUCT = `brand_id AS "brandId", id, retailer_product_id AS "retailerProductId", title,
  image_url AS "imageUrl", availability, price_amount_minor AS "amountMinor",
  price_currency AS currency`;
const INTENT = `brand_id AS "brandId", id, engagement_xid AS "engagementXid", action, marketplace,
  retailer, quantity, status, updated_at AS "updatedAt", tweet_id AS "tweetId",
  product_id AS "productId"`;

const ONE_TWEET = `SELECT ${TWEET} FROM shoppable_tweet WHERE brand_id = $1 AND id = $2`;
const TWEETS = `SELECT ${TWEET} FROM shoppable_tweet WHERE brand_id = $1
  ORDER BY posted_at DESC, id DESC LIMIT $2`;
const INTENTS = `SELECT ${INTENT} FROM cart_intent WHERE brand_id = $1
  ORDER BY received_at DESC, id DESC LIMIT $2`;
const TWEETS_BY_ID = `SELECT ${TWEET} FROM shoppable_tweet
  WHERE brand_id = $1 AND id = ANY($2::uuid[])`;
const PRODUCTS_BY_ID = `SELECT ${PRODUCT} FROM product
  WHERE brand_id = $1 AND id = ANY($2::uuid[])`;
const ADVOCATES_BY_ID = `SELECT id, score FROM advocate
  WHERE brand_id = $1 AND id = ANY($2::uuid[])`;
const COUNTS = `SELECT tweet_id AS owner, status, count(*)::integer AS count FROM cart_intent
  WHERE brand_id = $1 AND tweet_id = ANY($2::uuid[]) GROUP BY 1, 2`;
const REVIEWS = `SELECT found.* FROM unnest($2::uuid[]) AS wanted(id) CROSS JOIN LATERAL (
    SELECT wanted.id AS owner, brand_id AS "brandId", id, rating, title,
      submitted_at AS "submittedAt", advocate_id AS "advocateId"
    FROM advocate_review WHERE brand_id = $1 AND product_id = wanted.id
    ORDER BY submitted_at DESC, id DESC LIMIT $3
  ) AS found`;

// What one request loads together belongs to one brand.
const brandOf = (queries) => queries[0].obj.brandId;
const distinct = (queries, key) => [
  ...new Set(queries.map(({ obj }) => obj[key]).filter((id) => id !== null)),
];
const one = (name, text, key) => ({
  loader: async (queries) => {
    const rows = await rowsOf(name, text, [brandOf(queries), distinct(queries, key)]);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return queries.map(({ obj }) => byId.get(obj[key]) ?? null);
  },
  opts: { cache: false },
});
const grouped = (queries, rows) => {
  const lists = new Map(queries.map(({ obj }) => [obj.id, []]));
  for (const row of rows) lists.get(row.owner).push(row);
  return queries.map(({ obj }) => lists.get(obj.id));
};
const counts = async (queries) =>
  grouped(queries, await rowsOf("counts", COUNTS, [brandOf(queries), distinct(queries, "id")]));
const reviews = async (queries) => {
  const values = [brandOf(queries), distinct(queries, "id"), queries[0].params.first];
  const lists = grouped(queries, await rowsOf("reviews", REVIEWS, values));
  return lists.map((nodes) => ({ nodes }));
};

const cursorOf = ({ postedAt, id }) =>
  Buffer.from(JSON.stringify([postedAt, id])).toString("base64url");
const connection = (rows, first) => {
  const hasNextPage = rows.length > first;
  if (hasNextPage) rows.pop();
  const edges = rows.map((node) => ({ cursor: cursorOf(node), node }));
  const startCursor = edges.at(0)?.cursor ?? null;
  const endCursor = edges.at(-1)?.cursor ?? null;
  return { edges, pageInfo: { hasNextPage, hasPreviousPage: false, startCursor, endCursor } };
};

const app = Fastify({ logger: false });
app.register(mercurius, {
  schema,
  jit: 1,
  graphiql: false,
  resolvers: {
    Query: {
      shoppableTweet: async (_, { brandId, id }) =>
        (await rowsOf("tweet", ONE_TWEET, [brandId, id]))[0] ?? null,
      shoppableTweets: async (_, { brandId, first }) =>
        connection(await rowsOf("tweets", TWEETS, [brandId, first + 1]), first),
      cartIntents: async (_, { brandId, first }) => ({
        nodes: await rowsOf("intents", INTENTS, [brandId, first]),
      }),
    },
    Product: {
      price: ({ amountMinor, currency }) =>
        amountMinor === null ? null : { amountMinor, currency },
    },
  },
  loaders: {
    ShoppableTweet: {
      primaryProduct: one("products", PRODUCTS_BY_ID, "primaryProductId"),
      cartIntentCounts: { loader: counts, opts: { cache: false } },
    },
    Product: { reviews: { loader: reviews, opts: { cache: false } } },
    AdvocateReview: { advocate: one("advocates", ADVOCATES_BY_ID, "advocateId") },
    CartIntent: {
      tweet: one("tweets by id", TWEETS_BY_ID, "tweetId"),
      product: one("products", PRODUCTS_BY_ID, "productId"),
    },
  },
});

// The benchmark holds the other end: however it dies, this server ends too.
process.stdin.resume().on("end", () => process.exit());
await app.listen({ port: Number(port), host: "127.0.0.1" });
