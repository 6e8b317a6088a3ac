"""Rows of lists that no record holds as they are."""
