import type { EvaluationResult } from '../results/evaluation.ts';
import { escapeHtml } from './escape-html.ts';

interface Case {
  readonly suite: string;
  readonly name: string;
  /** What went wrong; null where nothing did. */
  readonly problem: { readonly kind: 'failure' | 'error'; readonly type: string; readonly message: string } | null;
}

/**
 * The evaluation as JUnit's XML, for build servers: every requirement is a test case, and so is every task of every model. A
 * requirement that failed is a failure; what could not be told (underpowered, invalid, not run, stopped) is an error.
 */
export function renderJunit(result: EvaluationResult): string {
  const cases = [...requirementCases(result), ...taskCases(result)];
  const suites = [...new Set(cases.map(({ suite }) => suite))].map((suite) => {
    const own = cases.filter((one) => one.suite === suite);
    return `  <testsuite name="${escapeHtml(suite)}" ${counts(own)}>\n${own.map(testCase).join('\n')}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="posttrain eval" ${counts(cases)}>\n${suites.join('\n')}\n</testsuites>\n`;
}

function requirementCases({ requirements }: EvaluationResult): Case[] {
  return requirements.map(({ requirement, outcome, why, model }) => ({
    suite: 'requirements',
    name: `${model}: ${requirement}`,
    problem:
      outcome === 'passed' ? null : { kind: outcome === 'failed' ? 'failure' : 'error', type: outcome, message: why },
  }));
}

function taskCases({ results, notRun }: EvaluationResult): Case[] {
  return [
    ...results.map(({ task, model, invalid, partial, n, planned }): Case => {
      const type = partial ? 'partial' : 'invalid';
      const message = partial ? `${n} of ${planned} documents were answered` : invalid;
      return {
        suite: 'tasks',
        name: `${model}: ${task}`,
        problem: message === null ? null : { kind: 'error', type, message },
      };
    }),
    ...notRun.map(
      ({ task, model, why }): Case => ({
        suite: 'tasks',
        name: `${model}: ${task}`,
        problem: { kind: 'error', type: 'not run', message: why },
      }),
    ),
  ];
}

function counts(cases: readonly Case[]): string {
  const of = (kind: 'failure' | 'error') => cases.filter(({ problem }) => problem?.kind === kind).length;
  return `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}"`;
}

function testCase({ suite, name, problem }: Case): string {
  const head = `    <testcase classname="${suite}" name="${xml(name)}"`;
  if (problem === null) return `${head}/>`;
  return `${head}><${problem.kind} type="${problem.type}" message="${xml(problem.message)}"/></testcase>`;
}

/** XML knows no control characters, not even escaped. */
function xml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are meant
  return escapeHtml(text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '�'));
}
