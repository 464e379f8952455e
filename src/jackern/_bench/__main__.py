"""The process that measures: its threads were limited before anything was imported."""

import sys

from jackern._bench.run import main

if __name__ == "__main__":
    sys.exit(main())
