"""The door and the desk: payloads come in, are decided once, and leave as outcomes."""
