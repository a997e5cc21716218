import { registry } from "@web/core/registry";

const openForm = {
    content: "Open the form of the title",
    trigger: "a[name=ereceipt_title]",
    run: "click",
    expectUnloadPage: true,
};

/** The customer mistypes his tax number, is told so, and mends it. */
registry.category("web_tour.tours").add("account_ereceipt_title", {
    steps: () => [
        openForm,
        {
            content: "Who buys is a company",
            trigger: "#ereceipt_buyer_kind_company",
            run: "check",
        },
        {
            content: "Type the name",
            trigger: "#ereceipt_buyer_name",
            run: "edit 浏览器有限公司",
        },
        {
            content: "Mistype the number",
            trigger: "#ereceipt_buyer_number",
            run: "edit 91110108551385082X",
        },
        {
            content: "Choose the kind",
            trigger: "#ereceipt_cn_fapiao_kind",
            run: "select 81",
        },
        {
            content: "Send it",
            trigger: "form[name=ereceipt_title] button[name=send]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The mistake is told, and the name is still there",
            trigger: "div[name=wrong]:contains(cannot be right)",
        },
        {
            content: "Mend the number",
            trigger: "#ereceipt_buyer_number",
            run: "edit 9111 0108 551385082q",
        },
        {
            content: "Send it again",
            trigger: "form[name=ereceipt_title] button[name=send]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is there",
            trigger: "div[name=kept]:contains(we have your invoice title)",
        },
        {
            content: "It can still be changed",
            trigger: "#ereceipt_buyer_number",
        },
    ],
});

/** Once it is issued, the page says so and has no form. */
registry.category("web_tour.tours").add("account_ereceipt_title_stands", {
    steps: () => [
        {
            content: "It is issued already",
            trigger: "div[name=sentence]:contains(cannot be changed any more)",
        },
        {
            content: "There is no form",
            trigger: "body:not(:has(form[name=ereceipt_title]))",
        },
    ],
});
