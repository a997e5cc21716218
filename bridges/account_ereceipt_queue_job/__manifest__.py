{
    "name": "Electronic Receipts: Sending by Queue Jobs",
    "summary": "A batch of electronic receipts is one of queue_job's jobs",
    "version": "19.0.1.0.0",
    "category": "Accounting/Localizations/EDI",
    "license": "LGPL-3",
    "author": "Account eReceipt Founders",
    "website": "https://github.com/account-ereceipt/account_ereceipt",
    "depends": ["account_ereceipt", "queue_job"],
    "data": ["data/queue_job_data.xml"],
    "auto_install": True,
}
