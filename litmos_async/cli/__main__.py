"""Makes `python -m litmos_async.cli` the same as `litmos`."""

from litmos_async.cli import main

if __name__ == "__main__":
    main()
