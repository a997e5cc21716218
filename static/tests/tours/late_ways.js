import { registry } from "@web/core/registry";

import { confirm, receiptIs } from "./steps";

const WAYS = ["way_reference", "way_correction", "way_anew"];

/** From an invoice whose document is too late to the dialog with its three ways. */
function chooseAWay() {
    return [
        receiptIs("Late"),
        {
            content: "The sentence says so, with one button",
            trigger:
                "div[name=ereceipt_alerts] .alert-danger:contains(window for it closed) button[name=action_ereceipt_what_now]:contains(Choose a way)",
            run: "click",
        },
        {
            content: "Each way can be gone",
            trigger: ".modal .modal-body",
            run() {
                for (const way of WAYS) {
                    const box = this.anchor.querySelector(`div[name=${way}]`);
                    if (!box?.querySelector("button")) {
                        throw new Error(`There is no button for ${way}`);
                    }
                }
            },
        },
    ];
}

/** The portal has granted a request: its number is typed, the same document is sent. */
registry.category("web_tour.tours").add("account_ereceipt_late_reference", {
    steps: () => [
        ...chooseAWay(),
        {
            content: "Send without a number",
            trigger: ".modal div[name=way_reference] button[name=action_send_again]",
            run: "click",
        },
        {
            content: "The number is asked for",
            trigger:
                ".modal:contains(number of the late-submission request) .modal-footer button",
            run: "click",
        },
        {
            content: "Type the number",
            trigger: ".modal div[name=late_reference] input",
            run: "edit 674859545-26-1",
        },
        {
            content: "Send again",
            trigger: ".modal div[name=way_reference] button[name=action_send_again]",
            run: "click",
        },
        {
            content: "The dialog is closed",
            trigger: "body:not(:has(.modal))",
        },
        receiptIs("Queued"),
    ],
});

/** Another document takes the place of the one that is too late. */
registry.category("web_tour.tours").add("account_ereceipt_late_correction", {
    steps: () => [
        ...chooseAWay(),
        {
            content: "Issue the correction",
            trigger: ".modal div[name=way_correction] button[name=action_correct]",
            run: "click",
        },
        {
            content: "The dialog is closed",
            trigger: "body:not(:has(.modal))",
        },
        receiptIs("Queued"),
    ],
});

/** The invoice is taken back in the books and a new one is issued. */
registry.category("web_tour.tours").add("account_ereceipt_late_anew", {
    steps: () => [
        ...chooseAWay(),
        {
            content: "Return and issue anew",
            trigger: ".modal div[name=way_anew] button[name=action_return_anew]",
            run: "click",
        },
        {
            content: "It says that the credit note stays in the books",
            trigger: ".modal p:contains(The tax authority does not hold)",
        },
        {
            content: "Give the reason",
            trigger: ".modal div[name=reason] input",
            run: "edit The authority was away",
        },
        {
            content: "Go on",
            trigger: ".modal footer button[name=action_return_anew]",
            run: "click",
        },
        {
            content: "The new invoice is open as a draft",
            trigger: ".o_form_view .o_arrow_button_current:contains(Draft)",
        },
        confirm(),
        receiptIs("Queued"),
    ],
});
