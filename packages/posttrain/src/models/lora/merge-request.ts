export interface MergeRequest {
  /** A folder in PEFT's form. */
  readonly adapter: string;
  /** The folder to make: it must not exist, or be empty. */
  readonly out: string;
  /** The base, in place of the one that the adapter names. */
  readonly base?: string | undefined;
  /** The largest difference that is accepted; by default what rounding to the base's element type explains. */
  readonly tolerance?: number | undefined;
}

export interface MergeResult {
  readonly out: string;
  readonly base: string;
  /** The element type that the base stores, and the merged model too. */
  readonly dtype: string;
  /** max |merged − unmerged| over all logits of the check, in units of the largest unmerged logit. */
  readonly largestDifference: number;
  readonly tolerance: number;
  /** The same for unmerged − base: what the adapter does at all. */
  readonly effect: number;
}
