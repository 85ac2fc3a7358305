// No library at all: the tour by `fetch`, as a developer without one would write it.

import { bearer, codesOf, HTTP, tour } from "./tour.mjs";

const open = (token) => ({
  async ask(query, variables) {
    const answer = await fetch(HTTP, {
      method: "POST",
      headers: { ...bearer(token), "Content-Type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await answer.json();
    return { data, codes: codesOf(errors) };
  },
});

await tour(open);
