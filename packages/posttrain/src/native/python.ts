import { fileURLToPath } from 'node:url';
import { PosttrainError } from '../support/errors.ts';
import { lastLines, run, runBriefly } from './subprocess.ts';

/** The folder of this package with the C++ sources and the Python scripts. */
export const nativeSources = fileURLToPath(new URL('../../native/', import.meta.url));

export interface Python {
  /** The name to run it by. */
  readonly program: string;
  /** Such as `3.11.7`. */
  readonly version: string;
  readonly executable: string;
}

const names = process.platform === 'win32' ? ['python', 'py'] : ['python3', 'python'];

/** The first Python 3 on the PATH, or null. */
export async function findPython(env: NodeJS.ProcessEnv = process.env): Promise<Python | null> {
  for (const program of names) {
    const python = await askPython(program, env);
    if (python) return python;
  }
  return null;
}

/** What `program` says of itself; null when it is missing, broken, or a Python 2. */
export async function askPython(program: string, env: NodeJS.ProcessEnv = process.env): Promise<Python | null> {
  const script = 'import sys; print("%d.%d.%d" % sys.version_info[:3]); print(sys.executable)';
  const { code, stdout } = await run(program, ['-c', script], { env, cwd: nativeSources });
  const [version = '', executable = ''] = stdout.trim().split('\n');
  return code === 0 && /^3\.\d+\.\d+$/.test(version) ? { program, version, executable } : null;
}

/** @throws PosttrainError `python-missing`. */
export async function requirePython(env: NodeJS.ProcessEnv = process.env): Promise<Python> {
  const python = await findPython(env);
  if (python) return python;
  throw new PosttrainError('python-missing', `No Python 3 was found (tried ${names.join(', ')} on the PATH).`, {
    help: [
      'libtorch is fetched with python3 and pip, once.',
      'Debian, Ubuntu: sudo apt install python3 python3-pip',
      'Fedora: sudo dnf install python3 python3-pip',
      'macOS: xcode-select --install',
      'Or name a PyTorch that you have: posttrain setup --torch PATH',
    ].join('\n'),
  });
}

/** The version of this Python's pip, or null with pip's (or Python's) own words. */
export async function askPip(
  python: Python,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ version: string | null; words: string }> {
  // `-m` puts the current folder first on the module path; ours holds no pip.
  const { code, stdout, stderr } = await run(python.program, ['-m', 'pip', '--version'], { env, cwd: nativeSources });
  const version = /^pip (\S+)/.exec(stdout)?.[1];
  return { version: code === 0 && version ? version : null, words: lastLines(stderr || stdout, 2) };
}

/** @throws PosttrainError `pip-missing`. */
export async function requirePip(python: Python, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { version, words } = await askPip(python, env);
  if (version) return version;
  throw new PosttrainError('pip-missing', `Python ${python.version} (${python.executable}) has no pip: ${words}`, {
    help: [
      'libtorch is fetched with pip, once.',
      'Debian, Ubuntu: sudo apt install python3-pip',
      `Elsewhere: ${python.program} -m ensurepip --user`,
      'Or without pip: posttrain setup --wheel FILE, or posttrain setup --torch PATH',
    ].join('\n'),
  });
}

/**
 * The folder of the torch package that `program` would import, or null. It is looked up, not imported, and never found
 * in the current folder, where anything could lie.
 */
export function findPythonTorch(program: string, env: NodeJS.ProcessEnv = process.env): string | null {
  const script = [
    'import sys, os',
    'here = os.path.realpath(os.getcwd())',
    'sys.path[:] = [p for p in sys.path if p and os.path.realpath(p) != here]',
    'import importlib.util',
    'spec = importlib.util.find_spec("torch")',
    'print(os.path.dirname(spec.origin) if spec and spec.origin else "")',
  ].join('\n');
  const { code, stdout } = runBriefly(program, ['-c', script], { env });
  return code === 0 && stdout.trim() ? stdout.trim() : null;
}
