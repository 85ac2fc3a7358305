"""Live subscriptions over a real socket and a real log."""
