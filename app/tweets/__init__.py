"""A brand's posts that can be bought from."""
