import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

/** A slow machine may need longer than ten seconds to load. */
function patiently(step) {
    return { ...step, timeout: 60000 };
}

function tileShows(label, count) {
    return patiently({
        content: `${label}: ${count}`,
        trigger: `.o_ereceipt_tile[data-tile='${label}'] .fs-2:contains(/^${count}$/)`,
    });
}

function back(to) {
    return patiently({
        content: `Go back to the ${to}`,
        trigger: ".o_breadcrumb .o_back_button a",
        run: "click",
    });
}

/** From the app's icon to what needs a person, one of them, its history, and back. */
registry.category("web_tour.tours").add("account_ereceipt_cockpit", {
    steps: () => [
        ...stepUtils.goToAppSteps("account_ereceipt.ereceipt_menu_root", "Open E-Receipts"),
        tileShows("Needs a person", 1),
        tileShows("On the way", 1),
        {
            content: "The error is told with its cure",
            trigger: ".o_ereceipt_section[data-section=errors] li:contains('Rule42T1'):contains('can mend it')",
        },
        {
            content: "Look at today",
            trigger: "button[data-days='1']:not(.active)",
            run: "click",
        },
        patiently({
            content: "It is today",
            trigger: "button[data-days='1'].active[aria-pressed=true]",
        }),
        {
            content: "Open what was refused, by its cell",
            trigger: ".o_ereceipt_table td[data-column=refused] button:contains(/^1$/)",
            run: "click",
        },
        patiently({
            content: "The list has that document",
            trigger: ".o_list_view .o_data_row:contains('Refused') td[name=name]",
            run: "click",
        }),
        patiently({
            content: "Open its history",
            trigger: ".nav-link[name=history]",
            run: "click",
        }),
        {
            content: "It tells when it was issued, sent and decided",
            trigger: "div[name=history] table:contains('frozen'):contains('Send'):contains('Decided: Refused')",
        },
        back("list"),
        patiently({
            content: "The list is there again",
            trigger: ".o_list_view .o_data_row:contains('Refused')",
        }),
        back("overview"),
        patiently({
            content: "The overview is as it was left",
            trigger: "button[data-days='1'].active",
        }),
        tileShows("Needs a person", 1),
    ],
});

/** Nothing is registered yet: what to do first, and the way there. */
registry.category("web_tour.tours").add("account_ereceipt_cockpit_start", {
    steps: () => [
        patiently({
            content: "Begin",
            trigger: ".o_ereceipt_start button.btn-primary",
            run: "click",
        }),
        patiently({
            content: "A registration is made",
            trigger: ".o_form_view div[name=authority]",
        }),
    ],
});
