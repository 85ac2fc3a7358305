"""The embedded PostgreSQL: a real server of the product's own, for trying, developing, testing.

`launcher.start_embedded` starts one in a folder or joins the one that runs there; `dump` writes a
database into a file and reads it back. Not needed where `HASHCART_DATABASE_URL` names a server.
"""
