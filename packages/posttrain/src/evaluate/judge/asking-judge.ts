import type { Message } from '../../data/types.ts';
import { digest } from '../digest.ts';
import { failureOf } from '../endpoint/endpoint-client.ts';
import type {
  CompareCall,
  Judge,
  JudgeCall,
  Judged,
  JudgeFailure,
  PairPreference,
  PairVerdict,
  RubricItem,
} from './judge.ts';
import {
  pairQuestion,
  type Question,
  questionVersion,
  readVerdict,
  rubricQuestion,
  supportQuestion,
} from './questions.ts';

/** Who answers a judge's questions. */
export interface JudgeVoice {
  readonly id: string;
  /** Everything that decides its answers. */
  readonly fingerprint: object;
  readonly weights: string;
  /** @throws PosttrainError `endpoint-failed` where there is no answer; the signal's reason */
  say(messages: readonly Message[], signal: AbortSignal): Promise<string>;
}

export interface AskingOptions {
  /** Times a question is asked before its answer counts as unparseable, or its judge as unreachable; 3 without. */
  readonly attempts?: number;
  /** Milliseconds before a judge that could not be reached is asked again, doubled each time; 500 without. */
  readonly pause?: number;
  /** So many failures to reach it in a row, and it is not asked any more; 8 without. */
  readonly patience?: number;
}

/**
 * Asks a voice the fixed questions at temperature 0. An answer that is no verdict is asked for again, with a reminder of the form;
 * what then is still none stays without a score.
 */
export class AskingJudge implements Judge {
  readonly id: string;
  readonly fingerprint: string;
  readonly weights: string;
  readonly #voice: JudgeVoice;
  readonly #options: Required<AskingOptions>;
  #failuresInARow = 0;

  constructor(voice: JudgeVoice, options: AskingOptions = {}) {
    this.id = voice.id;
    this.weights = voice.weights;
    this.fingerprint = digest({ voice: voice.fingerprint, questions: questionVersion });
    this.#voice = voice;
    this.#options = { attempts: 3, pause: 500, patience: 8, ...options };
  }

  entails(premise: string, claim: string, { signal }: JudgeCall): Promise<Judged<boolean>> {
    return this.#ask(supportQuestion(premise, claim), signal);
  }

  grade(
    rubric: readonly RubricItem[],
    conversation: readonly Message[],
    { signal }: JudgeCall,
  ): Promise<Judged<readonly boolean[]>> {
    return this.#ask(rubricQuestion(rubric, conversation), signal);
  }

  async compare(prompt: string, a: string, b: string, { signal, standard }: CompareCall): Promise<Judged<PairVerdict>> {
    const [one, other] = await Promise.all([
      this.#ask(pairQuestion(prompt, a, b, standard), signal),
      this.#ask(pairQuestion(prompt, b, a, standard), signal),
    ]);
    if (one.status !== 'judged') return one;
    if (other.status !== 'judged') return other;
    const aFirst: PairPreference = one.value === 'tie' ? 'tie' : one.value === 'first' ? 'a' : 'b';
    const bFirst: PairPreference = other.value === 'tie' ? 'tie' : other.value === 'first' ? 'b' : 'a';
    return { status: 'judged', value: { aFirst, bFirst, preference: aFirst === bFirst ? aFirst : 'tie' } };
  }

  async #ask<Value>(question: Question<Value>, signal: AbortSignal): Promise<Judged<Value>> {
    const { attempts, pause, patience } = this.#options;
    let messages = question.messages;
    let failure: { readonly status: JudgeFailure; readonly why: string } | undefined;
    for (let attempt = 0; attempt < attempts; attempt++) {
      signal.throwIfAborted();
      if (this.#failuresInARow >= patience)
        return (
          failure ?? { status: 'unreachable', why: `no answer ${patience} times in a row; it was not asked any more` }
        );
      try {
        const text = await this.#voice.say(messages, signal);
        this.#failuresInARow = 0;
        const verdict = readVerdict(text);
        const value = verdict && question.read(verdict);
        if (value !== undefined) return { status: 'judged', value };
        failure = { status: 'unparseable', why: `no verdict in ${JSON.stringify(text.slice(0, 120))}` };
        messages = remind(question, text);
      } catch (error) {
        signal.throwIfAborted();
        const kind = failureOf(error);
        if (kind === undefined) throw error;
        this.#failuresInARow++;
        failure = { status: kind === 'timeout' ? 'timeout' : 'unreachable', why: (error as Error).message };
        if (attempt + 1 < attempts) await wait(pause * 2 ** attempt, signal);
      }
    }
    return failure!;
  }
}

function remind<Value>({ messages, form }: Question<Value>, said: string): readonly Message[] {
  return [
    ...messages,
    { role: 'assistant', content: said },
    { role: 'user', content: `That is not the form. Answer with nothing but ${form}` },
  ];
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', stop, { once: true });
    function done() {
      signal.removeEventListener('abort', stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}
