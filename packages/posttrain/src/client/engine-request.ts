import type { EngineProcess } from '../engine/host.ts';
import type { Verbs } from '../engine/protocol.ts';

/**
 * Asks an engine for a result that can be called off.
 * @throws the signal's reason when it is aborted
 */
export async function askEngine<V extends Exclude<keyof Verbs, 'train'>>(
  engine: EngineProcess,
  verb: V,
  request: Verbs[V]['request'],
  signal: AbortSignal | undefined,
  onPart?: (part: Verbs[V]['part']) => void,
): Promise<Verbs[V]['result']> {
  signal?.throwIfAborted();
  const { result, stop } = engine.request(verb, request, onPart);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await result;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
