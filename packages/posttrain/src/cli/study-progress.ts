import type { StudyEvaluateEvent, StudyEvent, StudyRunEvent, StudyStepEvent } from '../study/index.ts';
import { formatCount, formatDuration, formatNumber } from '../support/terminal/format.ts';
import type { Output } from './output.ts';
import { shownPath } from './shown-path.ts';

/** One event of a study on standard error: a line that stays for what is decided, the live line for the rest. */
export function showStudyEvent(event: StudyEvent, output: Output): void {
  const { dim } = output.noteColours;
  switch (event.type) {
    case 'plan':
      output.note(dim(`study folder ${shownPath(event.dir)}, ${event.runs} training runs`));
      for (const remark of event.remarks) output.note(dim(remark));
      break;
    case 'run':
      showRun(event, output);
      break;
    case 'step':
      output.progress(() => stepLine(event));
      break;
    case 'training':
      if (event.event.type === 'warning') output.warn(`${event.run.id}: ${event.event.message}`);
      else if (event.event.type === 'resume') output.note(`${event.run.id} goes on from step ${event.event.fromStep}`);
      break;
    case 'choice':
      for (const { point, figure, why } of event.figures)
        output.note(dim(`${event.arm} ${point}: ${why ?? `${event.task} ${event.metric} ${formatNumber(figure)}`}`));
      output.note(`${event.arm}: ${event.point} is chosen`);
      break;
    case 'read':
      if (event.event !== 'complete') output.note(`reading ${event.tasks.join(', ')}: ${event.models} models`);
      break;
    case 'evaluate':
      showEvaluation(event, output);
      break;
    case 'finish':
      break;
  }
}

function showRun({ run, status, message, done, of }: StudyRunEvent, output: Output): void {
  const { dim } = output.noteColours;
  if (status === 'begin') output.note(`run ${done + 1}/${of}: ${run.id}`);
  else if (status === 'kept') output.note(dim(`run ${done}/${of}: ${run.id} is over already`));
  else if (status === 'diverged') output.warn(`${run.id} diverged: ${message}`);
}

function stepLine({ run, step, done, of, etaSeconds }: StudyStepEvent): string {
  const facts = [
    `run ${done + 1}/${of} ${run.id}`,
    `step ${formatCount(step.step)}/${formatCount(step.steps)}`,
    `loss ${formatNumber(step.loss)}`,
    etaSeconds === null ? '' : `${formatDuration(etaSeconds)} of training left`,
  ];
  return facts.filter((fact) => fact !== '').join(' · ');
}

function showEvaluation({ phase, model, done, of, event }: StudyEvaluateEvent, output: Output): void {
  if (event.type === 'not-run') output.note(`${event.task} is not run with ${model}: ${event.why}`);
  if (event.type !== 'progress') return;
  const { task, partial, etaSeconds } = event;
  const facts = [
    `${phase === 'choose' ? 'choosing' : 'comparing'} ${done + 1}/${of} ${model}`,
    `${task} ${formatCount(event.done)}/${formatCount(event.total)}`,
    partial.value === null ? '' : `${partial.metric} ${partial.value.toFixed(3)}`,
    etaSeconds === null || event.done === event.total ? '' : `${formatDuration(etaSeconds)} left of this model`,
  ];
  output.progress(() => facts.filter((fact) => fact !== '').join(' · '));
}
