"""``python -m skillrl``."""

import sys

from skillrl.cli import main

sys.exit(main())
