import { registry } from "@web/core/registry";

import { confirm, receiptIs } from "./steps";

const OPEN_TAB = {
    content: "Open the receipt's page",
    trigger: ".nav-link[name=ereceipt]",
    run: "click",
};
const DIALOG_CLOSED = {
    content: "The dialog is closed",
    trigger: "body:not(:has(.modal))",
};
const TELL = {
    content: "Tell the authority",
    trigger: ".modal footer button[name=action_apply]",
    run: "click",
};

function chooseMeans(name) {
    return {
        content: `Choose ${name}`,
        trigger: `.modal div[name=means] .o_radio_item:contains(${name}) label`,
        run: "click",
    };
}

/** Throw unless an element's text, without what stands around it, has a form. */
function expectText(element, form) {
    const text = element.textContent.trim();
    if (!form.test(text)) {
        throw new Error(`“${text}” is not ${form}`);
    }
}

/** A draft is confirmed, and has its JIR at once; the customer pays by card and not in
 * cash. */
registry.category("web_tour.tours").add("account_ereceipt_hr_confirm_and_change_payment", {
    steps: () => [
        confirm(),
        receiptIs("Valid"),
        OPEN_TAB,
        {
            content: "It has its number",
            trigger: "div[name=ereceipt_authority_number]:contains(1/POSL1/1)",
        },
        {
            content: "It has its JIR",
            trigger: "div[name=ereceipt_uuid]",
            run() {
                expectText(this.anchor, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/);
            },
        },
        {
            content: "It has its security code",
            trigger: "div[name=hr_security_code]",
            run() {
                expectText(this.anchor, /^[0-9a-f]{32}/);
            },
        },
        {
            content: "It is registered as paid in cash",
            trigger: "div[name=hr_registered_payment]:contains(Cash)",
        },
        {
            content: "Change the payment",
            trigger: ".o_statusbar_buttons button[name=action_hr_change]",
            run: "click",
        },
        {
            content: "What is registered is chosen",
            trigger: ".modal div[name=means] .o_radio_item:contains(Cash) input:checked",
        },
        TELL,
        {
            content: "Nothing is different: it is said so",
            trigger:
                ".modal:contains(Nothing is different from what was registered) footer button",
            run: "click",
        },
        chooseMeans("Card"),
        TELL,
        DIALOG_CLOSED,
        {
            content: "It is said that the authority is told",
            trigger: ".o_notification:contains(The tax authority is told)",
        },
        receiptIs("Valid"),
    ],
});

/** When the job has run: it was reported. */
registry.category("web_tour.tours").add("account_ereceipt_hr_payment_changed", {
    steps: () => [
        receiptIs("Valid"),
        OPEN_TAB,
        {
            content: "It is registered as paid by card",
            trigger: "div[name=hr_registered_payment]:contains(Card)",
        },
        {
            content: "The history tells that it was reported",
            trigger:
                ".o-mail-Message:contains(Done at the tax authority: Change of the payment means)",
        },
    ],
});

/** A guest leaves a tip after the receipt. */
registry.category("web_tour.tours").add("account_ereceipt_hr_tip", {
    steps: () => [
        receiptIs("Valid"),
        {
            content: "A tip was given",
            trigger: ".o_statusbar_buttons button[name=action_hr_tip]",
            run: "click",
        },
        {
            content: "Type how much",
            trigger: ".modal div[name=tip] input",
            run: "edit 2.50",
        },
        chooseMeans("Card"),
        TELL,
        DIALOG_CLOSED,
        receiptIs("Valid"),
    ],
});

registry.category("web_tour.tours").add("account_ereceipt_hr_tip_reported", {
    steps: () => [
        receiptIs("Valid"),
        OPEN_TAB,
        {
            content: "The authority has the tip",
            trigger: "div[name=hr_registered_tip]:contains(2.50)",
        },
        {
            content: "The receipt is paid as it was",
            trigger: "div[name=hr_registered_payment]:contains(Cash)",
        },
    ],
});
