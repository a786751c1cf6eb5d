export { parsePrinciples } from './parse-principles.ts';
export { drawPrinciples, type Principle, type Principles, readPrinciples } from './principles.ts';
