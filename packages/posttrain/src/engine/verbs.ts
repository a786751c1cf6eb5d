import type { ChatModel } from '../models/chat-model.ts';
import type { ConversationScorer } from '../models/conversation-scorer.ts';
import type { MergeRequest, MergeResult } from '../models/lora/merge-request.ts';
import { PosttrainError } from '../support/errors.ts';
import type { AskScore, GenerateRequest, LoadRequest, LoadResult, ToEngine, TrainRequest } from './protocol.ts';
import type { Stopping } from './stopping.ts';

export interface VerbContext {
  readonly stopping: Stopping;
  /** Sends something before the result. */
  part(part: unknown): void;
  /** Asks the host for the score of an answer. */
  readonly ask: AskScore;
}

type Request = Extract<ToEngine, { type: 'request' }>;

/** What an engine can do. It holds one model at most, and does one thing at a time. */
export function createVerbs(): { run(request: Request, context: VerbContext): Promise<unknown> } {
  let model: ChatModel | undefined;
  let scorer: ConversationScorer | undefined;
  let busy: Promise<unknown> = Promise.resolve();

  /** Makes room for a model on a ready engine. */
  async function prepare({ threads }: LoadRequest): Promise<void> {
    const [{ ensureEngine }, { settleThreads }] = await Promise.all([
      import('../native/setup.ts'),
      import('../train/settle.ts'),
    ]);
    await ensureEngine();
    settleThreads(threads);
    model?.[Symbol.dispose]();
    scorer?.[Symbol.dispose]();
    [model, scorer] = [undefined, undefined];
  }

  async function load(request: LoadRequest): Promise<LoadResult> {
    await prepare(request);
    const { ChatModel } = await import('../models/chat-model.ts');
    model = await ChatModel.load(request.model, { precision: request.precision, base: request.base });
    return { contextLength: model.contextLength, folder: model.folder, base: model.base };
  }

  async function loadReward(request: LoadRequest): Promise<LoadResult> {
    await prepare(request);
    const { ConversationScorer } = await import('../models/conversation-scorer.ts');
    scorer = await ConversationScorer.load(request.model, { precision: request.precision });
    return { contextLength: scorer.contextLength, folder: scorer.folder, base: scorer.folder };
  }

  function loadedScorer(): ConversationScorer {
    if (scorer) return scorer;
    throw new PosttrainError('usage', 'no reward model is loaded in this engine.');
  }

  function loaded(): ChatModel {
    if (model) return model;
    throw new PosttrainError('usage', 'no model is loaded in this engine.');
  }

  async function generate(
    { inputs, options, stream }: GenerateRequest,
    { stopping: { stop }, part }: VerbContext,
  ): Promise<unknown> {
    const onText = (_input: number, text: string, token: number) => part({ text, tokens: [token] });
    return loaded().generate(inputs, options, stream ? { signal: stop, onText } : { signal: stop });
  }

  async function train(request: TrainRequest, { stopping, part, ask }: VerbContext): Promise<unknown> {
    const { runSession } = await import('../train/session.ts');
    return runSession(request, part, stopping, ask);
  }

  async function merge(request: MergeRequest): Promise<MergeResult> {
    const [{ ensureEngine }, { mergeAdapterFolder }, { copyForgettingFiles }] = await Promise.all([
      import('../native/setup.ts'),
      import('../models/lora/merge-folder.ts'),
      import('../train/forgetting/files.ts'),
    ]);
    await ensureEngine();
    return mergeAdapterFolder(request, (temporary) => copyForgettingFiles(request.adapter, temporary, request.base));
  }

  function dispatch(message: Request, context: VerbContext): Promise<unknown> {
    switch (message.verb) {
      case 'load':
        return load(message.request);
      case 'generate':
        return generate(message.request, context);
      case 'merge':
        return merge(message.request);
      case 'likelihoods':
        return loaded().likelihoods(message.request, judging(context));
      case 'loadReward':
        return loadReward(message.request);
      case 'score':
        return loadedScorer().score(message.request, judging(context));
      case 'rolling':
        return loaded().rolling(message.request, judging(context));
      case 'train':
        return train(message.request, context);
    }
  }

  return {
    run(message, context) {
      const turn = busy.then(() => dispatch(message, context));
      busy = turn.catch(() => {});
      return turn;
    },
  };
}

function judging({ stopping: { stop }, part }: VerbContext) {
  return { signal: stop, onDone: (done: number) => part({ done }) };
}
