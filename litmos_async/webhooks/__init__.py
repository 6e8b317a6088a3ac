"""Webhooks of Litmos: typed events, and an ASGI app that receives them.

```python
async def handle(event: Event) -> None:
    print(event.type, event.achievement)


app = Receiver(handle, secret=os.environ["WEBHOOK_SECRET"], spool=SqliteSpool("webhooks.db"))
```
"""

from litmos_async.webhooks.events import ACHIEVEMENT, Achievement, Event, WebhookError, parse
from litmos_async.webhooks.receiver import Handler, Receiver
from litmos_async.webhooks.redis_seen import RedisSeen, Seen
from litmos_async.webhooks.spool import MemorySpool, Spool, SpoolFull, Waiting
from litmos_async.webhooks.sqlite_spool import SqliteSpool

__all__ = [
    "ACHIEVEMENT",
    "Achievement",
    "Event",
    "Handler",
    "MemorySpool",
    "Receiver",
    "RedisSeen",
    "Seen",
    "Spool",
    "SpoolFull",
    "SqliteSpool",
    "Waiting",
    "WebhookError",
    "parse",
]
