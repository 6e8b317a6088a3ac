"""Jobs over single items, each with requests of its own."""
