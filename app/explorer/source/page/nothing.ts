// Stands where formatting.ts needs nothing of prettier.

export const printers = {};
export const parsers = {};
