import type { Tensor } from '../../tensor/index.ts';

/** A batch of sequences that grow by a token at a time: by a family's own forward pass, or by fused kernels. */
export interface Decoder extends Disposable {
  /** Logits of what follows each row's last token, float32 [rows or more, V]; overwritten by the next step. */
  readonly logits: Tensor;
  /**
   * Runs `prompts` once each; row r then continues prompt `promptOf[r]`. Yields between pieces of work, so that whoever
   * iterates may give the event loop a turn.
   */
  begin(prompts: readonly (readonly number[])[], promptOf: readonly number[]): Iterable<void>;
  /** Appends one token to each row. */
  step(tokens: readonly number[]): void;
  /** Goes on with these rows alone; their numbers rise. */
  keepRows(rows: readonly number[]): void;
}
