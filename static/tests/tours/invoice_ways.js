import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";

import { receiptIs } from "./steps";

const DIALOG_CLOSED = {
    content: "The dialog is closed",
    trigger: "body:not(:has(.modal))",
};

/** The buyer has rejected the invoice; the accountant has the rejection declined. */
registry.category("web_tour.tours").add("account_ereceipt_decline_rejection", {
    steps: () => [
        receiptIs("Rejected"),
        {
            content: "The sentence says so, with one button",
            trigger:
                "div[name=ereceipt_alerts] .alert-danger:contains(buyer rejected it) button[name=action_ereceipt_what_now]:contains(Choose a way)",
            run: "click",
        },
        {
            content: "Another document cannot be issued yet, and it is said why",
            trigger:
                ".modal div[name=way_correction]:contains(takes effect at):not(:has(button))",
        },
        {
            content: "Decline the rejection",
            trigger: ".modal div[name=way_decline] button[name=action_decline]",
            run: "click",
        },
        DIALOG_CLOSED,
        {
            content: "It is said that it was asked for, and nothing more is to be done",
            trigger:
                "div[name=ereceipt_alerts]:not(:has(button[name=action_ereceipt_what_now])) .alert-info:contains(asked to let it stand)",
        },
    ],
});

/** The accountant has a valid invoice cancelled at the authority. */
registry.category("web_tour.tours").add("account_ereceipt_request_cancel", {
    steps: () => [
        receiptIs("Valid"),
        {
            content: "Request the cancellation",
            trigger: ".o_statusbar_buttons button[name=button_request_cancel]",
            run: "click",
        },
        {
            content: "Choose the buyer's details",
            trigger: ".modal div[name=reason] label:contains(Wrong buyer details)",
            run: "click",
        },
        {
            content: "Ask to cancel",
            trigger: ".modal footer button[name=action_cancel]",
            run: "click",
        },
        DIALOG_CLOSED,
        receiptIs("Being cancelled"),
        {
            content: "It is said what was asked for",
            trigger: "div[name=ereceipt_alerts] .alert-info",
        },
        {
            content: "The invoice stands until the authority has decided",
            trigger: ".o_form_view .o_arrow_button_current:contains(Posted)",
        },
    ],
});

/** When the job has run: it is cancelled there and here. */
registry.category("web_tour.tours").add("account_ereceipt_cancelled", {
    steps: () => [
        receiptIs("Cancelled"),
        {
            content: "The invoice is cancelled as well",
            trigger: ".o_form_view .o_arrow_button_current:contains(Cancelled)",
        },
        {
            content: "Nothing is left to do",
            trigger: ".o_form_view:not(:has(div[name=ereceipt_alerts] .alert))",
        },
    ],
});

/** What becomes of the receipt meanwhile is shown on the form that is open. */
registry.category("web_tour.tours").add("account_ereceipt_watch_state", {
    steps: () => [
        receiptIs("Queued"),
        {
            content: "Somebody else has it sent, and asks",
            trigger: "body",
            async run() {
                const id = Number(location.pathname.split("/").pop());
                for (const token of ["watched-first", "watched-again"]) {
                    await rpc("/web/dataset/call_kw/account.move/ereceipt_send_now", {
                        model: "account.move",
                        method: "ereceipt_send_now",
                        args: [[id]],
                        kwargs: { token },
                    });
                }
            },
        },
        receiptIs("Valid"),
    ],
});
