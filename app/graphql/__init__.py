"""The GraphQL engine: one operation, one SQL statement. Knows no feature."""
