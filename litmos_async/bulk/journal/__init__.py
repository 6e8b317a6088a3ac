"""What was sent, and its outcome, on disk."""
