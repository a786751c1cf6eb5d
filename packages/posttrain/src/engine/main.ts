/** The engine process: owns every tensor, serves one host, and never outlives it. */
import { PosttrainError, serializeError, toPosttrainError } from '../support/errors.ts';
import { OpenQuestions } from './open-questions.ts';
import type { FromEngine, ToEngine } from './protocol.ts';
import { StopControl } from './stopping.ts';
import { createVerbs } from './verbs.ts';

// A terminal sends Ctrl-C to both processes. What it means is the host's decision.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit(0));
if (!process.connected)
  throw new PosttrainError('usage', 'this file is the engine; it is started by the library, not by hand.');

const stops = new Map<number, StopControl>();
const verbs = createVerbs();
const questions = new OpenQuestions();

function send(message: FromEngine): void {
  if (process.connected) process.send!(message, undefined, {}, () => {});
}

process.on('message', async (message: ToEngine) => {
  const { id } = message;
  if (message.type === 'stop') return stops.get(id)?.requestStop();
  if (message.type === 'answer') return questions.answered(message.ask, message.answer);
  if (message.type === 'abort') return stops.get(id)?.requestAbort();
  const stopping = new StopControl();
  stops.set(id, stopping);
  try {
    const result = await verbs.run(message, {
      stopping,
      part: (part) => send({ type: 'part', id, part }),
      ask: (question) => questions.ask((ask) => send({ type: 'ask', id, ask, question })),
    });
    send({ type: 'result', id, result });
  } catch (thrown) {
    send({ type: 'error', id, error: serializeError(toPosttrainError(thrown, 'engine-failed')) });
  } finally {
    stops.delete(id);
  }
});
