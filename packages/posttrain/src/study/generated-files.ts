import { studyJsonSchema } from './schema.ts';

/** Every file made from the study schema, with its path in the repository. A test fails when one is stale. */
export function generatedFiles(): { readonly path: string; readonly text: string }[] {
  return [{ path: 'packages/posttrain/study.schema.json', text: `${JSON.stringify(studyJsonSchema(), null, 2)}\n` }];
}
