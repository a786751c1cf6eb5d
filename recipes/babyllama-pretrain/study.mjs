// Does continued pretraining by this package end where PyTorch's does? README.md says what is done.
//   npm run -s study -- babyllama-pretrain --json          needs ../shared/data/pratham_books_en beside the repository
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareRows, Renderer, Tokenizer } from 'posttrain/data';
import { learn, modelFolder, reference, settings } from '../babyllama.mjs';

export const description =
  'babyllama-361 goes on learning children’s books: held-out loss of three seeds beside PyTorch’s';
export { settings };

const books = fileURLToPath(new URL('../../../shared/data/pratham_books_en/', import.meta.url));

export async function run(options) {
  if (!existsSync(books)) throw new Error(`${books} is not here: the books are not part of this repository.`);
  const peer = reference('pretrain');
  refuseOtherBooks(peer);
  const trainRows = await piecesOf(peer.trainFiles, peer.spec.maxTokens);
  const heldOutRows = await piecesOf(peer.heldOutFiles, peer.spec.maxTokens);
  if (trainRows.length !== peer.trainPieces || heldOutRows.length !== peer.heldOutPieces)
    throw new Error(
      `${trainRows.length} and ${heldOutRows.length} pieces; PyTorch had ${peer.trainPieces} and ${peer.heldOutPieces}.`,
    );
  const study = { name: 'pretrain', trainRows, heldOutRows, mustFall: 0, recipe: { method: 'pretrain' } };
  return learn(study, options);
}

function refuseOtherBooks({ trainFiles, heldOutFiles, sha256OfAllFiles }) {
  const hash = createHash('sha256');
  for (const name of [...trainFiles, ...heldOutFiles]) hash.update(readFileSync(join(books, name)));
  if (hash.digest('hex') !== sha256OfAllFiles) throw new Error(`the files in ${books} are not those PyTorch learned.`);
}

/** The pieces that `overlong: split` makes of the files, as rows of ids: only so can they stand in PyTorch's order. */
async function piecesOf(files, maxTokens) {
  const { sources } = await prepareRows({
    sources: files.map((name) => ({ path: join(books, name) })),
    renderer: new Renderer(await Tokenizer.load(modelFolder), { train: 'all' }),
    maxTokens,
    overlong: 'split',
  });
  return sources.flatMap(({ rows }) => rows.map(({ tokens }) => ({ input_ids: [...tokens] })));
}
