"""The page to try the API on."""
