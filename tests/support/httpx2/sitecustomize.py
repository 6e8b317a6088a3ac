"""Lets `import httpx` give httpx2 in every process that has this folder on its path: `nox -s httpx2` sets it."""

import httpx2

httpx2.alias_httpx()
