import { registry } from "@web/core/registry";

import { confirm, enterInvoice, openInvoices, receiptIs, signIn } from "./steps";

const LOGIN = "ereceipt_tour_china";

/** A slow machine may need longer than ten seconds to load or to post. */
function patiently(step) {
    return { ...step, timeout: 60000 };
}

const OPEN_TAB = {
    content: "Open the fapiao's page",
    trigger: ".nav-link[name=ereceipt]",
    run: "click",
};
const HAS_NUMBER = {
    content: "It has its number of twenty digits",
    trigger: "div[name=ereceipt_uuid]",
    run() {
        const text = this.anchor.textContent.trim();
        if (!/^[0-9]{20}/.test(text)) {
            throw new Error(`“${text}” is no number of a fapiao`);
        }
    },
};
const HAS_QR = {
    content: "It has its QR code",
    trigger: "div[name=ereceipt_qr_address] img",
};

/** Throw unless a text of several lines has so many, each with a number. */
function linesWithNumbers(name, count) {
    return {
        content: `${count} lines with numbers`,
        trigger: `div[name=${name}]`,
        run() {
            const found = this.anchor.textContent.match(/[0-9]{20}/g) || [];
            if (new Set(found).size !== count) {
                throw new Error(`“${this.anchor.textContent}” has not ${count} numbers`);
            }
        },
    };
}

/** Signed in, made, confirmed: the job has it. */
function make(price) {
    return [
        ...signIn(LOGIN),
        ...openInvoices(),
        ...enterInvoice("Test Buyer", "Wall clock", price),
        confirm(),
        patiently(receiptIs("Queued")),
    ];
}

registry.category("web_tour.tours").add("account_ereceipt_cn_make_one", {
    steps: () => make("80"),
});

/** More than one fapiao may have. */
registry.category("web_tour.tours").add("account_ereceipt_cn_make_split", {
    steps: () => make("250"),
});

/** A fapiao is taken back: from the invoice's button to the confirmed credit note. */
registry.category("web_tour.tours").add("account_ereceipt_cn_make_red", {
    steps: () => [
        ...signIn(LOGIN),
        ...openInvoices(),
        {
            content: "Open the invoice",
            trigger: ".o_list_view .o_data_row td[name=name]",
            run: "click",
        },
        patiently(receiptIs("Valid")),
        {
            content: "Take it back",
            trigger: ".o_statusbar_buttons button[name=action_reverse]",
            run: "click",
        },
        {
            content: "Make the credit note",
            trigger: ".modal footer button[name=refund_moves]",
            run: "click",
        },
        {
            content: "It could be said why",
            trigger: "div[name=cn_red_reason]",
        },
        confirm(),
        patiently(receiptIs("Queued")),
    ],
});

/** When the job has run: number and QR code are there. */
registry.category("web_tour.tours").add("account_ereceipt_cn_see_valid", {
    steps: () => [patiently(receiptIs("Valid")), OPEN_TAB, HAS_NUMBER, HAS_QR],
});

/** The same of an order that was split: all of its fapiao stand on the invoice. */
registry.category("web_tour.tours").add("account_ereceipt_cn_see_split", {
    steps: () => [
        patiently(receiptIs("Valid")),
        OPEN_TAB,
        HAS_NUMBER,
        HAS_QR,
        linesWithNumbers("cn_fapiao_text", 3),
    ],
});

/** The dialog in which the clerk logs in, with a code to be scanned. */
function getCode() {
    return [
        patiently({
            content: "Log in",
            trigger: "div[name=ereceipt_alerts] button[name=action_ereceipt_what_now]:contains(Log in)",
            run: "click",
        }),
        patiently({
            content: "The clerk is not logged in: get a code",
            trigger: ".modal:contains(is not logged in) button[name=action_get_code]",
            run: "click",
        }),
        patiently({
            content: "It is there",
            trigger: ".modal div[name=qr_image] img",
        }),
    ];
}

/** The bureau takes a moment: the code appears by itself. */
registry.category("web_tour.tours").add("account_ereceipt_cn_get_code", {
    steps: () => {
        const steps = getCode();
        steps.splice(-1, 0, {
            content: "It is being made",
            trigger: ".modal:contains(in a moment) .fa-spinner[data-state=code]",
        });
        return steps;
    },
});

/** The code is still good; the login comes to its end by itself. */
registry.category("web_tour.tours").add("account_ereceipt_cn_scanned", {
    steps: () => [
        ...getCode(),
        {
            content: "It was scanned",
            trigger: ".modal button[name=action_scanned]",
            run: "click",
        },
        {
            content: "The login takes a moment",
            trigger: ".modal .fa-spinner[data-state=login]",
        },
        patiently({
            content: "The clerk is logged in",
            trigger: ".modal .alert-success:contains(is logged in)",
        }),
    ],
});
