import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

import {
    backToInvoice,
    confirm,
    enterInvoice,
    mendCode,
    openInvoices,
    receiptIs,
    signIn,
} from "./steps";

/** An accountant's invoice with two mistakes: sees both, mends them, confirms. */
registry.category("web_tour.tours").add("account_ereceipt_post_with_mistakes", {
    url: "/web/login",
    steps: () => [
        ...signIn("ereceipt_tour"),
        ...openInvoices(),
        ...enterInvoice("Ahmed Ali", "Wall clock", "200000"),
        confirm(),
        {
            content: "The item code is missing",
            trigger: ".modal .alert:contains(Wall clock):contains(item code)",
        },
        {
            content: "The customer's identity number is missing as well",
            trigger: ".modal .alert:contains(national identity number):contains(Ahmed Ali)",
        },
        {
            content: "There is nothing else",
            trigger: ".modal .modal-body",
            run() {
                const found = this.anchor.querySelectorAll(".alert").length;
                if (found !== 2) {
                    throw new Error(`${found} problems are shown instead of 2`);
                }
            },
        },
        {
            content: "Follow the link to the product",
            trigger: ".modal .alert:contains(item code) a",
            run: "click",
        },
        {
            content: "The product is open",
            trigger: ".o_breadcrumb .active:contains(Wall clock)",
        },
        ...mendCode("EG-674859545-CLOCK"),
        {
            content: "The form says what is left, and only that",
            trigger:
                "div[name=ereceipt_problems]:not(:contains(item code)) .alert:contains(national identity number) a",
            run: "click",
        },
        {
            content: "The customer is open",
            trigger: ".o_breadcrumb .active:contains(Ahmed Ali)",
        },
        {
            content: "Enter the identity number",
            trigger: ".o_form_view div[name=ereceipt_identity] input",
            run: "edit 29001011234567",
        },
        ...stepUtils.saveForm(),
        backToInvoice(),
        {
            content: "Nothing is wrong any more",
            trigger: ".o_form_view:has(button[name=action_post]):not(:has(.alert-danger))",
        },
        confirm(),
        receiptIs("Queued"),
    ],
});

/** The same accountant, when the jobs have run: it is valid, with its QR code. */
registry.category("web_tour.tours").add("account_ereceipt_see_valid", {
    url: "/odoo",
    steps: () => [
        ...openInvoices(),
        {
            content: "The list says that it is valid; open it",
            trigger: ".o_data_row:has(.badge:contains(Valid)) td[name=name]",
            run: "click",
        },
        receiptIs("Valid"),
        {
            content: "Open the receipt's tab",
            trigger: ".nav-link[name=ereceipt]",
            run: "click",
        },
        {
            content: "See the QR code",
            trigger: "div[name=ereceipt_qr_address] img[src*='ereceipt_qr_image']",
        },
    ],
});
