// graphql's check whether a value is of one of its classes, as it is in production: the other one
// explains what to do when there are two copies of graphql, and there is one.

export const instanceOf = (value: unknown, constructor: new () => unknown): boolean =>
  value instanceof constructor;
