/**
 * Serves one model over HTTP and streams its answers as they are made.
 *
 *     npx jiti examples/chat-server.ts [model folder] [port]
 *     curl -N http://127.0.0.1:8080/chat -d '{"messages": [{"role": "user", "content": "what is vikas town ?"}]}'
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { loadModel, type Message, PosttrainError } from 'posttrain';

const [folder = 'pocket', port = '8080'] = process.argv.slice(2);
const longestBody = 1_000_000; // bytes
await using model = await loadModel(folder);

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    const known = PosttrainError.is(error);
    console.error(known ? error.format() : error);
    if (response.headersSent) response.destroy();
    else response.writeHead(known ? 400 : 500).end(known ? error.format() : 'internal error');
  });
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Only loopback names: another site's page must not reach this server through a name it points here.
  const host = request.headers.host ?? '';
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) return void response.writeHead(403).end('forbidden host');
  if (request.method !== 'POST' || request.url !== '/chat') return void response.writeHead(404).end('POST /chat');

  const messages = parseMessages(await readBody(request));
  // A client that goes away ends its own generation.
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  try {
    for await (const part of model.stream(messages, { maxTokens: 128, signal: gone.signal })) response.write(part.text);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
  response.end();
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBody) throw new PosttrainError('usage', `The request is longer than ${longestBody} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseMessages(body: string): Message[] {
  let parsed: { messages?: unknown };
  try {
    parsed = JSON.parse(body) as { messages?: unknown };
  } catch (cause) {
    throw new PosttrainError('usage', 'The body is not JSON.', { cause });
  }
  const { messages } = parsed;
  const roles = ['system', 'user', 'assistant'];
  const valid = (message: Message) => roles.includes(message?.role) && typeof message.content === 'string';
  if (Array.isArray(messages) && messages.length > 0 && messages.every(valid)) return messages;
  throw new PosttrainError('usage', '"messages" is a list of {"role": "system | user | assistant", "content": "…"}.');
}

// On loopback only: whoever wants to serve other machines puts a server with authentication before it.
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : port}/chat`);
});
await new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close(() => resolve()));
});
