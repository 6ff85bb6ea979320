"""``python -m skillc``."""

import sys

from skillc.cli import main

sys.exit(main())
