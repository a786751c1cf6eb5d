import type { Task } from '../task.ts';

/**
 * The same task for a chat model: what was a plain text becomes one user turn, through the model's own chat template. It has a
 * name of its own, since its figures are others; the data's name is the same.
 */
export function asChat(task: Task): Task {
  return {
    ...task,
    name: `${task.name}/chat`,
    about: `${task.about} As a chat.`,
    request: (doc) => {
      const request = task.request(doc);
      if (request.kind !== 'generate' || typeof request.prompt !== 'string') return request;
      return { ...request, prompt: [{ role: 'user', content: request.prompt }] };
    },
  };
}
