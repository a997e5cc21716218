import { xml } from "@odoo/owl";
import { registry } from "@web/core/registry";

import { Watch } from "./watch";

/** Has the server look for what a form awaits (its method "look_again"), until it is
 * there or the server gives up. */
export class LookAgain extends Watch {
    static template = xml`
        <i t-if="state" class="fa fa-spinner fa-spin me-2" role="status" t-att-data-state="state"/>`;
    static pace = { first: 1000, last: 3000, slower: 1.2 };

    get state() {
        return this.props.record.data.awaited;
    }

    look(id) {
        return this.orm.silent.call(this.props.record.resModel, "look_again", [[id]]);
    }
}

registry.category("view_widgets").add("ereceipt_look_again", {
    component: LookAgain,
    fieldDependencies: [{ name: "awaited", type: "selection" }],
});
