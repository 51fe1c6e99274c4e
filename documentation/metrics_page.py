"""docs/reference/metrics.md: what /api/metrics has, from the collector's own families."""

from __future__ import annotations

from collections.abc import Iterable

HEAD = """# Metrics

`GET /api/metrics` answers in Prometheus' text format, to a bearer token: `METRICS_TOKEN` of the
[settings](settings.md), which works while MongoDB is away too, or an API token with the scope
`metrics`. The numbers are those of all processes, not of the web process that answers. How to watch
them, and what to be woken for: [monitoring](../deploy/monitoring.md).

```yaml
scrape_configs:
  - job_name: ocpp-emulator
    metrics_path: /api/metrics
    authorization: {credentials_file: /etc/prometheus/emulator-token}
    static_configs: [{targets: ["127.0.0.1:8000"]}]
```

Made from the code by `python -m documentation write`.

| metric | kind | labels | meaning |
| --- | --- | --- | --- |
"""


def page(families: Iterable[tuple[str, str, tuple[str, ...], str]]) -> str:
    """families: [(name, kind, labels, meaning)]."""
    rows = [
        f"| `{name}{'_total' if kind == 'counter' else ''}` | {kind} | "
        f"{', '.join(f'`{label}`' for label in labels)} | {meaning} |"
        for name, kind, labels, meaning in families
    ]
    return HEAD + "\n".join(rows) + "\n"
