import { EngineProcess } from '../engine/host.ts';
import type { MergeRequest, MergeResult } from '../models/lora/merge-request.ts';

/**
 * Adds a LoRA adapter into the weights of its base and writes the sum as an ordinary model folder, in an engine of its
 * own. The folder appears only once its logits have been compared with those of base and adapter apart.
 *
 * @example
 * const { largestDifference } = await mergeAdapter('runs/a/checkpoints/step-200', { out: 'merged' });
 * @throws weights-invalid where logits differ by more than the tolerance; nothing is written then
 */
export async function mergeAdapter(adapter: string, options: Omit<MergeRequest, 'adapter'>): Promise<MergeResult> {
  await using engine = new EngineProcess();
  return await engine.request('merge', { adapter, ...options }).result;
}
