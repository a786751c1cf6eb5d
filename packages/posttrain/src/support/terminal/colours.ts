export type Paint = (text: string) => string;

/** The few styles the command line uses. Without colour each returns its text as it is. */
export interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** FORCE_COLOR decides first (0 and false mean no), then NO_COLOR, then whether a terminal reads the stream. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: Environment = process.env): boolean {
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return !/^(0|false)$/i.test(env.FORCE_COLOR);
  if (env.NO_COLOR) return false;
  return stream.isTTY === true && env.TERM !== 'dumb';
}

export function palette(colour: boolean): Palette {
  const paint = (open: number, close: number): Paint => {
    if (!colour) return (text) => text;
    return (text) => (text === '' ? '' : `\x1b[${open}m${text}\x1b[${close}m`);
  };
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}
