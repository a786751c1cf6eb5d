// Before `npm pack`: the package carries the repository's README and licence.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const name of ['README.md', 'LICENSE']) copyFileSync(join(root, name), join(root, 'packages', 'posttrain', name));
