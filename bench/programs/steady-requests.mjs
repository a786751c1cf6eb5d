// Asks an HTTP server for something at a steady rate, whether or not earlier answers have come, until it gets a message
// from its parent; then it sends the latencies, in milliseconds from sending to the end of the answer, and how many
// requests failed: a server that is blocked for long refuses connections.
//   steady-requests.mjs URL INTERVAL_MS
import { Agent, get } from 'node:http';

const [url, interval] = [process.argv[2], Number(process.argv[3])];
const agent = new Agent({ keepAlive: true });
const latencies = [];
let failed = 0;
let open = 0;
let ending = false;

function ask() {
  const sent = performance.now();
  open++;
  const done = (record) => {
    record();
    open--;
    finish();
  };
  get(url, { agent }, (response) => {
    response.resume();
    response.on('end', () => done(() => latencies.push(performance.now() - sent)));
  }).on('error', () => done(() => failed++));
}

function finish() {
  if (!ending || open > 0) return;
  process.send({ latencies, failed }, () => process.disconnect());
  agent.destroy();
}

const timer = setInterval(ask, interval);
process.once('message', () => {
  clearInterval(timer);
  ending = true;
  finish();
});
