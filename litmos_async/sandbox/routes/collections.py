"""The operations on collections of courses and learning paths."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.state.links import Link, Links
from litmos_async.sandbox.wire.schema import COURSE_REF, LEARNING_PATH_REF, Element
from litmos_async.sandbox.wire.schema_offers import (
    COLLECTION,
    COLLECTION_COURSE_REF,
    COLLECTION_LEARNING_PATH_REF,
)

routes = Routes()

DELETE_PLURAL, DELETE_SINGULAR = "/collections/{collection_id}", "/collection/{collection_id}"
"""Where one source and the other have the deletion (api-facts 10); a sandbox answers at one of them."""

_MOST_ITEMS: Final = 25


@routes("GET", "/collections")
def list_collections(call: Call) -> Response:
    """Answer the collections."""
    require_collections(call)
    rows = list(call.tenant.offers.collections.values())
    return call.answer_all("Collections", COLLECTION, call.page(rows))


@routes("POST", "/collections")
def create(call: Call) -> Response:
    """Add a collection."""
    require_collections(call)
    body = call.record(COLLECTION)
    for name in ("Name", "Description"):
        if not body[name]:
            raise Refusal(400, f"{name} is required")
    fields = {name: value for name, value in body.items() if name != "Id"}
    return call.answer(COLLECTION, call.tenant.offers.add_collection(**fields), 201)


@routes("DELETE", DELETE_PLURAL)
@routes("DELETE", DELETE_SINGULAR)
def delete(call: Call, collection_id: str) -> Response:
    """Delete a collection that has no listings."""
    _check_collection(call, collection_id)
    if call.tenant.offers.listings_of(collection_id):
        raise Refusal(403, "Collection has listings")
    call.tenant.offers.delete_collection(collection_id)
    return done()


@routes("POST", "/collections/{collection_id}/courses")
def add_courses(call: Call, collection_id: str) -> Response:
    """Put courses into a collection: all of them or none."""
    _check_collection(call, collection_id)
    course_ids = [row["Id"] for row in call.records("Courses", COLLECTION_COURSE_REF)]
    for course_id in course_ids:
        call.course(course_id)
    return _add(call, call.tenant.offers.collection_courses, collection_id, course_ids)


@routes("DELETE", "/collections/{collection_id}/courses")
def remove_course(call: Call, collection_id: str) -> Response:
    """Take one course out of a collection: a DELETE with a body (api-facts 10)."""
    links = call.tenant.offers.collection_courses
    return _remove(call, links, collection_id, "Courses", COURSE_REF)


@routes("POST", "/collections/{collection_id}/learningpaths")
def add_learning_paths(call: Call, collection_id: str) -> Response:
    """Put learning paths into a collection: all of them or none."""
    _check_collection(call, collection_id)
    rows = call.records("LearningPaths", COLLECTION_LEARNING_PATH_REF)
    path_ids = [row["LearningPathId"] for row in rows]
    for path_id in path_ids:
        call.path(path_id)
    return _add(call, call.tenant.offers.collection_paths, collection_id, path_ids)


@routes("DELETE", "/collections/{collection_id}/learningpaths")
def remove_learning_path(call: Call, collection_id: str) -> Response:
    """Take one learning path out of a collection: a DELETE with a body (api-facts 10)."""
    links = call.tenant.offers.collection_paths
    return _remove(call, links, collection_id, "LearningPaths", LEARNING_PATH_REF)


def require_collections(call: Call) -> None:
    """Refuse where the organisation has collections switched off."""
    if not call.tenant.course_collections:
        raise Refusal(403, "Collections are not enabled")


def _check_collection(call: Call, collection_id: str) -> None:
    require_collections(call)
    call.collection(collection_id)


def _add(call: Call, links: Links[Link], collection_id: str, item_ids: list[str]) -> Response:
    if len(item_ids) > _MOST_ITEMS:
        raise Refusal(403, f"Maximum items is {_MOST_ITEMS}")
    if len(set(item_ids)) < len(item_ids):
        raise Refusal(409, "Duplicates in the request")
    if any(links.get(collection_id, item_id) for item_id in item_ids):
        raise Refusal(409, "Already in the collection")
    for item_id in item_ids:
        links.add(collection_id, item_id, call.tenant.now())
    return done(201)


def _remove(call: Call, links: Links[Link], collection_id: str, root: str, element: Element) -> Response:
    _check_collection(call, collection_id)
    rows = call.records(root, element)
    if len(rows) != 1:
        raise Refusal(403, "One item per request")
    if not links.remove(collection_id, rows[0]["Id"], call.tenant.now()):
        raise Refusal(404, "Not in the collection")
    return done()
