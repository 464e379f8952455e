"""The process that measures: its threads were limited before anything was imported."""

import sys

from jackern._bench.run import main

sys.exit(main())
