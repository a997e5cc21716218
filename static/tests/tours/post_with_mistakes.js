import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const LINES = "div[name=invoice_line_ids]";

function signIn(login) {
    return [
        {
            content: "Type the login",
            trigger: "input#login",
            run: `edit ${login}`,
        },
        {
            content: "Type the password",
            trigger: "input#password",
            run: `edit ${login}`,
        },
        {
            content: "Sign in",
            trigger: "form.oe_login_form button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
    ];
}

function openInvoices() {
    return [
        ...stepUtils.goToAppSteps("account.menu_finance", "Open Invoicing"),
        {
            content: "Open the menu of customers",
            trigger: "button[data-menu-xmlid='account.menu_finance_receivables']",
            run: "click",
        },
        {
            content: "Open the invoices",
            trigger:
                ".o-dropdown-item[data-menu-xmlid='account.menu_action_move_out_invoice_type']",
            run: "click",
        },
    ];
}

function enterInvoice(customer, product, price) {
    return [
        {
            content: "New invoice",
            trigger: ".o_list_view .o_list_button_add",
            run: "click",
        },
        {
            content: "Type the customer",
            trigger: "div[name=partner_id] input",
            run: `edit ${customer}`,
        },
        {
            content: "Choose the customer",
            trigger: `.o-autocomplete--dropdown-item a:contains(${customer})`,
            run: "click",
        },
        {
            content: "Add a line",
            trigger: `${LINES} .o_field_x2many_list_row_add a:contains(Add a line)`,
            run: "click",
        },
        {
            content: "Open the list of columns",
            trigger: `${LINES} .o_optional_columns_dropdown_toggle`,
            run: "click",
        },
        {
            content: "Show the column of products",
            trigger: ".o-dropdown-item input[name=product_id]",
            run: "click",
        },
        {
            content: "Close the list of columns",
            trigger: `${LINES} .o_optional_columns_dropdown_toggle`,
            run: "click",
        },
        {
            content: "Type the product",
            trigger: `${LINES} .o_selected_row div[name=product_id] input`,
            run: `edit ${product}`,
        },
        {
            content: "Choose the product",
            trigger: `.o-autocomplete--dropdown-item a:contains(${product})`,
            run: "click",
        },
        {
            content: "Enter the price",
            trigger: `${LINES} .o_selected_row div[name=price_unit] input`,
            run: `edit ${price} && press Tab`,
        },
    ];
}

function confirm() {
    return {
        content: "Confirm the invoice",
        trigger: ".o_statusbar_buttons button[name=action_post]:not(.d-none)",
        run: "click",
    };
}

function backToInvoice() {
    return {
        content: "Go back to the invoice",
        trigger: ".o_back_button, .breadcrumb .o_back_button a",
        run: "click",
    };
}

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
        {
            content: "Open the product's codes",
            trigger: ".o_form_view .nav-link[name=ereceipt]",
            run: "click",
        },
        {
            content: "Add a code",
            trigger: "div[name=ereceipt_mapping_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            content: "Type the code system",
            trigger: "div[name=ereceipt_mapping_ids] div[name=scheme_id] input",
            run: "edit EGS",
        },
        {
            content: "Choose the code system",
            trigger: ".o-autocomplete--dropdown-item a:contains(EGS)",
            run: "click",
        },
        {
            content: "Type the code",
            trigger: "div[name=ereceipt_mapping_ids] div[name=code] input",
            run: "edit EG-674859545-CLOCK && press Tab",
        },
        ...stepUtils.saveForm(),
        backToInvoice(),
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
        {
            content: "It is posted and its receipt goes to the authority",
            trigger: "div[name=ereceipt_badge] .badge:contains(Queued)",
        },
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
        {
            content: "So does the form",
            trigger: "div[name=ereceipt_badge] .badge:contains(Valid)",
        },
        {
            content: "Open the receipt's tab",
            trigger: ".nav-link[name=ereceipt]",
            run: "click",
        },
        {
            content: "See the QR code",
            trigger: "div[name=ereceipt_qr_image] img[src*='ereceipt_qr_image'], div[name=ereceipt_qr_image] img[src^='data:image/png']",
        },
    ],
});
