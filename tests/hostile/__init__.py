"""What is sent to harm: mutated payloads, and requests that no client would make."""
