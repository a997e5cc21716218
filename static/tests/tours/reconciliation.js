import { browser } from "@web/core/browser/browser";
import { download } from "@web/core/network/download";
import { registry } from "@web/core/registry";
import { downloadReport } from "@web/webclient/actions/reports/utils";

const ENGLISH = {
    amount: "Another amount",
    cancelled: "Cancelled there",
    missingHere: "Missing here",
    missingThere: "Missing there",
};
const ARABIC = {
    amount: "مبلغ آخر",
    cancelled: "ملغى هناك",
    missingHere: "مفقود هنا",
    missingThere: "مفقود هناك",
};
const LINES = "div[name=line_ids]";
const ROW = ".o_list_view tr.o_data_row";

/** A slow machine may need longer than ten seconds to load. */
function patiently(step) {
    return { ...step, timeout: 60000 };
}

/** A group of the list of differences: its kind and how many there are. */
function group(name, count) {
    return `.o_list_view .o_group_header:contains(${name} (${count}))`;
}

function openGroup(name, count) {
    return {
        content: `Open the ${count} of: ${name}`,
        trigger: `${group(name, count)}:not(.o_group_open)`,
        run: "click",
    };
}

/** Tick all rows of a kind, which have something to be done about. */
function tick(name, count) {
    const rows = `tr.o_data_row:contains(${name}):has(.badge.text-bg-danger)`;
    const steps = [];
    for (let ticked = 1; ticked <= count; ticked++) {
        steps.push(
            patiently({
                content: `Tick ${ticked} of: ${name}`,
                trigger: `.o_list_view ${rows}:not(.o_data_row_selected) .o_list_record_selector input`,
                run: "click",
            }),
            {
                content: "It is ticked",
                trigger:
                    ticked < count
                        ? `.o_list_view ${rows}.o_data_row_selected`
                        : `.o_list_view:not(:has(${rows}:not(.o_data_row_selected)))`,
            }
        );
    }
    return steps;
}

/** Nothing of what the list shows is open any more. */
function allAre(content, row) {
    return patiently({
        content,
        trigger: `body:not(:has(.modal)) .o_list_view:not(:has(.o_data_row .badge.text-bg-danger)) ${row}`,
    });
}

function closeGroup(name, count) {
    return {
        content: `Close: ${name}`,
        trigger: `${group(name, count)}.o_group_open`,
        run: "click",
    };
}

function press(method, content) {
    return {
        content,
        trigger: `.o_control_panel button[name=${method}]`,
        run: "click",
    };
}

/** Open the dialog from the list, and compare the last days. */
function compare() {
    return [
        patiently({
            content: "Reconcile",
            trigger: ".o_list_view .o_control_panel button.btn-primary[name]",
            run: "click",
        }),
        patiently({
            content: "The registration is there, and how it is compared",
            trigger: ".modal:has(div[name=registration_id]) div[name=way_text]:contains(/\\S/)",
        }),
        {
            content: "Not from the first of the month",
            trigger: ".modal div[name=date_from] button",
            run: "click",
        },
        {
            content: "But from the day before yesterday",
            trigger: ".modal div[name=date_from] input",
            run: "edit -2d && press Tab",
        },
        {
            content: "Compare",
            trigger: ".modal footer button[name=action_start]",
            run: "click",
        },
        patiently({
            content: "It is to be started by the job",
            trigger: ".o_form_view .o_arrow_button_current[data-value=draft]",
        }),
    ];
}

