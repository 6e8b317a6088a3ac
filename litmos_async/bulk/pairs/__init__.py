"""Jobs over pairs, of which many travel in one request."""
