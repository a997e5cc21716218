{
    "name": "Electronic Receipts to Tax Authorities",
    "summary": "Issue invoices, credit notes and sales receipts to the tax authority, "
    "follow each until it is valid, and keep the proof",
    "version": "19.0.1.0.0",
    "category": "Accounting/Localizations/EDI",
    "author": "Account eReceipt Founders",
    "website": "https://github.com/account-ereceipt/account_ereceipt",
    "license": "LGPL-3",
    "depends": ["account"],
    "external_dependencies": {"python": ["cryptography", "requests"]},
    "data": [
        "security/ereceipt_security.xml",
        "security/ir.model.access.csv",
        "security/ereceipt_code_security.xml",
        "data/mail_activity_type.xml",
        "data/mail_template.xml",
        "data/ir_cron.xml",
        "data/ereceipt_code_data.xml",
        "wizards/ereceipt_problems_views.xml",
        "wizards/ereceipt_late_views.xml",
        "wizards/ereceipt_return_anew_views.xml",
    ],
    "assets": {
        "web.assets_backend": ["account_ereceipt/static/src/send_now/**/*"],
    },
    "installable": True,
    "application": True,
}
