from . import (
    test_code_import,
    test_code_resolver,
    test_code_tables,
    test_snapshot_amounts,
)
