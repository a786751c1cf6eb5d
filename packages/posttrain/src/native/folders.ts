import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the package keeps what is not the user's own: addons (cache), libtorch (data), the record of setup (config). */
export interface Folders {
  readonly cache: string;
  readonly data: string;
  readonly config: string;
}

export interface FoldersOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  readonly home?: string;
}

/**
 * The folders for this user. `POSTTRAIN_HOME` holds all three; else XDG on Linux, Library on macOS, AppData on Windows.
 * As the XDG specification demands, a relative value of an XDG variable is ignored.
 */
export function findFolders(options: FoldersOptions = {}): Folders {
  const env = options.env ?? process.env;
  const platform = options.platform ?? process.platform;
  const home = options.home ?? (env['HOME'] || homedir());
  const root = env['POSTTRAIN_HOME'];
  if (root) return { cache: join(root, 'cache'), data: join(root, 'data'), config: join(root, 'config') };
  if (platform === 'darwin') {
    const library = join(home, 'Library');
    const support = join(library, 'Application Support', 'posttrain');
    return { cache: join(library, 'Caches', 'posttrain'), data: support, config: join(support, 'config') };
  }
  if (platform === 'win32') {
    const local = join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'posttrain');
    const roaming = join(env['APPDATA'] || join(home, 'AppData', 'Roaming'), 'posttrain');
    return { cache: join(local, 'cache'), data: join(local, 'data'), config: roaming };
  }
  const xdg = (name: string, fallback: string) => {
    const value = env[name];
    return join(value?.startsWith('/') ? value : join(home, fallback), 'posttrain');
  };
  return {
    cache: xdg('XDG_CACHE_HOME', '.cache'),
    data: xdg('XDG_DATA_HOME', join('.local', 'share')),
    config: xdg('XDG_CONFIG_HOME', '.config'),
  };
}
