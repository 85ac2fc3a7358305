// Looks at the printed schema and at the example operations with graphql-eslint, and prints what it
// finds as lines of JSON: {"file": ..., "line": ..., "rule": ..., "message": ...}.
//
// Reads GRAPHQL from its environment: the folder with schema.graphql and operations/.

import { join, relative } from "node:path";
import plugin from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";

const { GRAPHQL } = process.env;
const schema = join(GRAPHQL, "schema.graphql");
const documents = join(GRAPHQL, "operations/**/*.graphql");

// Every kind of definition that takes a description.
const DESCRIBED = [
  "types",
  "DirectiveDefinition",
  "EnumValueDefinition",
  "FieldDefinition",
  "InputValueDefinition",
];
const rules = {
  ...plugin.configs["flat/schema-recommended"].rules,
  ...plugin.configs["flat/schema-relay"].rules,
  // Pages, edges, values, problems and numbers of groups have no identity.
  "@graphql-eslint/strict-id-in-types": "off",
  // Connections show their `nodes` beside their `edges`.
  "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
  "@graphql-eslint/require-deprecation-date": "error",
  "@graphql-eslint/no-scalar-result-type-on-mutation": "error",
  "@graphql-eslint/require-nullable-fields-with-oneof": "error",
  "@graphql-eslint/require-description": [
    "error",
    Object.fromEntries(DESCRIBED.map((kind) => [kind, true])),
  ],
};

// The examples show what a page of a program needs; ids are for whoever caches by them.
const examples = {
  ...plugin.configs["flat/operations-recommended"].rules,
  "@graphql-eslint/require-selections": "off",
};

const parsed = (files, rules) => ({
  files,
  languageOptions: {
    parser: plugin.parser,
    parserOptions: { graphQLConfig: { schema, documents } },
  },
  plugins: { "@graphql-eslint": plugin },
  rules,
});

const eslint = new ESLint({
  cwd: GRAPHQL,
  overrideConfigFile: true,
  overrideConfig: [
    parsed(["schema.graphql"], rules),
    parsed(["operations/**/*.graphql"], examples),
  ],
});

const results = await eslint.lintFiles(["schema.graphql", "operations/**/*.graphql"]);
for (const { filePath, messages } of results) {
  for (const { line, ruleId, message } of messages) {
    const found = { file: relative(GRAPHQL, filePath), line, rule: ruleId, message };
    process.stdout.write(JSON.stringify(found) + "\n");
  }
}
process.stdout.write(JSON.stringify({ files: results.length }) + "\n");
