"""The client without `await`, for scripts and notebooks.

```python
from litmos_async.sync import LitmosClient

with LitmosClient(source="acme-hr") as litmos:
    print(litmos.users.get("user@example.com").full_name)
```
"""

from litmos_async.sync.client import LitmosClient
from litmos_async.sync.portal import SyncJob, SyncPages

__all__ = ["LitmosClient", "SyncJob", "SyncPages"]
