import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changeJson, refuses, type Scene } from '../../testing/provoke.ts';

const template = (source: string) => (at: Scene) => {
  const file = join(at.root, 'chat.jinja');
  writeFileSync(file, source);
  return { data: { train: at.rows, template: file } };
};

const failsForBoth = (why: string) => `template-invalid: 2 of 2 rows cannot be used:
  ROOT/rows.jsonl:1: the chat template fails: ${why}
  ROOT/rows.jsonl:2: the chat template fails: ${why}
  in ROOT/rows.jsonl:1
  help: the template comes from the model; correct the file, or give another chat template.`;

const outOfBounds = (
  why: string,
) => `template-invalid: ROOT/rows.jsonl:1: the chat template fails: it exceeds a limit: ${why}
  in ROOT/rows.jsonl:1
  help: the template comes from the model; correct the file, or give another chat template.`;

refuses(
  'a template that is not there',
  (at) => ({ data: { train: at.rows, template: join(at.root, 'none.jinja') } }),
  `file-missing: the chat template ROOT/none.jinja cannot be read: ENOENT: no such file or directory, open 'ROOT/none.jinja'
  in data.template`,
);

refuses(
  'a template that is not Jinja',
  template('{% for m in messages %}{{ m.content }'),
  /^template-invalid: the chat template fails: Parser Error: .*\n {2}in ROOT\/chat\.jinja\n {2}help: /,
);

refuses(
  'a template that raises',
  template("{{ raise_exception('one turn at most') }}"),
  failsForBoth('one turn at most'),
);

refuses(
  'a template that never ends: the first row stops it',
  template('{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}'),
  /^template-invalid: ROOT\/rows\.jsonl:1: the chat template fails: it exceeds a limit: more than \d+ (ms|operations)\n {2}in ROOT\/rows\.jsonl:1\n/,
);

refuses(
  'a template with a range too long',
  template('{% for a in range(1000000) %}x{% endfor %}'),
  outOfBounds('range() of 1000000 items'),
);

refuses(
  'a template that doubles a text',
  template(
    "{% set ns = namespace(x='ab') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
  ),
  outOfBounds('a value grew beyond 8000000 characters or items'),
);

// Raising what it got is a template's loudest way to show that it reached something.
for (const reach of [
  'messages.constructor',
  "messages[0]['constructor']",
  'messages[0].__proto__',
  "''.constructor",
  "range['constructor']",
])
  refuses(
    `a template that reaches for ${reach} gets nothing`,
    template(`{{ raise_exception('got ' ~ ${reach}) }}`),
    failsForBoth('got '),
  );

refuses(
  'a template that calls a constructor',
  template("{{ messages.constructor.constructor('return process')() }}"),
  failsForBoth('Cannot call something that is not a function: got UndefinedValue'),
);

refuses(
  'a template that leaves the assistant out',
  template("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}"),
  `data-empty: nothing is left of ROOT/rows.jsonl to train on: of 2 rows, 2 without a token to learn
  in ROOT/rows.jsonl
  help: the first is ROOT/rows.jsonl:1: no token of an assistant turn.`,
);

refuses(
  'conversations for a model without a template',
  (at) => changeJson(join(at.model, 'tokenizer_config.json'), { chat_template: undefined }),
  `template-invalid: 2 of 2 rows cannot be used:
  ROOT/rows.jsonl:1: the model has no chat template, and the data has conversations
  ROOT/rows.jsonl:2: the model has no chat template, and the data has conversations
  in ROOT/rows.jsonl:1
  help: put a chat_template.jinja beside tokenizer.json (an instruction-tuned model of the family has one),
        or write the rows as prompt and completion, or as text, which need none.`,
);
