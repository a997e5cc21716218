import { registry } from "@web/core/registry";

/** A month that does not agree: the tax that differs, its documents, and the invoice
 * that nobody reported. */
registry.category("web_tour.tours").add("account_ereceipt_tie_out", {
    steps: () => [
        {
            content: "Something has to be looked into",
            trigger: ".o_form_view .alert-danger:contains(Differences to look into)",
        },
        {
            content: "The tax has its figures",
            trigger: ".o_list_renderer tr.o_data_row:contains(T1 / V009 14 %)",
        },
        {
            content: "Open what makes the difference",
            trigger: "tr.o_data_row:contains(V009) button[name=action_open_differences]",
            run: "click",
        },
        {
            content: "Open the reason",
            trigger: ".o_group_header:contains(Not reported)",
            run: "click",
        },
        {
            content: "Open the invoice",
            trigger: "tr.o_data_row button[name=action_open_move]",
            run: "click",
        },
        {
            content: "It is the invoice",
            trigger: ".o_form_view .o_last_breadcrumb_item:contains(WEB)",
        },
    ],
});

/** Throw where a figure of the list is cut off. */
function nothingCutOff() {
    const cells = [...document.querySelectorAll(".o_list_view .o_list_number")];
    const cut = cells.filter((cell) => cell.scrollWidth > cell.clientWidth);
    if (cut.length) {
        throw new Error(`Cut off: ${cut.map((cell) => cell.textContent).join(", ")}`);
    }
}

/** What is valid and not paid, by age, then as money by week. */
registry.category("web_tour.tours").add("account_ereceipt_unpaid", {
    steps: () => [
        {
            content: "The sum of two invoices can be read",
            trigger: ".o_list_view tfoot .o_list_number:contains(112,592,)",
            run: nothingCutOff,
        },
        {
            content: "Open those that are overdue for long",
            trigger: ".o_group_header:contains(Older)",
            run: "click",
        },
        {
            content: "Open the invoice",
            trigger: "tr.o_data_row td[name=due_on]",
            run: "click",
        },
        {
            content: "It is an invoice",
            trigger: ".o_form_view .o_form_statusbar",
        },
    ],
});
