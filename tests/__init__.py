from . import (
    test_access_guards,
    test_access_roles,
    test_browser_tour,
    test_code_import,
    test_code_resolver,
    test_code_tables,
    test_print,
    test_return_reference,
    test_snapshot_amounts,
    test_snapshot_cases,
    test_snapshot_queries,
    test_views,
)
