{
    "name": "Electronic Receipts: Approval in Tiers",
    "summary": "What has to be approved in tiers is issued when that is complete",
    "version": "19.0.1.0.0",
    "category": "Accounting/Localizations/EDI",
    "license": "LGPL-3",
    "author": "Account eReceipt Founders",
    "website": "https://github.com/account-ereceipt/account_ereceipt",
    "depends": ["account_ereceipt", "account_move_tier_validation"],
    "data": ["views/ereceipt_device_views.xml"],
    "auto_install": True,
}
