"""A server of the Model Context Protocol: an account for assistants, to be read, and changed only on confirmation.

from litmos_async.mcp import serve

await serve(litmos_options)                  # over standard input and output; `litmos mcp` does this
"""

try:
    from litmos_async.mcp.server import SHARE, make_server, serve
except ModuleNotFoundError as problem:
    if (problem.name or "").partition(".")[0] not in {"mcp", "mcp_types"}:
        raise
    raise ModuleNotFoundError(
        'the MCP server needs the SDK: pip install "litmos-async[mcp]"', name=problem.name
    ) from problem

__all__ = ["SHARE", "make_server", "serve"]
