import { registry } from "@web/core/registry";

import { confirm, enterInvoice, mendCode, openInvoices, receiptIs } from "./steps";

/** The device lets documents wait: it is posted, and the cause is mended afterwards. */
registry.category("web_tour.tours").add("account_ereceipt_wait_for_code", {
    url: "/odoo",
    steps: () => [
        ...openInvoices(),
        ...enterInvoice("Ahmed Ali", "Wall clock", "20"),
        confirm(),
        receiptIs("Waiting"),
        {
            content: "The sentence says that it goes on by itself",
            trigger: "div[name=ereceipt_alerts] .alert-warning:contains(by itself)",
        },
        {
            content: "Follow the link of what is missing",
            trigger:
                "div[name=ereceipt_problems] .alert:contains(Wall clock):contains(item code) a",
            run: "click",
        },
        ...mendCode("EG-674859545-CLOCK"),
        receiptIs("Waiting"),
    ],
});

/** When the jobs have run: it was issued, sent and decided, and asks for nothing. */
registry.category("web_tour.tours").add("account_ereceipt_went_on", {
    steps: () => [
        receiptIs("Valid"),
        {
            content: "Nothing is left to do",
            trigger: ".o_form_view:not(:has(div[name=ereceipt_alerts] .alert))",
        },
    ],
});
