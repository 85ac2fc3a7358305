// Compares printed schemas with graphql-inspector and prints each change as a line of JSON:
// {"file": ..., "criticality": "BREAKING" | "DANGEROUS" | "NON_BREAKING", "path": ..., "message": ...}.
//
// Reads OLD, a file, and NEW, one or several files, from its environment.

import { readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const { OLD, NEW } = process.env;
const read = (file) => buildSchema(readFileSync(file, "utf8"));

const old = read(OLD);
for (const file of NEW.split(delimiter)) {
  for (const { criticality, path, message } of await diff(old, read(file))) {
    process.stdout.write(JSON.stringify({ file, criticality: criticality.level, path, message }) + "\n");
  }
}
