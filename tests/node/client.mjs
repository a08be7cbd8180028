// Uses the client of graphql-ws as a front end does. Arguments: the URL, and a JSON object with the
// `authorization`, and the `query` and `variables` of a subscription that has one event to wait for.
// Output: what the client was told, as JSON.

import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

const KEEP_ALIVE_MS = 50;

const [url, given] = process.argv.slice(2);
const { authorization, query, variables } = JSON.parse(given);

let connections = 0;
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { authorization },
  lazy: false,
  keepAlive: KEEP_ALIVE_MS,
  retryAttempts: 0,
  on: { connected: () => (connections += 1) },
});
const ponged = new Promise((resolve) => client.on("pong", (received) => received && resolve()));
const closed = new Promise((resolve) => client.on("closed", ({ code }) => resolve(code)));

/** Return all results of an operation that ends by itself. */
async function all(payload) {
  const results = [];
  for await (const result of client.iterate(payload)) results.push(result);
  return results;
}

/** Return the first event of a subscription, which is then completed from our side. */
async function first(payload) {
  for await (const event of client.iterate(payload)) return event;
}

const event = await first({ query, variables });
await ponged;
const queried = await all({ query: "{ viewer { name } }" });
const refused = await all({ query: "{ ghost }" }).catch((errors) => errors);
await client.dispose();
const told = { event, queried, refused, connections, closed: await closed };
process.stdout.write(JSON.stringify(told));
