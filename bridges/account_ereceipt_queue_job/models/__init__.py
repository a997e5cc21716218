from . import ereceipt_device, ereceipt_outbox, ereceipt_work
