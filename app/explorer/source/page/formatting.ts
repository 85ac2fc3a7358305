// What GraphiQL formats by: prettier for GraphQL, as it comes, but for JSON a formatter of 10 kB
// instead of prettier's JavaScript parser of 540 kB. The build puts it where @graphiql/react asks
// for prettier.

import { applyEdits, format as editsOf } from "jsonc-parser";
import type { Options } from "prettier";

export async function format(text: string, options: Options): Promise<string> {
  if (options.parser === "jsonc") {
    return applyEdits(text, editsOf(text, undefined, { insertSpaces: true, tabSize: 2 }));
  }
  const prettier = await import("prettier/standalone");
  return prettier.format(text, options);
}
