"""``odoo ereceipt_verify``: computes every seal anew, without a running server."""

import argparse
import logging
import sys

from odoo import SUPERUSER_ID, api
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config

_logger = logging.getLogger(__name__)

MODULE = "account_ereceipt"
UNCHANGED, NOT_VERIFIED, CHANGED = 0, 2, 3
"""Exit codes. 1 is what Odoo ends with where it does not find the command."""


class EreceiptVerify(Command):
    """Verify the seals over what was exchanged with tax authorities.

    Every seal of the database is computed anew from the rows that it covers. Whatever
    was changed, taken away or slipped in is named, one sentence a line. Nothing is
    written. The command ends with 0 where everything is what it was, with 3 where
    something was changed, with 2 where it could not be verified.
    """

    name = "ereceipt_verify"

    def run(self, args):
        """Read the arguments, verify, and end the process. Whatever keeps it from
        verifying is said, and never ends like a proof that holds or one that does not.
        """
        try:
            code = self._run(args)
        except Exception as error:
            _logger.exception("The seals could not be verified")
            code = _end(
                NOT_VERIFIED, f"The seals could not be verified: {error}".strip()
            )
        sys.exit(code)

    def _run(self, args):
        parser = argparse.ArgumentParser(
            prog=self.prog,
            description=self.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        parser.add_argument("-d", "--database", help="the database to verify")
        parser.add_argument("-c", "--config", help="the server's configuration file")
        parser.add_argument(
            "--expect",
            action="append",
            default=[],
            metavar="NUMBER:HASH",
            help="a seal as it was noted outside of Odoo earlier; may be repeated",
        )
        own, others = parser.parse_known_args(args)
        for option, value in (("-c", own.config), ("-d", own.database)):
            if value:
                others += [option, value]
        config.parse_config(others, setup_logging=True)
        if len(config["db_name"]) != 1:
            return _end(NOT_VERIFIED, "Name one database to verify, with -d.")
        try:
            expected = dict(_noted(text) for text in own.expect)
        except ValueError:
            return _end(
                NOT_VERIFIED, "--expect wants the seal's number, a colon, and its hash."
            )
        return self._verify(config["db_name"][0], expected)

    def _verify(self, database, expected):
        registry = Registry(database)
        with registry.cursor() as cr:
            cr.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            env = api.Environment(cr, SUPERUSER_ID, {})
            if "ereceipt.seal" not in env:
                return _end(NOT_VERIFIED, f"{MODULE} is not installed in {database}.")
            result = verify(env, expected)
            cr.rollback()
        return result


def verify(env, expected=()):
    """Verify all seals of a database and say what was found.

    :param env: an environment of the superuser
    :param dict expected: hashes of seals as they were noted earlier, by number
    :return: the exit code
    """
    seals = env["ereceipt.seal"]
    found = 0
    for finding in seals._findings():
        found += 1
        _say(finding.text)
    for text in seals._differences_from_noted(dict(expected)):
        found += 1
        _say(text)
    last = seals.search([], limit=1)
    if not last:
        if found:
            return _end(CHANGED, "There is no seal in this database any more.")
        return _end(UNCHANGED, "There is nothing to verify yet: no seal was put.")
    count = seals.search_count([])
    exchanges = sum(
        count for [count] in seals._read_group([], [], ["exchange_count:sum"])
    )
    if found:
        return _end(
            CHANGED,
            f"NOT as it was. Findings: {found}. Seals: {count}, over exchanges: "
            f"{exchanges}.",
        )
    return _end(
        UNCHANGED,
        f"{count} seals over {exchanges} exchanges are what they were. The last is"
        f" {last.number}:{last.hash}; note it outside of Odoo and give it to --expect"
        " the next time.",
    )


def _noted(text):
    number, _colon, value = text.partition(":")
    if not value:
        raise ValueError(text)
    return int(number), value.strip().lower()


def _say(text):
    sys.stdout.write(f"{text}\n")


def _end(code, text):
    _say(text)
    return code
