"""People who reply: sealed once for all brands, a pseudonym at each."""
