"""What people did with a brand's posts: replies, quotes, reposts, misuse."""
