import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** What a fake server was asked: the body of a request. */
export interface FakeRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly authorization: string | undefined;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly text?: string;
  readonly json?: unknown;
  readonly delay?: number;
}

/** A server on this machine that answers as it is told and notes what it was asked. */
export async function fakeEndpoint(
  t: TestContext,
  answer: (request: FakeRequest, number: number) => FakeAnswer,
): Promise<{ url: string; requests: FakeRequest[]; busiest: () => number }> {
  const requests: FakeRequest[] = [];
  let open = 0;
  let busiest = 0;
  const server = createServer((incoming, outgoing) => {
    let text = '';
    busiest = Math.max(busiest, ++open);
    outgoing.on('close', () => open--);
    incoming.on('data', (chunk) => (text += String(chunk)));
    incoming.on('end', () => {
      const request = {
        path: incoming.url!,
        body: JSON.parse(text) as Record<string, unknown>,
        authorization: incoming.headers.authorization,
      };
      requests.push(request);
      const { status = 200, delay = 0, text: plain, json } = answer(request, requests.length - 1);
      setTimeout(() => {
        outgoing.writeHead(status, { 'content-type': 'application/json' });
        outgoing.end(plain ?? JSON.stringify(json));
      }, delay);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests, busiest: () => busiest };
}

/** A chat completion that says this. */
export function says(text: string): FakeAnswer {
  return { json: { choices: [{ message: { role: 'assistant', content: text }, finish_reason: 'stop' }] } };
}

/** The last message of a chat request. */
export function lastMessage({ body }: FakeRequest): string {
  return (body['messages'] as readonly { readonly content: string }[]).at(-1)!.content;
}

/** The question of a chat request, without what was said after it. */
export function askedQuestion({ body }: FakeRequest): string {
  const messages = body['messages'] as readonly { readonly role: string; readonly content: string }[];
  return messages.find(({ role }) => role === 'user')!.content;
}

/** An address on this machine where nobody listens any more. */
export async function nobodyThere(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/v1`;
}
