"""Jobs beyond those of `litmos.bulk`: completions from elsewhere, the tree of teams, sessions.

completions.py   a history of completions, the oldest first
tree.py          teams in their places, with leaders and admins: tree_match.py finds what a row means, roles.py
                 who leads
sessions.py      sessions created, people registered for them and marked at the roll call
steps.py         what all of them take of the machinery of bulk jobs

They use the same journal, plan, outcomes and limit as all bulk jobs:

```python
jobs = Jobs.of(litmos.bulk)
job = jobs.sync_team_tree([TeamRow("Sales"), TeamRow("Sales North", parent="Sales")], journal="tree.db")
print(await job.plan())
report = await job.run()
```
"""

from litmos_async.jobs.completions import CompletedModule, CompletionJobs
from litmos_async.jobs.lookups import LookUps, ModulesOfCourse
from litmos_async.jobs.sessions import NewSession, SessionJobs, SessionPlace, UserInSession
from litmos_async.jobs.tree import TeamChange, TreeJobs
from litmos_async.jobs.tree_match import TeamRow

__all__ = [
    "CompletedModule",
    "Jobs",
    "ModulesOfCourse",
    "NewSession",
    "SessionPlace",
    "TeamChange",
    "TeamRow",
    "UserInSession",
]


class Jobs(CompletionJobs, TreeJobs, SessionJobs, LookUps):
    """All these jobs; create it with `Jobs.of(litmos.bulk)`.

    ```python
    passed = ModuleResult(user_id=user_id, course_id=course_id, completed=True, score=90)
    job = Jobs.of(litmos.bulk).write_completions([(module_id, passed)], journal="history.db")
    print(await job.plan())
    report = await job.run()
    ```
    """
