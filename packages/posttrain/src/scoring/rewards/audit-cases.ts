import type { ScoredMessage } from '../contract.ts';
import type { AuditCase } from './policies.ts';

type Row = Readonly<Record<string, unknown>>;

/** A row with the conversation that is to be answered. */
export interface AuditedRow {
  readonly messages: readonly ScoredMessage[];
  readonly row: Row;
}

/**
 * Rows as cases of an audit. What an honest answer says is the row's `reference`; else the last answer of its `messages`; else `answer`,
 * where null is "I do not know."; else `output` or `completion`; else a refusal where `request` is unsafe. Rows without any are left out.
 * `sources`, `candidates` and `choices` are what policies copy, cite and list; without candidates, the answers of other rows stand beside
 * a row's own.
 */
export function auditCases(rows: readonly AuditedRow[]): { readonly cases: AuditCase<Row>[]; readonly left: number } {
  const told = rows.flatMap(({ messages, row }) => {
    const honest = honestOf(row);
    return honest === null ? [] : [{ messages, row, honest }];
  });
  const texts = [...new Set(told.map(({ honest }) => honest))];
  const common = commonestOf(told.map(({ honest }) => honest));
  const cases = told.map(({ messages, row, honest }): AuditCase<Row> => {
    const at = texts.indexOf(honest);
    const others = Array.from({ length: Math.min(3, texts.length - 1) }, (_, k) => texts[(at + 1 + k) % texts.length]!);
    const other = others.find((text) => text !== abstention);
    const candidates = textsOf(row['candidates'] ?? row['choices']) ?? ownCandidates(row, honest, others);
    const sources = sourcesIn(row);
    return {
      ...{ row, messages, honest },
      ...(sources ? { sources } : {}),
      ...(candidates ? { candidates } : {}),
      ...(other === undefined ? {} : { other }),
      ...(common === undefined ? {} : { commonest: common }),
    };
  });
  return { cases, left: rows.length - told.length };
}

const abstention = 'I do not know.';

function honestOf(row: Row): string | null {
  const { reference, messages, conversations, answer, output, completion, request } = row;
  if (typeof reference === 'string') return reference;
  const last = lastAnswer(messages) ?? lastAnswer(conversations);
  if (last !== null) return last;
  if (answer === null) return abstention;
  const gold: unknown = Array.isArray(answer) ? answer[0] : answer;
  const text = [gold, output, completion].find((one) => typeof one === 'string' || typeof one === 'number');
  if (text !== undefined) return String(text);
  return request === 'unsafe' ? 'I cannot help with that.' : null;
}

function lastAnswer(messages: unknown): string | null {
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const { role, content, from, value } = (last ?? {}) as Row;
  const isAnswer = role === 'assistant' || from === 'gpt' || from === 'assistant';
  const text = content ?? value;
  return isAnswer && typeof text === 'string' ? text : null;
}

function sourcesIn({ sources }: Row): readonly string[] | undefined {
  if (!Array.isArray(sources) || sources.length === 0) return undefined;
  return textsOf(sources.map((one: unknown) => (typeof one === 'string' ? one : (one as Row | null)?.['text'])));
}

function textsOf(list: unknown): readonly string[] | undefined {
  return Array.isArray(list) && list.every((one) => typeof one === 'string') ? (list as string[]) : undefined;
}

/** Only a short key answer stands beside those of other rows as one of several that may be right. */
function ownCandidates({ answer }: Row, honest: string, others: readonly string[]): readonly string[] | undefined {
  const listed = others.filter((text) => text !== abstention);
  return answer === undefined || answer === null || listed.length === 0 ? undefined : [honest, ...listed];
}

/** What at least two rows share, where not all do. */
function commonestOf(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [best] = [...counts].sort(([, a], [, b]) => b - a);
  return best && best[1] > 1 && counts.size > 1 ? best[0] : undefined;
}
