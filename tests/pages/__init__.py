"""The shopper's page: through its forms, as a browser without scripts uses it."""
