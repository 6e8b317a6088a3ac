"""Modules of courses."""

from __future__ import annotations

from attrs import define, field

from litmos_async.models.enums import ModuleStatus
from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class Module(Record):
    """A module in the list of a course.

    Attributes:
        id: At most 50 characters.
    """

    xml_element = "Module"

    id: str = ""
    code: str | None = None
    name: str | None = None
    description: str | None = None


@define(kw_only=True, repr=False)
class ModuleRef(Record):
    """A module in the list of a request."""

    xml_element = "Module"

    id: str = field(default="", metadata=wire(required=True))


@define(kw_only=True, repr=False)
class ElearningModuleRequest(Record):
    """An e-learning module (SCORM, Tin Can or AICC) to create or to change.

    Attributes:
        name: At most 100 characters.
        description: At most 2000 characters.
        module_type: Always 9.
        code: At most 50 characters.
        content_url: At most 1000 characters; the server downloads the zip from it.
    """

    xml_element = "Module"
    key = ()

    name: str | None = field(default=None, metadata=wire(required=True))
    description: str | None = None
    module_type: int | None = field(default=None, metadata=wire(required=True))
    active: bool | None = field(default=None, metadata=wire(required=True))
    code: str | None = None
    hide_description: bool | None = None
    new_window: bool | None = None
    review_mode: bool | None = None
    content_url: str | None = field(default=None, metadata=wire("ContentURL", required=True))


@define(kw_only=True, repr=False)
class ElearningModule(Record):
    """An e-learning module, with the state of its processing.

    Attributes:
        module_ref_code: Called Code in the request.
    """

    xml_element = "Module"

    id: str = ""
    module_type: int | None = None
    name: str | None = None
    description: str | None = None
    active: bool | None = None
    module_ref_code: str | None = None
    hide_description: bool | None = None
    new_window: bool | None = None
    review_mode: bool | None = None
    status: ModuleStatus | str | None = None
