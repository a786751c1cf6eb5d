import { PosttrainError } from '../support/errors.ts';
import { run } from './subprocess.ts';

export interface Compiler {
  readonly program: string;
  /** Arguments that belong to `$CXX`, such as `g++` in `ccache g++`. */
  readonly leading: readonly string[];
  /** The first line of `--version`. */
  readonly version: string;
}

/** The compiler that `$CXX` names, else the first of c++, g++, clang++ that works; null if there is none. */
export async function findCompiler(env: NodeJS.ProcessEnv = process.env): Promise<Compiler | null> {
  for (const command of tried(env)) {
    const [program = '', ...leading] = command.split(/\s+/);
    // On a Mac without the Command Line Tools, c++ exists and fails.
    const { code, stdout } = await run(program, [...leading, '--version'], { env });
    if (code === 0) return { program, leading, version: stdout.split('\n', 1)[0]!.trim() };
  }
  return null;
}

function tried(env: NodeJS.ProcessEnv): string[] {
  const named = env['CXX']?.trim();
  return named ? [named] : ['c++', 'g++', 'clang++'];
}

/** @throws PosttrainError `compiler-missing` */
export async function requireCompiler(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<Compiler> {
  const compiler = platform === 'win32' ? null : await findCompiler(env);
  if (compiler) return compiler;
  if (platform === 'win32') {
    throw new PosttrainError(
      'compiler-missing',
      'On Windows the native addon is not compiled; there is no prebuilt one yet.',
      {
        help: 'Use the Windows Subsystem for Linux, or name an addon that you built: POSTTRAIN_ADDON=C:\\…\\posttrain.node',
      },
    );
  }
  const place = env['CXX'] ? `$CXX is ${env['CXX']}, which does not run` : `tried ${tried(env).join(', ')} on the PATH`;
  const install =
    platform === 'darwin'
      ? 'xcode-select --install'
      : 'Debian, Ubuntu: sudo apt install g++\nFedora: sudo dnf install gcc-c++\nAlpine is not supported by PyTorch wheels.';
  throw new PosttrainError('compiler-missing', `No C++ compiler was found (${place}).`, {
    help: `The native addon is compiled once, in under a minute.\n${install}`,
  });
}
