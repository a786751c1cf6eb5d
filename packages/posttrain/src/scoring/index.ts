export {
  type PocketAnswer,
  type PocketExpectation,
  type PocketParts,
  type PocketScore,
  scorePocketAnswer,
} from './pocket.ts';
export {
  type PocketMetric,
  type PocketTableRow,
  pocketMetrics,
  pocketTable,
  type Share,
  shareOf,
} from './pocket-table.ts';
export * from './statistics/index.ts';
