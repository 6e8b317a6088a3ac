"""E-learning modules (SCORM, Tin Can, AICC): content that the server fetches and unpacks."""

from __future__ import annotations

from typing import Any, Final, Unpack

from litmos_async.config import CallOptions
from litmos_async.models import ElearningModule, ElearningModuleRequest
from litmos_async.models.record import check_class
from litmos_async.resources.arguments import Ref, complete
from litmos_async.resources.base import Resource
from litmos_async.wire.operation import Operation, one

MODULE_TYPE: Final = 9
"""The only `module_type` that these operations take."""

GET = Operation("modules.get", "GET", "/modules/{module_id}", one(ElearningModule))
CREATE = Operation(
    "modules.create", "POST", "/modules", one(ElearningModule), body=one(ElearningModuleRequest)
)
UPDATE: Operation[Any] = Operation(
    "modules.update", "PUT", "/modules/{module_id}", body=one(ElearningModuleRequest), repeatable=True
)
DELETE: Operation[Any] = Operation("modules.delete", "DELETE", "/modules/{module_id}", repeatable=True)


class Modules(Resource):
    """E-learning modules. To put them into courses see `courses.copy_modules`, `link_modules`, `mirror_modules`."""

    async def get(self, module_id: Ref, **options: Unpack[CallOptions]) -> ElearningModule:
        """Return one module. Ask again until `status` is Ready or Failed.

        `GET /modules/{module_id}`

        Args:
            module_id: The module: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such module.

        Source: openapi, vendor page.
        """
        return await self._call(GET, module_id, options=options)

    async def create(self, module: ElearningModuleRequest, **options: Unpack[CallOptions]) -> ElearningModule:
        """Create a module, and return it with its id and its first `status`.

        `POST /modules`

        The server then fetches the zip at `content_url` by itself: follow it with `get`.

        Args:
            module: The module, with a `name` and the `content_url` of a valid SCORM or Tin Can zip. It is active
                unless it says otherwise.
            options: The options of every call.

        Raises:
            OutcomeUnknown: No answer came. A repeat could create it twice.

        Source: openapi, vendor page.
        """
        return await self._call(CREATE, body=_filled(module), options=options)

    async def update(
        self, module_id: Ref, module: ElearningModuleRequest, **options: Unpack[CallOptions]
    ) -> None:
        """Write a module, whole; the server fetches the content anew.

        `PUT /modules/{module_id}`

        Args:
            module_id: The module.
            module: What it shall be, as for `create`.
            options: The options of every call.

        Raises:
            NotFound: There is no such module.

        Source: openapi.
        """
        await self._do(UPDATE, module_id, body=_filled(module), options=options)

    async def delete(self, module_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Delete a module.

        `DELETE /modules/{module_id}`

        Args:
            module_id: The module: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such module; also after a lost answer to a delete that went through.

        Source: openapi.
        """
        await self._do(DELETE, module_id, options=options)


def _filled(module: ElearningModuleRequest) -> ElearningModuleRequest:
    check_class(module, ElearningModuleRequest)
    kind = MODULE_TYPE if module.module_type is None else module.module_type
    return complete(module.replace(module_type=kind, active=module.active is not False))
