"""Bytes and records: pure functions, no I/O, no clock."""
