from . import test_snapshot_amounts
