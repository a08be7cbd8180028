// Breaks each rule of graphql-transport-ws on a socket of its own. Arguments: the URL, and the
// authorization of somebody. Output: the code that each socket was closed with, as JSON.

import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL } from "graphql-ws";
import { WebSocket } from "ws";

const [url, authorization] = process.argv.slice(2);

const INIT = JSON.stringify({ type: "connection_init", payload: { authorization } });
const LIVE = "subscription { readingReceived { cursor } }";
const subscribe = (id, query) => JSON.stringify({ type: "subscribe", id, payload: { query } });

/** Send each message and return the code that the server closes with. */
function closing(messages, protocol = GRAPHQL_TRANSPORT_WS_PROTOCOL) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocol);
    socket.on("open", () => messages.forEach((message) => socket.send(message)));
    socket.on("close", resolve);
    socket.on("error", reject);
  });
}

/** Send connection_init with a payload. */
const initialised = (payload) => closing([JSON.stringify({ type: "connection_init", payload })]);

const closings = {
  "no JSON": closing(["{"]),
  "no message": closing(['"ping"']),
  "unknown type": closing([JSON.stringify({ type: "start", id: "1" })]),
  "binary frame": closing([Buffer.from(INIT)]),
  "subscribe without a query": closing([INIT, JSON.stringify({ type: "subscribe", id: "1" })]),
  "subscribe without an id": closing([INIT, subscribe("", LIVE)]),
  "init with a list": initialised([]),
  "subscribe before init": closing([subscribe("1", LIVE)]),
  "init without a token": initialised({}),
  "init with a forged token": initialised({ authorization: `${authorization}x` }),
  "init in another's company": initialised({ authorization, company: "Q29tcGFueTo5OTk" }),
  "no protocol": closing([INIT], []),
  "no init": closing([]),
  "an id twice": closing([INIT, subscribe("1", LIVE), subscribe("1", LIVE)]),
  "init twice": closing([INIT, INIT]),
};
const codes = await Promise.all(Object.values(closings));
const names = Object.keys(closings);
const told = names.map((name, index) => [name, [codes[index], CloseCode[codes[index]] ?? null]]);
process.stdout.write(JSON.stringify(Object.fromEntries(told)));
