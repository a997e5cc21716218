import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const SAVE = ".o_form_button_save:visible";

function openConfiguration(menu) {
    return [
        {
            content: "Open the configuration",
            trigger: "button[data-menu-xmlid='account_ereceipt.ereceipt_menu_configuration']",
            run: "click",
        },
        {
            content: `Open ${menu}`,
            trigger: `.o-dropdown-item[data-menu-xmlid='account_ereceipt.${menu}']`,
            run: "click",
        },
    ];
}

/** Choose, as a person does, a file that the server keeps at this address. */
async function upload(field, address) {
    const answer = await fetch(address);
    if (!answer.ok) {
        throw new Error(`There is no file at ${address}`);
    }
    const files = new DataTransfer();
    files.items.add(new File([await answer.blob()], address.split("/").pop()));
    const input = field.querySelector("input[type=file]");
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Click on an option of an open list until it is taken: a list that is loaded anew just
 * then takes no click. */
async function choose(field, name) {
    const input = document.querySelector(`div[name=${field}] input`);
    for (let tries = 0; tries < 50 && input.value !== name; tries++) {
        const options = document.querySelectorAll(".o-autocomplete--dropdown-item a");
        [...options].find((option) => option.textContent.trim() === name)?.click();
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

/** An administrator gives the company's key to the registration of its e-invoices. */
registry.category("web_tour.tours").add("account_ereceipt_set_up_key", {
    url: "/odoo",
    steps: () => [
        ...stepUtils.goToAppSteps("account_ereceipt.ereceipt_menu_root", "Open E-Receipts"),
        ...openConfiguration("ereceipt_menu_signing_keys"),
        {
            content: "New key",
            trigger: ".o_list_view .o_list_button_add",
            run: "click",
        },
        {
            content: "Name it",
            trigger: "div[name=name] input",
            run: "edit Company's seal",
        },
        {
            content: "It lies in a file unless something else is chosen",
            trigger: "div[name=kind] .o_radio_item:contains(File) input:checked",
        },
        {
            content: "Choose the file",
            trigger: "div[name=key_file]:contains(Upload your file)",
            async run() {
                await upload(this.anchor, "/ereceipt_tour/company.p12");
            },
        },
        {
            content: "It is chosen",
            trigger: "div[name=key_file]:has(.o_clear_file_button)",
        },
        {
            content: "Type a wrong password",
            trigger: "div[name=key_password] input",
            run: "edit not-this-one",
        },
        {
            content: "Save",
            trigger: SAVE,
            run: "click",
        },
        {
            content: "It is said that the password is wrong",
            trigger: ".modal:contains(The password does not open the file.) footer button",
            run: "click",
        },
        {
            content: "The file is still chosen; type the right password",
            trigger:
                ".o_form_view:has(div[name=key_file] .o_clear_file_button) div[name=key_password] input",
            run: "edit secret-p12",
        },
        {
            content: "Save",
            trigger: SAVE,
            run: "click",
        },
        {
            content: "The key can sign",
            trigger: "div[name=situation]:contains(Ready)",
        },
        {
            content: "Neither file nor password is kept",
            trigger: "div[name=key_file]:contains(Upload your file)",
        },
        {
            content: "Open the certificate",
            trigger: ".nav-link[name=certificate]",
            run: "click",
        },
        {
            content: "It is the company's",
            trigger: "div[name=subject]:contains(Company)",
        },
        {
            content: "It names the company's tax number",
            trigger: "div[name=tax_number]:contains(674859545)",
        },
        {
            content: "It says who issued it",
            trigger: "div[name=issuer]:contains(CA of certificates without value)",
        },
        ...openConfiguration("ereceipt_menu_registrations"),
        {
            content: "Open the registration of e-invoices",
            trigger: ".o_data_row:contains(e-Invoice) .o_data_cell[name=name]",
            run: "click",
        },
        {
            // typing would search once more
            content: "Open the list of keys",
            trigger: "div[name=signing_key_id] input",
            run: "click",
        },
        {
            content: "Choose the key",
            trigger: ".o-autocomplete--dropdown-item a:contains(Company's seal)",
            run: () => choose("signing_key_id", "Company's seal"),
        },
        ...stepUtils.saveForm(),
    ],
});
