/** How one of LegalBench's tasks is asked. */
export interface LegalTask {
  readonly about: string;
  readonly labels: readonly string[];
  /** Where the prompt comes from; without it, the data's own `base_prompt.txt`. */
  readonly form?: {
    readonly description: string;
    readonly asked: (text: string) => string;
    readonly shots: number;
  };
  /** The column of the text. */
  readonly column?: string;
  /** Whether a column `slice` names parts of the test set. */
  readonly slices?: boolean;
}

const yesNo = ['Yes', 'No'];
/** LegalBench's tasks of which the test set is published with the repository (Guha et al. 2023, arXiv:2308.11462). */
export const legalTasks: Readonly<Record<string, LegalTask>> = {
  abercrombie: {
    about: 'How distinctive a trade mark is, in five grades.',
    labels: ['generic', 'descriptive', 'suggestive', 'arbitrary', 'fanciful'],
    // lm-evaluation-harness 0.4.13 `legalbench_abercrombie`
    form: {
      description:
        'A mark is generic if it is the common name for the product. A mark is descriptive if it describes a purpose, nature, or attribute of the product. A mark is suggestive if it suggests or implies a quality or characteristic of the product. A mark is arbitrary if it is a real English word that has no relation to the product. A mark is fanciful if it is an invented word. Label the type of mark for the following products.\n\n',
      asked: (text) => `Description: ${text}\nType:`,
      shots: 5,
    },
  },
  first_amendment: {
    about: 'Whether the First Amendment protects what somebody does.',
    labels: yesNo,
    column: 'scenario',
    form: {
      description: 'Is the conduct protected by the First Amendment? Answer Yes or No.\n\n',
      asked: (text) => `Scenario: ${text}\nAnswer:`,
      shots: 6,
    },
  },
  hearsay: { about: 'Whether evidence is hearsay.', labels: yesNo, slices: true },
  overruling: { about: 'Whether a sentence overrules an earlier case.', labels: yesNo },
  proa: {
    about: 'Whether a statute gives a private right of action.',
    labels: yesNo,
    // lm-evaluation-harness 0.4.13 `legalbench_proa`
    form: {
      description:
        'A private right of action is when a regular person, a private citizen, is legally entitled to enforce their rights under a given statute. Does the clause specify a private right of action? Answer Yes or No.\n\n',
      asked: (text) => `Statute: ${text}\nAnswer:`,
      shots: 5,
    },
  },
  unfair_tos: {
    about: 'What kind of clause a sentence of terms of service is.',
    labels: [
      'Arbitration',
      'Unilateral change',
      'Content removal',
      'Jurisdiction',
      'Choice of law',
      'Limitation of liability',
      'Unilateral termination',
      'Contract by using',
      'Other',
    ],
  },
};
