import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PosttrainError } from '../support/errors.ts';
import { ChatTemplate, type ChatTemplateOptions } from './chat-template.ts';
import { chat, golden } from './fixtures.test.support.ts';
import type { Message } from './types.ts';

interface Case {
  source: string;
  text?: string;
  spans?: [number, number][];
  error?: string;
}

const { input, cases } = golden<{ input: { messages: Message[]; tools: unknown[] }; cases: Case[] }>('templates.json');

test('templates render as Python renders them: text, spans, and what is refused', async (t) => {
  for (const { source, text, spans, error } of cases) {
    await t.test(source.slice(0, 60), () => {
      const render = () => new ChatTemplate({ source, file: 't' }).render(input);
      if (error !== undefined) {
        assert.throws(render, /the chat template fails/);
        return;
      }
      const rendered = render();
      assert.equal(rendered.text, text);
      const codePoints = (index: number) => [...rendered.text.slice(0, index)].length;
      assert.deepEqual(
        rendered.spans.map(([start, end]) => [codePoints(start), codePoints(end)]),
        spans,
      );
    });
  }
});

function render(source: string, options: ChatTemplateOptions = {}): string {
  return new ChatTemplate({ source, file: 'x.jinja' }, options).render({ messages: chat('q', 'a') }).text;
}

function failure(source: string, options?: ChatTemplateOptions): string {
  try {
    render(source, options);
  } catch (error) {
    return `${(error as PosttrainError).code}: ${(error as PosttrainError).format()}`;
  }
  return assert.fail('nothing was thrown');
}

test('errors give the file and what Jinja says', () => {
  assert.equal(
    failure('{% if %}'),
    'template-invalid: the chat template fails: Unexpected token: CloseStatement\n  in x.jinja\n' +
      '  help: the template comes from the model; correct the file, or give another chat template.'.replace(
        'Unknown',
        'Unknown',
      ),
  );
  assert.match(
    failure("{{ raise_exception('no system role') }}"),
    /the chat template fails: no system role\n {2}in x\.jinja/,
  );
  assert.match(
    failure('{{ nothing() }}'),
    /template-invalid: the chat template fails: Cannot call something that is not a function/,
  );
  assert.match(failure('{{ [1] | nonsense }}'), /Unknown ArrayValue filter: nonsense/);
});

test('a template reaches nothing of JavaScript', () => {
  const attempts = [
    "{{ ''.constructor }}",
    '{{ messages.constructor }}',
    '{{ messages[0].constructor }}',
    '{{ messages.__proto__ }}',
    '{{ messages[0].__proto__.polluted }}',
    "{{ messages[0]['__proto__'] }}",
    "{{ messages['constructor'] }}",
    '{{ range.constructor }}',
    '{{ namespace.constructor }}',
    '{{ raise_exception.call }}',
    '{{ process }}',
    '{{ globalThis }}',
    '{{ require }}',
    '{{ messages.map }}',
    '{{ self }}',
    '{{ this }}',
  ];
  for (const attempt of attempts) assert.equal(render(attempt), '', attempt);
  assert.match(
    failure("{{ ''.constructor.constructor('return process')() }}"),
    /Cannot call something that is not a function/,
  );
  assert.match(failure('{% set messages.__proto__ = 1 %}'), /cannot assign attribute/);
  render('{% set n = namespace() %}{% set n.__proto__ = messages %}{{ n.length }}');
  assert.equal((Object.prototype as Record<string, unknown>)['role'], undefined);
});

test('limits hold: loops, nested ranges, recursion, growth, length and time', () => {
  const nested = '{% for i in range(100000) %}{% for j in range(1000) %}x{% endfor %}{% endfor %}';
  assert.match(failure(nested, { limits: { operations: 20_000 } }), /exceeds a limit: more than 20000 operations/);
  assert.match(failure(nested, { limits: { time: 50 } }), /exceeds a limit: more than 50 ms/);
  assert.match(
    failure('{% for i in range(10000000000) %}{% endfor %}'),
    /exceeds a limit: range\(\) of 10000000000 items/,
  );
  assert.match(failure('{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'), /template-invalid/);
  const doubling = `{% set n = namespace(x='aaaaaaaaaa') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}`;
  assert.match(failure(doubling), /exceeds a limit: a value grew beyond 8000000/);
  assert.match(
    failure(doubling.replace("'aaaaaaaaaa'", '[1]').replace('n.x ~ n.x', 'n.x + n.x')),
    /exceeds a limit: a value grew beyond/,
  );
  assert.match(failure("{{ 'x\ny' | indent(900000000) }}"), /template-invalid/);
  assert.match(failure('x'.repeat(256_001)), /256001 characters long, and the limit is 256000/);
  assert.match(failure(`a${' '.repeat(4000)}b`), /a run of 4000 spaces/);
});

test('the date is the one given', () => {
  const now = new Date(2025, 0, 5, 9, 7, 3);
  assert.equal(
    render("{{ strftime_now('%d %b %Y %B %H:%M:%S %m %%') }}", { now }),
    '05 Jan 2025 January 09:07:03 01 %',
  );
});

test('variables, tools and the generation prompt reach the template', () => {
  const template = new ChatTemplate(
    { source: '{{ bos_token }}{{ tools is none }}{{ add_generation_prompt }}{{ flag }}', file: 'x' },
    { variables: { bos_token: '<s>', flag: false } },
  );
  assert.equal(template.render({ messages: [], addGenerationPrompt: true }).text, '<s>TrueTrueFalse');
});
