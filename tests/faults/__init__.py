"""What a deployment does when its processes are killed."""
