import { registry } from "@web/core/registry";

/** A salesperson asks for an invoice, from the list of requests. */
registry.category("web_tour.tours").add("account_ereceipt_ask_to_issue", {
    steps: () => [
        {
            content: "Make a request",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "It is not asked yet",
            trigger: ".o_form_view:not(:has(.o_arrow_button_current))",
        },
        {
            content: "Look for the invoice",
            trigger: "div[name=move_id] input",
            run: "click",
        },
        {
            content: "Choose it",
            trigger: ".o-autocomplete--dropdown-item a:contains(INV/)",
            run: "click",
        },
        {
            content: "Ask",
            trigger: "button[name=action_ask]",
            run: "click",
        },
        {
            content: "It is said",
            trigger: ".o_notification:contains(You have asked)",
        },
        {
            content: "It is asked",
            trigger: ".o_arrow_button_current:contains(Asked)",
        },
        {
            content: "Nothing is left to be saved",
            trigger: "body:not(:has(button[name=action_ask]))",
        },
        {
            content: "The invoice's own form is for accounting",
            trigger: "div[name=move_id]:not(:has(a)):contains(INV/)",
        },
    ],
});

/** A clerk hands a file over: the form is that of a file that is gone. */
registry.category("web_tour.tours").add("account_ereceipt_hand_over", {
    steps: () => [
        {
            content: "What the file says is shown",
            trigger: "div[name=good_row_ids] td[name=content]:contains(·)",
        },
        {
            content: "Hand it over",
            trigger: "button[name=action_hand_over]",
            run: "click",
        },
        {
            content: "Go on",
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "It is done",
            trigger: ".o_arrow_button_current:contains(Done)",
        },
        {
            content: "It cannot be called off any more",
            trigger: "body:not(:has(button[name=action_cancel]))",
        },
    ],
});
