import { registry } from "@web/core/registry";

import { receiptIs } from "./steps";

const lamp = (name, level) =>
    `div[name=ereceipt_lamps] [data-lamp=${name}][data-level=${level}]`;

/** The customer opens the link of a sale that was issued anew, and is led on. */
registry.category("web_tour.tours").add("account_ereceipt_customer_led_on", {
    steps: () => [
        {
            content: "Another one took its place: follow the link",
            trigger: "[name=ereceipt_replaced] a",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "This one is issued and on its way",
            trigger: "[name=ereceipt_status]:contains(on its way)",
        },
        {
            content: "It has a code to scan",
            trigger: "div[name=ereceipt] img[alt='QR code']",
        },
        {
            content: "There is the original",
            trigger: "a[name=ereceipt_file]:contains(electronic original)",
        },
    ],
});

/** He sees that it is valid, and tells that he has paid. */
registry.category("web_tour.tours").add("account_ereceipt_customer_paid", {
    steps: () => [
        {
            content: "It is valid",
            trigger: "[name=ereceipt_status]:contains(Registered with the tax authority)",
        },
        {
            content: "The authority has a page of it",
            trigger: "a[name=ereceipt_authority]",
        },
        {
            content: "He has paid",
            trigger: "div[name=ereceipt_paid] a:contains(I have paid)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Type the reference",
            trigger: "#ereceipt_reference",
            run: "edit TRF 4711",
        },
        {
            content: "Type the amount",
            trigger: "#ereceipt_amount",
            run: "edit 114",
        },
        {
            content: "Send it",
            trigger: "form[name=ereceipt_paid] button[name=send]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It was taken, and cannot be told once more",
            trigger: "div[name=kept]:contains(Thank you)",
        },
        {
            content: "There is no form any more",
            trigger: "body:not(:has(form[name=ereceipt_paid]))",
        },
    ],
});

/** The accountant sees the lamps, looks for the payment, and notes that he has. */
registry.category("web_tour.tours").add("account_ereceipt_lamps", {
    steps: () => [
        receiptIs("Valid"),
        {
            content: "The authority's lamp is lit, in words as well",
            trigger: `${lamp("valid", "on")}:contains(Valid)`,
        },
        {
            content: "The customer has opened it",
            trigger: `${lamp("delivered", "on")}:contains(Opened by the customer)`,
        },
        {
            content: "The customer says that he has paid",
            trigger: lamp("told", "half"),
        },
        {
            content: "The money is not there",
            trigger: lamp("money", "off"),
        },
        {
            content: "What he said stands above the invoice",
            trigger: "div[name=ereceipt_said_paid]:contains(TRF 4711)",
        },
        {
            content: "Look for the payment",
            trigger: "button[name=action_ereceipt_paid_find]",
            run: "click",
        },
        {
            content: "Nothing is there yet",
            trigger: ".o_breadcrumb:contains(What may be the payment)",
        },
        {
            content: "Go back to the invoice",
            trigger: ".o_back_button a, .breadcrumb .o_back_button a, .o_back_button",
            run: "click",
        },
        {
            content: "Note that somebody has looked",
            trigger: "button[name=action_ereceipt_paid_seen]",
            run: "click",
        },
        {
            content: "It is noted",
            trigger: `${lamp("told", "half")}:contains(Seen)`,
        },
    ],
});

/** In the list each lamp says in words what it means. */
registry.category("web_tour.tours").add("account_ereceipt_lamps_list", {
    steps: () => [
        {
            content: "The lamps stand in the list, with words for who sees no pictures",
            trigger:
                ".o_data_row [data-lamp=told][role=img][aria-label^='Customer says paid']",
        },
        {
            content: "There are four",
            trigger: ".o_data_row:has([data-lamp=valid]):has([data-lamp=delivered]):has([data-lamp=money])",
        },
    ],
});
