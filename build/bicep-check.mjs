// Checks the syntax of .bicep and .bicepparam files: node build/bicep-check.mjs FILE...
// Prints file:line:column for each place that does not parse, and ends with 1 when there is any. It knows the grammar and nothing of
// Azure: names, types and API versions are checked by 'az bicep build' and 'az deployment group what-if' alone.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Language, Parser } from 'web-tree-sitter';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Usage: node build/bicep-check.mjs FILE...');
  process.exit(2);
}

await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(createRequire(import.meta.url).resolve('tree-sitter-bicep/tree-sitter-bicep.wasm')));

let errors = 0;
for (const file of files) {
  let text = await readFile(file, 'utf8');
  if (file.endsWith('.bicepparam')) // the grammar does not know 'param NAME = VALUE', which reads as 'var NAME = VALUE' does
    text = text.replaceAll(/^param(?= \w+ =)/gm, 'var  ');
  const tree = parser.parse(text);
  report(file, tree.rootNode);
  tree.delete();
}
console.log(`${files.length} files, ${errors} errors.`);
process.exit(errors === 0 ? 0 : 1);

// An error holds what could not be read; its children parse by themselves and are not looked at.
function report(file, node) {
  if (node.isMissing || node.isError) {
    const { row, column } = node.startPosition;
    const what = node.isMissing ? `missing ${node.type}` : `cannot read '${node.text.split('\n', 1)[0].slice(0, 60)}'`;
    console.log(`${file}:${row + 1}:${column + 1}: ${what}`);
    errors++;
  } else if (node.hasError) {
    node.children.forEach(child => report(file, child));
  }
}
