import { stepUtils } from "@web_tour/tour_utils";

const LINES = "div[name=invoice_line_ids]";

export function signIn(login) {
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

export function openInvoices() {
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

export function enterInvoice(customer, product, price) {
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

export function confirm() {
    return {
        content: "Confirm the invoice",
        trigger: ".o_statusbar_buttons button[name=action_post]:not(.d-none)",
        run: "click",
    };
}

export function backToInvoice() {
    return {
        content: "Go back to the invoice",
        trigger: ".o_back_button, .breadcrumb .o_back_button a",
        run: "click",
    };
}

/** On a product's form, at its codes. */
function enterCode(code) {
    return [
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
            run: `edit ${code} && press Tab`,
        },
    ];
}

/** The product that lacks its code is open at its codes: enter it, and go back. */
export function mendCode(code) {
    return [
        {
            content: "The product is open at its codes",
            trigger: ".o_form_view .nav-link.active[name=ereceipt]",
        },
        ...enterCode(code),
        ...stepUtils.saveForm(),
        backToInvoice(),
    ];
}

export function receiptIs(state) {
    return {
        content: `The invoice says that its receipt is: ${state}`,
        trigger: `div[name=ereceipt_badge] .badge:contains(${state})`,
    };
}
