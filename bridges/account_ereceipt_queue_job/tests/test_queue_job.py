import time
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.account_ereceipt.tests.common import EreceiptCommon
from odoo.addons.queue_job.controllers.main import RunJobController
from odoo.addons.queue_job.job import Job


@tagged("post_install", "-at_install", "post_install_l10n")
class TestQueueJob(EreceiptCommon):
    """The scheduled lanes hand over what is due; a job sends what is due of one device.
    Where nobody takes the jobs, the lanes send by themselves."""

    def jobs(self, state="pending"):
        return (
            self.env["queue.job"]
            .sudo()
            .search([("method_name", "=", "_job_send"), ("state", "=", state)])
            .sorted("id")
        )

    def let_jobs_wait(self):
        """Let two minutes pass for what is in the queue."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE queue_job SET date_created = date_created - interval '2 minutes'"
        )
        self.env.invalidate_all()

    def run_lane(self):
        """Run a lane as its scheduler would."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            env = self.env(cr=cr, su=True)
            outbox = env["ereceipt.outbox"].with_context(
                cron_end_time=time.monotonic() + 0.5
            )
            outbox._cron_run()
        self.env.invalidate_all()

    def perform(self, record):
        """Carry a job out as the runner's call does."""
        self.env.flush_all()
        with (
            self.enter_registry_test_mode(),
            self.env.registry.cursor() as cr,
            patch.object(
                type(self.env["ereceipt.outbox"]),
                "_sleep_until_due",
                return_value=False,
            ),
        ):
            job = Job.load(self.env(cr=cr, su=True), record.uuid)
            job.set_started()
            job.store()
            RunJobController._try_perform_job(job.env, job)
        self.env.invalidate_all()

    def test_one_job_for_each_device_with_something_due(self):
        moves = (
            self.invoice(),
            self.invoice(),
            self.invoice(journal_id=self.journal_2.id),
        )
        self.run_lane()
        jobs = self.jobs()
        self.assertEqual(jobs.mapped("channel"), ["root.ereceipt"] * 2)
        self.assertEqual(set(jobs.mapped("records")), {self.device, self.device_2})
        self.assertEqual({move.ereceipt_state for move in moves}, {"queued"})
        self.assertFalse(self.control.receipts())
        # no second one is put in the queue meanwhile
        self.invoice()
        self.run_lane()
        self.assertEqual(self.jobs(), jobs)

    def test_a_job_sends_what_is_due_of_its_device(self):
        own, other = self.invoice(), self.invoice(journal_id=self.journal_2.id)
        self.run_lane()
        job = self.jobs().filtered(lambda j: j.records == self.device)
        self.perform(job)
        self.assertEqual(job.state, "done")
        self.assertIn("settled", job.result)
        self.assertEqual(own.ereceipt_state, "submitted")
        self.assertEqual(other.ereceipt_state, "queued")
        self.make_due()
        self.run_lane()
        for waiting in self.jobs():
            self.perform(waiting)
        self.assertEqual(own.ereceipt_state, "valid")
        self.make_due()
        self.run_lane()
        for waiting in self.jobs():
            self.perform(waiting)
        self.assertEqual(other.ereceipt_state, "valid")
        self.assertEqual({row["accepted"] for row in self.control.receipts()}, {1})

    def test_nothing_is_due(self):
        self.run_lane()
        self.assertFalse(self.jobs())

    def test_the_lanes_send_what_nobody_takes(self):
        move = self.invoice()
        self.run_lane()
        self.assertEqual(move.ereceipt_state, "queued")
        self.let_jobs_wait()
        self.run_lane()
        self.assertEqual(move.ereceipt_state, "submitted")
        # the runner comes back: its job finds nothing to do
        sent = self.control.requests(1)["counts"]["submit"]
        self.perform(self.jobs())
        self.assertEqual(self.control.requests(1)["counts"]["submit"], sent)

    def test_a_runner_that_is_behind_is_not_gone(self):
        self.invoice()
        self.invoice(journal_id=self.journal_2.id)
        self.run_lane()
        first, _second = self.jobs()
        self.let_jobs_wait()
        first.write({"state": "started", "date_started": fields.Datetime.now()})
        self.run_lane()
        self.assertFalse(self.control.receipts())

    def test_sending_is_switched_off(self):
        """Jobs that are in the queue then send nothing; nor does a copy of a database,
        whose lanes are off."""
        move = self.invoice()
        self.run_lane()
        [job] = self.jobs()
        self.env["ereceipt.outbox"]._lanes().active = False
        self.perform(job)
        self.assertIn("switched off", job.result)
        self.assertEqual(move.ereceipt_state, "queued")
        self.assertFalse(self.control.receipts())
