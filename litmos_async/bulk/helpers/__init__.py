"""What users call: a signature, a docstring, one return."""
