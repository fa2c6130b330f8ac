// Validates XML files against a schema: node xsd.mjs NODE_MODULES SCHEMA FILE… ; prints the faults as JSON, by file.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const [modules, schema, ...files] = process.argv.slice(2);
const { validateXML } = createRequire(`${modules}/`)('xmllint-wasm');
const faults = {};
for (const file of files) {
  const result = await validateXML({
    xml: [{ fileName: 'report.xml', contents: fs.readFileSync(file, 'utf8') }],
    schema: [fs.readFileSync(schema, 'utf8')],
  });
  faults[file] = result.errors.map((error) => error.message);
}
console.log(JSON.stringify(faults));
