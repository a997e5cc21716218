import { registry } from "@web/core/registry";

/** An accountant chooses every draft of the list and confirms them. */
registry.category("web_tour.tours").add("account_ereceipt_confirm_many", {
    steps: () => [
        {
            content: "Choose all",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Open the actions",
            trigger: ".o_cp_action_menus .dropdown-toggle:contains(Actions)",
            run: "click",
        },
        {
            content: "Confirm them",
            trigger: ".o-dropdown-item:contains(Confirm Entries)",
            run: "click",
        },
        {
            content: "It is said how it ended, and what is wrong with one",
            trigger:
                ".modal:contains(6 were confirmed):contains(1 cannot be confirmed yet) .alert:contains(item code)",
        },
        {
            content: "Close",
            trigger: ".modal footer button:contains(Close)",
            run: "click",
        },
        {
            content: "The list shows the new states",
            trigger: "body:not(:has(.modal)) .o_list_view .o_data_row:has(.badge:contains(Queued))",
        },
    ],
});
