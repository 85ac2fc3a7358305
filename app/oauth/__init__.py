"""Apps, their installations at brands, and the tokens that speak for them."""
