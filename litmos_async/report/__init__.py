"""Reports: who has not completed a course, who is overdue, how far each team is.

```python
report = await litmos.report.make("overdue")
rows = report.to_dicts()  # plain data
html = page(report)  # one self-contained page (extra "report")
```
"""

from litmos_async.report.data import KINDS, Bar, Column, Kind, Report
from litmos_async.report.gather import Reports
from litmos_async.report.page import LONGEST_TABLE, chart, check_page, csv_text, page
from litmos_async.report.rules import Result, Standing, is_overdue, standing_of

__all__ = [
    "KINDS",
    "LONGEST_TABLE",
    "Bar",
    "Column",
    "Kind",
    "Report",
    "Reports",
    "Result",
    "Standing",
    "chart",
    "check_page",
    "csv_text",
    "is_overdue",
    "page",
    "standing_of",
]
