import { registry } from "@web/core/registry";

/**
 * Sends (or asks about) the document of one invoice while the person waits.
 *
 * This is a second request, after the one that issued the document: the server calls
 * the authority in it with nothing of the first one left uncommitted. The token lets a
 * re-run of the request find what it had claimed before. `crypto.randomUUID` would be
 * shorter, but browsers have it on encrypted connections only.
 */
function newToken() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function sendNow(env, action) {
    const { move_id: moveId, waiting, next } = action.params;
    const { notification, orm, ui } = env.services;
    ui.block({ message: waiting, delay: 300 });
    try {
        const result = await orm.call("account.move", "ereceipt_send_now", [[moveId]], {
            token: newToken(),
        });
        notification.add(result.message, {
            type: result.type,
            sticky: result.type === "danger",
        });
    } catch (error) {
        // Shown by Odoo as any error; what was asked for before goes on all the same.
        Promise.reject(error);
    } finally {
        ui.unblock();
    }
    return next || { type: "ir.actions.act_window_close" };
}

registry.category("actions").add("account_ereceipt.send_now", sendNow);
