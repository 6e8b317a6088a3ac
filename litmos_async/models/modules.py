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
        active: Not in the recordings; in openapi, and read by a client. So is `module_type`.
        module_type: A number; which is which is not documented, but that 9 is a package (SCORM, Tin Can).
    """

    xml_element = "Module"

    id: str = ""
    code: str | None = None
    name: str | None = None
    description: str | None = None
    active: bool | None = None
    module_type: int | None = None


@define(kw_only=True, repr=False)
class ModuleRef(Record):
    """A module in the list of a request."""

    xml_element = "Module"

    id: str = field(default="", metadata=wire(required=True))


@define(kw_only=True, repr=False)
class ElearningModuleRequest(Record):
    """An e-learning module to create or to change: a zip of SCORM or Tin Can, not of AICC.

    Attributes:
        name: At most 100 characters.
        description: At most 2000 characters.
        module_type: Always 9.
        code: At most 50 characters.
        content_url: At most 1000 characters; the server downloads the zip from it. Openapi requires it, the
            vendor's page prints it as optional: a module without it has no content.
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
        module_ref_code: Called Code in the request, and in the answer of openapi.
        content_url: In the answer of openapi only.
    """

    xml_element = "Module"

    id: str = ""
    module_type: int | None = None
    name: str | None = None
    description: str | None = None
    active: bool | None = None
    module_ref_code: str | None = field(default=None, metadata=wire(aliases=("Code",)))
    hide_description: bool | None = None
    new_window: bool | None = None
    review_mode: bool | None = None
    status: ModuleStatus | str | None = None
    content_url: str | None = field(default=None, metadata=wire("ContentURL"))
