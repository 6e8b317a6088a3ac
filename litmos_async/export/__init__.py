"""Exports of lists to files: complete, within the quota, and resumable.

```python
print([each.name for each in lists()], schema("users").names)  # what there is, without a client

manifest = await litmos.export.run(["users", "results"], "warehouse/", format="parquet", state="night.db")
print(manifest.complete, manifest.lists["results"].rows, manifest.requests)
```
"""

from litmos_async.export.export import Batch, Export, ExportPlan
from litmos_async.export.lists import find_list, lists, schema
from litmos_async.export.manifest import FileEntry, ListEntry, Manifest
from litmos_async.export.merge import merge
from litmos_async.export.run import ExportIncomplete, Progress
from litmos_async.export.schema import Column, Schema
from litmos_async.export.spec import ListSpec
from litmos_async.export.task import PlannedList

__all__ = [
    "Batch",
    "Column",
    "Export",
    "ExportIncomplete",
    "ExportPlan",
    "FileEntry",
    "ListEntry",
    "ListSpec",
    "Manifest",
    "PlannedList",
    "Progress",
    "Schema",
    "find_list",
    "lists",
    "merge",
    "schema",
]
