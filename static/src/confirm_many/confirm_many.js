import { Component, reactive, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { registry } from "@web/core/registry";

/** Shows how far the confirming of many invoices is, and lets a person stop it. */
export class ConfirmManyDialog extends Component {
    static template = "account_ereceipt.ConfirmManyDialog";
    static components = { Dialog };
    static props = {
        close: Function,
        progress: Object,
        stop: String,
        title: String,
    };

    setup() {
        this.progress = useState(this.props.progress);
    }
}

/**
 * Confirms many invoices group by group, each in a request and thus in a transaction
 * of its own: what is done stays done, whatever happens to the next group. The server
 * knows which are left, so a request that is carried out twice confirms nothing twice.
 */
export async function confirmMany(env, action) {
    const { confirmation_id: id, context, stop, text, title } = action.params;
    const { dialog, orm } = env.services;
    const call = (method) => orm.call("ereceipt.confirmation", method, [[id]], { context });
    const progress = reactive({ left: 0, percent: 0, stopping: false, text });
    const close = dialog.add(
        ConfirmManyDialog,
        { progress, stop, title },
        { onClose: () => (progress.stopping = true) }
    );
    try {
        do {
            Object.assign(progress, await call("confirm_group"));
        } while (progress.left && !progress.stopping);
    } catch (error) {
        // Shown by Odoo as any error; what was confirmed before is told all the same.
        Promise.reject(error);
    } finally {
        close();
    }
    return call("conclude");
}

registry.category("actions").add("account_ereceipt.confirm_many", confirmMany);
