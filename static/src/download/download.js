import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";

/**
 * Downloads what a button has made, and reads its form anew: the address of a file alone
 * would leave the form as it was before.
 */
registry.category("actions").add("ereceipt_download", (_env, action) => {
    browser.location.assign(action.params.url);
    return { type: "ir.actions.act_window_close" };
});
