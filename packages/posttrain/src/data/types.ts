/** The shapes that data passes through: a row of a file → an Example → a TokenRow → a Pack of rows. */

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

export interface ToolCall {
  readonly id?: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: unknown };
}

export interface Message {
  readonly role: Role;
  readonly content: string;
  /** What the assistant thought before it answered; also read from `reasoning_content`, `thinking` and inline tags. */
  readonly reasoning?: string;
  readonly name?: string;
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
  /** 0 leaves an assistant turn out of the loss; 1, or absent, trains on it. */
  readonly weight?: number;
}

/** Messages with the tools that were offered in them. */
export interface Conversation {
  readonly messages: readonly Message[];
  readonly tools?: readonly unknown[];
}

/** Where a row stands, for every message that speaks of it. Lines count from 1. */
export interface RowOrigin {
  readonly file: string;
  readonly line: number;
}

/** One row of any supported format, normalised. */
export type Example =
  | {
      readonly kind: 'conversation';
      readonly messages: readonly Message[];
      readonly tools?: readonly unknown[];
      readonly origin: RowOrigin;
    }
  /** A prompt and its continuation as plain text, joined without a chat template. */
  | { readonly kind: 'completion'; readonly prompt: string; readonly completion: string; readonly origin: RowOrigin }
  | { readonly kind: 'text'; readonly text: string; readonly origin: RowOrigin }
  /** Text in pieces, each with its own loss weight (0 = context only). Special tokens may be written out. */
  | {
      readonly kind: 'segments';
      readonly segments: readonly { readonly text: string; readonly weight: number }[];
      readonly origin: RowOrigin;
    }
  /** Token ids made elsewhere, with the targets among them; several documents where it was packed there. */
  | {
      readonly kind: 'tokens';
      readonly tokens: readonly number[];
      /** Whether each token is to be learned; all where left out. */
      readonly learned?: readonly boolean[];
      /** Lengths of the documents in it; one where left out. */
      readonly documents?: readonly number[];
      readonly origin: RowOrigin;
    };

/**
 * A row as the model sees it. `weights[i]` is the loss weight of predicting `tokens[i]` from those before it,
 * so `weights[0]` is always 0: nothing comes before the first token.
 */
export interface TokenRow {
  readonly tokens: Int32Array; //    [T]
  readonly weights: Float32Array; // [T]
  readonly origin: RowOrigin;
  /** Lengths of the documents in a row that was packed before it came here. Attention and the loss start anew at each. */
  readonly documents?: readonly number[];
  /** What people said of an answer that ends the row; its tokens are those with weight. */
  readonly judged?: Judged;
  /** How the model itself wrote the answer that ends the row; its tokens are those with weight. */
  readonly rollout?: Rollout;
}

/** What is known of an answer that a model drew. Lists have one value for each of its tokens, log-probabilities in nats. */
export interface Rollout {
  /** How much better it was, token by token, than what it is compared with. */
  readonly advantages: Float32Array;
  /** Log-probabilities that its tokens were drawn with. */
  readonly sampled: Float32Array;
  /** Those of the training forward pass before anything was learnt from the answer; null: the model is still that one. */
  readonly old: Float32Array | null;
  /** Those of the model before the run; null where it is not compared with. */
  readonly reference: Float32Array | null;
  /** What a critic is to learn of it; null where there is none. */
  readonly valued: ValuedTokens | null;
}

/** What a critic expected before each token of an answer, and what came, in the unit of rewards. */
export interface ValuedTokens {
  readonly values: Float32Array;
  readonly returns: Float32Array;
}

/** What people said of an answer. */
export type Judgement =
  /** The better answer of a pair; the other one is the row after it. `margin`: by how much it should lead. */
  | { readonly kind: 'chosen'; readonly margin: number }
  | { readonly kind: 'rejected' }
  /** An answer by itself. */
  | { readonly kind: 'alone'; readonly desirable: boolean };

/** A judgement as objectives read it. `mismatched`: the answer's prompt with the answer to another one, for KTO's baseline. */
export type Judged = Judgement & { readonly mismatched?: TokenRow };

/** Rows that share one forward pass: packed into one sequence, or a pair. Attention and positions start anew at each row. */
export type Pack = readonly TokenRow[];

/** Where training batches come from: a pure function of the step, so that resuming needs nothing but a number. */
export interface StepSource {
  /** Optimizer steps in one pass over the data (of the first pass, where packing makes passes differ). */
  readonly stepsPerEpoch: number;
  /** The packs of optimizer step `step`, counted from 0: `batch` of them. */
  packs(step: number): readonly Pack[];
}
