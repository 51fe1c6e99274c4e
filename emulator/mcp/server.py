"""The MCP server itself, on the protocol's own SDK.

Imported at the first request (see mount.py): the SDK takes 47 MiB, and most platforms are never
asked. Nothing is kept between two requests: no session, no stream, no task.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from asgiref.sync import sync_to_async
from django.http import HttpRequest
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError

from emulator.mcp import inside
from emulator.mcp.tools import BadArguments, Tool, offered
from emulator.rights import TABLE

PAGE = 50  # tools of a list
LARGEST = 1024 * 1024  # bytes of a request
INSTRUCTIONS = (
    "Emulated charging stations that speak OCPP with a CSMS. Find stations with get_stations, "
    "drive one with the post_station_* tools, and see what it and the CSMS said with "
    "get_messages. Answers are cut where they are long: use `limit`, `cursor` and the filters. "
    "What one may not do is not listed; each call that changes something stands in the "
    "platform's trail."
)
CUT = "\n[cut here: ask for less, by limit, cursor or filters]"


@dataclass(frozen=True)
class Caller:
    """Whose request this is: with `user` and `api_token`; the API behind, and the request's
    scope."""

    request: HttpRequest
    app: inside.App
    scope: inside.Event


_caller: ContextVar[Caller] = ContextVar("mcp caller")


async def _tools() -> dict[str, Tool]:
    caller = _caller.get()
    return await sync_to_async(offered)(TABLE, caller.request)


async def list_tools(
    context: ServerRequestContext, params: types.PaginatedRequestParams | None
) -> types.ListToolsResult:
    """A page of the tools that the caller has a right to; `cursor` says where it begins."""
    found = list((await _tools()).values())
    start = _place(params.cursor if params else None)
    following = start + PAGE
    return types.ListToolsResult(
        tools=[_told(tool) for tool in found[start:following]],
        next_cursor=str(following) if following < len(found) else None,
    )


def _place(cursor: str | None) -> int:
    if not cursor:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 6:
        raise MCPError(types.INVALID_PARAMS, "Give as cursor what nextCursor said.")
    return int(cursor)


def _told(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=dict(tool.schema),
        annotations=types.ToolAnnotations(
            read_only_hint=tool.method == "GET",
            destructive_hint=tool.method in ("DELETE", "PUT"),
            idempotent_hint=tool.method in ("GET", "PUT", "DELETE"),
            open_world_hint=False,
        ),
    )


async def call_tool(
    context: ServerRequestContext, params: types.CallToolRequestParams
) -> types.CallToolResult:
    """Carry out a tool as the API's operation that it is, with the caller's token.

    Raises MCPError for an unknown tool; an error of the API is an answer with is_error.
    """
    tool = (await _tools()).get(params.name)
    if tool is None:
        said = "There is no such tool, or your token's user has no right to it."
        raise MCPError(types.INVALID_PARAMS, said)
    try:
        path, query, body = tool.request(params.arguments or {})
    except BadArguments as error:
        return _said(str(error), is_error=True)
    caller = _caller.get()
    answer = await inside.ask(caller.app, caller.scope, tool.method, path, query, body)
    text = answer.text + (CUT if answer.cut else "")
    failed = answer.status >= 400
    return _said(f"HTTP {answer.status}: {text}" if failed or not text else text, failed)


def _said(text: str, is_error: bool) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)], is_error=is_error
    )


_server: Server[Any] = Server(
    "ocpp-emulator", version="1", title="OCPP Emulator", instructions=INSTRUCTIONS,
    on_list_tools=list_tools, on_call_tool=call_tool,
)  # fmt: skip


async def answer(caller: Caller, receive: Any, send: Any) -> None:
    """One request by POST, of a caller who is known."""
    token = _caller.set(caller)
    try:
        # Of one request, so that its tasks end with it and no loop outlives its manager.
        manager = StreamableHTTPSessionManager(
            _server, json_response=True, stateless=True, max_request_body_size=LARGEST
        )
        async with manager.run():
            await manager.handle_request(caller.scope, receive, send)
    finally:
        _caller.reset(token)
