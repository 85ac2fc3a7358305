"""An identity provider for development: it speaks the protocol of X, for people who are made up."""
