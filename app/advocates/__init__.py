"""Shoppers who opted in to speak for a brand."""
