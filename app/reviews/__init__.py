"""What advocates say of products, and its moderation."""
