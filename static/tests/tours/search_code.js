import { registry } from "@web/core/registry";

const row = (name) => `.o_list_view .o_data_row:contains(${name})`;

/** From what lacks a code: one is looked up at the authority, one is suggested. */
registry.category("web_tour.tours").add("account_ereceipt_search_code", {
    steps: () => [
        {
            content: "Choose a product",
            trigger: `${row("Black tea")} .o_list_record_selector input`,
            run: "click",
        },
        {
            content: "Search for its code",
            trigger: ".o_control_panel button:contains(Search ETA)",
            run: "click",
        },
        {
            content: "The product and its name are there: ask ETA",
            trigger:
                ".modal:has(div[name=product_ids] .o_tag:contains(Black tea)) button[name=action_search]",
            run: "click",
        },
        {
            content: "A code of somebody else has to be asked for",
            trigger:
                ".modal .o_data_row:contains(EG-313717919-TEA) button:contains(Ask to use)",
        },
        {
            content: "Use our own",
            trigger:
                ".modal .o_data_row:contains(EG-674859545-TEA) button[name=action_use]:contains(Use)",
            run: "click",
        },
        {
            content: "It is said",
            trigger: ".o_notification:contains(EG-674859545-TEA)",
        },
        {
            content: "The product lacks nothing any more",
            trigger: "body:not(:has(.modal)) .o_list_view:not(:contains(Black tea))",
        },
        {
            content: "Another one has a suggestion, with its reason",
            trigger: `${row("Office chair, black")}:contains(like Office chair) button[name=action_use_suggestion]`,
            run: "click",
        },
        {
            content: "It lacks nothing any more either",
            trigger: ".o_list_view:not(:contains(Office chair, black))",
        },
    ],
});
