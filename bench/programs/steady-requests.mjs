// Asks an HTTP server for something at a steady rate, whether or not earlier answers have come, until it gets a message
// from its parent; then it sends the latencies, in milliseconds from sending to the end of the answer.
//   steady-requests.mjs URL INTERVAL_MS
import { Agent, get } from 'node:http';

const [url, interval] = [process.argv[2], Number(process.argv[3])];
const agent = new Agent({ keepAlive: true });
const latencies = [];
let open = 0;
let ending = false;

function ask() {
  const sent = performance.now();
  open++;
  get(url, { agent }, (response) => {
    response.resume();
    response.on('end', () => {
      latencies.push(performance.now() - sent);
      open--;
      finish();
    });
  }).on('error', (error) => {
    throw error;
  });
}

function finish() {
  if (!ending || open > 0) return;
  process.send(latencies, () => process.disconnect());
  agent.destroy();
}

const timer = setInterval(ask, interval);
process.once('message', () => {
  clearInterval(timer);
  ending = true;
  finish();
});