/** What differs is named, and done: one by one, and several at once. */
function remedy(terms) {
    const { amount, cancelled, missingHere, missingThere } = terms;
    return [
        patiently({
            content: "It is done, and there are differences",
            trigger: ".o_form_view .o_arrow_button_current[data-value=done]",
        }),
        ...Object.values(terms).map((name) => ({
            content: `The form names: ${name}`,
            trigger: `${LINES} .o_list_renderer:contains(${name})`,
        })),
        {
            content: "It says how many can be mended, and how many are to be explained",
            trigger: ".o_form_view .alert-warning div[name=open_text]:contains(/\\S/)",
        },
        ...["take", "adopt", "ask", "explain"].map((remedy) => ({
            content: `The lines on the form have a button to ${remedy}`,
            trigger: `${LINES} tr.o_data_row button[name=action_${remedy}]`,
        })),
        {
            content: "Open the differences",
            trigger: ".oe_stat_button[name=action_open_lines]",
            run: "click",
        },
        patiently(openGroup(cancelled, 2)),
        {
            content: "Take the answer of the first",
            trigger: `${ROW} button[name=action_take]`,
            run: "click",
        },
        patiently({
            content: "It is settled",
            trigger: `${ROW}:has(.badge.text-bg-success):not(:has(button[name=action_take]))`,
        }),
        {
            content: "Have the authority asked about the other",
            trigger: `${ROW}:has(.badge.text-bg-danger) button[name=action_ask]`,
            run: "click",
        },
        patiently({
            content: "It is begun",
            trigger: `${ROW}:has(.badge.text-bg-info):not(:has(button[name=action_ask]))`,
        }),
        closeGroup(cancelled, 2),
        openGroup(missingHere, 2),
        ...tick(missingHere, 2),
        press("action_adopt", "Adopt both"),
        allAre("Both are begun", ".o_data_row .badge.text-bg-info"),
        closeGroup(missingHere, 2),
        openGroup(missingThere, 1),
        ...tick(missingThere, 1),
        openGroup(amount, 1),
        ...tick(amount, 1),
        press("action_explain", "Explain both"),
        {
            content: "Say why",
            trigger: ".modal div[name=reason] input",
            run: "edit Agreed with the auditor",
        },
        {
            content: "Explain",
            trigger: ".modal footer button[name=action_explain]",
            run: "click",
        },
        allAre("Both are explained", ".o_data_row .badge.text-bg-success"),
    ];
}

/** Fetch a file, and say on the page which one it was; the browser of tests saves none. */
async function fetchFile(url, options, beginning) {
    const response = await fetch(url, options);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const header = response.headers.get("Content-Disposition") || "";
    if (!response.ok || !String.fromCharCode(...bytes.slice(0, 2)).startsWith(beginning)) {
        throw new Error(`${url} is no file: ${response.status} ${header}`);
    }
    document.body.dataset.file = header;
}

function catchFiles() {
    browser.open = (url) => {
        fetchFile(url, {}, "PK");
        return { closed: false };
    };
    // Odoo prints no PDF in tests, and hands over what it would be made of
    downloadReport.wkhtmltopdfStatusProm = Promise.resolve("ok");
    download._download = ({ url, data }) => {
        const body = new FormData();
        for (const [name, value] of Object.entries({ ...data, csrf_token: odoo.csrf_token })) {
            body.append(name, value);
        }
        return fetchFile(url, { method: "POST", body }, "<");
    };
}

/** Nothing is open any more, and what was compared can be had as files. */
function clean() {
    return [
        patiently({
            content: "Nothing is open",
            trigger: ".o_form_view .alert-success",
            run: catchFiles,
        }),
        {
            content: "Have it as a spreadsheet",
            trigger: ".o_statusbar_buttons button[name=action_report_xlsx]",
            run: "click",
        },
        patiently({
            content: "It is a file",
            trigger: "body[data-file*='.xlsx']",
        }),
        {
            content: "Print it",
            trigger: ".o_statusbar_buttons button[name=action_report_pdf]",
            run: "click",
        },
        patiently({
            content: "It is a file",
            trigger: "body[data-file*='.pdf']",
        }),
    ];
}

const tours = registry.category("web_tour.tours");
tours.add("account_ereceipt_reconcile", { steps: compare });
tours.add("account_ereceipt_reconcile_remedy", { steps: () => remedy(ENGLISH) });
tours.add("account_ereceipt_reconcile_remedy_rtl", {
    steps: () => [
        {
            content: "It is written from right to left",
            trigger: "body.o_rtl",
        },
        ...remedy(ARABIC),
    ],
});
tours.add("account_ereceipt_reconcile_clean", { steps: clean });
tours.add("account_ereceipt_reconcile_watch", {
    steps: () => [
        patiently({
            content: "It has begun",
            trigger: "div[name=progress]:contains(10)",
        }),
        patiently({
            content: "It is further, and nobody has pressed anything",
            trigger: "div[name=progress]:contains(40)",
        }),
    ],
});
