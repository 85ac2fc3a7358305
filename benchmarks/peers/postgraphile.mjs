// The measured reads by PostGraphile: its schema comes from the tables, one statement by request.
// Ids are bare keys, nobody is authenticated, and cursors are not signed.
import { createServer } from "node:http";
import { printSchema } from "graphql";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { jsonPgSmartTags } from "postgraphile/utils";

const CONNECTIONS = 8;
const { HASHCART_DATABASE_URL: connectionString, HASHCART_PORT: port, PRINT } = process.env;

// The table of intents has no foreign keys, so where its columns lead is said here.
const tags = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      "public.cart_intent": {
        tags: {
          foreignKey: [
            "(brand_id, tweet_id) references public.shoppable_tweet (brand_id, id)",
            "(brand_id, product_id) references public.product (brand_id, id)",
          ],
        },
      },
    },
  },
});

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [tags],
  pgServices: [
    makePgService({
      connectionString,
      schemas: ["public", "peers"],
      poolConfig: { max: CONNECTIONS, idleTimeoutMillis: 0, options: "-c jit=off -c timezone=UTC" },
    }),
  ],
  grafserv: { graphiql: false, graphqlPath: "/graphql", websockets: false },
  grafast: { explain: false },
  schema: { defaultBehavior: "+list +connection +resource:list +resource:connection" },
});

const server = createServer();
server.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
await instance.createServ(grafserv).addTo(server);
if (PRINT) console.log(printSchema(await instance.getSchema()));

// The benchmark holds the other end: however it dies, this server ends too.
process.stdin.resume().on("end", () => process.exit());
server.listen(Number(port), "127.0.0.1");
