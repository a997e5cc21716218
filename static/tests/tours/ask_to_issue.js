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
            trigger: ".o_form_view:not(:has(.o_arrow_button_current:visible))",
        },
        {
            content: "Look for the invoice",
            trigger: "div[name=move_id] input",
            run: "click",
        },
        {
            content: "Choose it",
            trigger: ".o-autocomplete--dropdown-item a:not(:contains(Search))",
            run: "click",
        },
        {
            content: "The buyer is there",
            trigger: "div[name=buyer_number] input:value(/^[0-9A-Z]{18}$/)",
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
            content: "Open the invoice",
            trigger: "div[name=move_id] a, a[name=move_id], div[name=move_id] .o_form_uri",
            run: "click",
        },
        {
            content: "It is the invoice, which leads back to the request",
            trigger: "button[name=action_ereceipt_open_requests]",
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
