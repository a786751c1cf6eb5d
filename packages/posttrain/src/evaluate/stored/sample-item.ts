import type { Outcome } from '../../scoring/index.ts';
import { digest } from '../digest.ts';
import { withInfinities } from '../infinite-json.ts';
import type { Prompt, TaskRequest, TaskResponse } from '../request.ts';
import type { ItemFlags, ScoredItem } from '../results/scored-item.ts';

/** An item as samples.jsonl kept it, and what tells it from others. */
export interface StoredItem {
  readonly item: ScoredItem;
  /** Of the document. */
  readonly docHash: string;
  /** Of everything that was asked. */
  readonly askedHash: string;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads back a row that `sampleRows` wrote. Which tokens an answer had is not kept there, nor what was cut; scores are.
 * @param metrics names of the task's metrics, whose values stand in the row under them
 */
export function readSample(row: Row, metrics: readonly string[]): StoredItem {
  const values = Object.fromEntries(metrics.map((name) => [name, withInfinities(row[name] ?? null)]));
  const text = (key: string) => (typeof row[key] === 'string' ? (row[key] as string) : null);
  const flags = (row['flags'] ?? []) as readonly string[];
  const request = requestOf(row['arguments'] as Readonly<Record<string, Readonly<Record<string, unknown>>>>);
  return {
    docHash: text('doc_hash')!,
    askedHash: digest(row['arguments']),
    item: {
      docId: row['doc_id'] as number,
      doc: row['doc'],
      request,
      response: responseOf(request, withInfinities(row['resps']) as readonly (readonly [unknown])[]),
      seed: row['seed'] as number,
      cluster: text('cluster')!,
      stratum: text('stratum'),
      values,
      outcome: text('status') as Outcome | null,
      target: text('target'),
      prediction: text('prediction'),
      citations: (row['citations'] ?? null) as readonly number[] | null,
      why: text('why'),
      flags: flagsOf(flags),
    },
  };
}

function flagsOf(names: readonly string[]): ItemFlags {
  const is = (name: keyof ItemFlags) => names.includes(name);
  return {
    truncated: is('truncated'),
    lengthHit: is('lengthHit'),
    empty: is('empty'),
    tied: is('tied'),
    allEqual: is('allEqual'),
    impossible: is('impossible'),
  };
}

function requestOf(argumentsOf: Readonly<Record<string, Readonly<Record<string, unknown>>>>): TaskRequest {
  const lists = Object.values(argumentsOf).map((one) => [one['arg_0'], one['arg_1']] as const);
  const [first, second] = lists[0]!;
  if (second === undefined) return { kind: 'rolling', text: first as string };
  if (typeof second === 'object') {
    const { max_gen_toks: maxTokens, until } = second as { max_gen_toks: number; until: string[] };
    return { kind: 'generate', prompt: first as Prompt, maxTokens, stop: until };
  }
  const own = lists.filter(([context]) => context === first).map(([, continuation]) => continuation as string);
  const unconditional = own.length < lists.length ? { unconditional: true } : {};
  return { kind: 'loglikelihood', context: first as string, continuations: own, ...unconditional };
}

function responseOf(request: TaskRequest, responses: readonly (readonly [unknown])[]): TaskResponse {
  const { kind } = request;
  switch (kind) {
    case 'generate': {
      const texts = responses.map(([text]) => text as string);
      const answers = texts.map((text) => ({ text, tokens: [], finish: 'stop' as const, cut: 0 }));
      return { kind, answers, text: texts[0] ?? '' };
    }
    case 'rolling':
      return { kind, logp: responses[0]![0] as number, tokens: 0, windows: 0 };
    case 'loglikelihood': {
      const all = responses.map(([response]) => {
        const [logp, greedy] = response as readonly [number, boolean];
        return { logp, greedy, tokens: 0, cut: 0 };
      });
      const count = request.continuations.length;
      return {
        kind,
        choices: all.slice(0, count),
        ...(request.unconditional ? { unconditional: all.slice(count) } : {}),
      };
    }
  }
}
