import { registry } from "@web/core/registry";

import { receiptIs } from "./steps";

/** The receipt is valid and its customer is the wrong one. */
registry.category("web_tour.tours").add("account_ereceipt_wrong_customer", {
    steps: () => [
        receiptIs("Valid"),
        {
            content: "Return and issue anew",
            trigger: ".o_statusbar_buttons button[name=action_ereceipt_return_anew]",
            run: "click",
        },
        {
            content: "It says that the credit note goes to the authority",
            trigger: ".modal p:contains(issued to the tax authority)",
        },
        {
            content: "Give the reason",
            trigger: ".modal div[name=reason] input",
            run: "edit Wrong customer",
        },
        {
            content: "Type the right customer",
            trigger: ".modal div[name=partner_id] input",
            run: "edit Fatma Hassan",
        },
        {
            content: "Choose the right customer",
            trigger: ".o-autocomplete--dropdown-item a:contains(Fatma Hassan)",
            run: "click",
        },
        {
            content: "Post the new invoice at once",
            trigger: ".modal div[name=post_new] input",
            run: "check",
        },
        {
            content: "Go on",
            trigger: ".modal footer button[name=action_return_anew]",
            run: "click",
        },
        {
            content: "The new invoice is open, with the right customer",
            trigger: ".o_form_view div[name=partner_id] :contains(Fatma Hassan)",
        },
        receiptIs("Queued"),
    ],
});

/** When the jobs have run: the first invoice leads to the one in its place. */
registry.category("web_tour.tours").add("account_ereceipt_issued_anew", {
    steps: () => [
        receiptIs("Valid"),
        {
            content: "Open the receipt's tab",
            trigger: ".nav-link[name=ereceipt]",
            run: "click",
        },
        {
            content: "It names the new invoice",
            trigger: "div[name=ereceipt_anew_ids] .o_tag",
        },
        {
            content: "It is not offered a second time",
            trigger:
                ".o_statusbar_buttons:not(:has(button[name=action_ereceipt_return_anew]))",
        },
    ],
});
