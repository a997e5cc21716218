import { registry } from "@web/core/registry";

import { Watch } from "./watch";

const MOVING = ["to_sign", "queued", "sending", "unknown", "submitted", "cancelling"];

/** Shows on an open form what has become of its e-receipt meanwhile. */
export class WatchState extends Watch {
    get state() {
        return this.props.record.data.ereceipt_state;
    }

    moves(state) {
        return MOVING.includes(state);
    }

    async look(id, state) {
        const [now] = await this.orm.silent.read(
            this.props.record.resModel,
            [id],
            ["ereceipt_state"]
        );
        return now ? now.ereceipt_state : state;
    }
}

registry.category("view_widgets").add("ereceipt_watch_state", {
    component: WatchState,
    fieldDependencies: [{ name: "ereceipt_state", type: "selection" }],
});
