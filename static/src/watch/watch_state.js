import { Component, onWillUnmount, useEffect, xml } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const MOVING = ["to_sign", "queued", "sending", "unknown", "submitted", "cancelling"];
const FIRST_MS = 2000;
const LAST_MS = 30000;
const SLOWER = 1.5;

/**
 * Shows on an open form what has become of its e-receipt meanwhile.
 *
 * While the receipt is on its way its state is read now and then, less often the longer
 * it takes, and never for a tab that nobody sees. The form is read anew when the state
 * is another one, unless somebody is changing it.
 */
export class WatchState extends Component {
    static template = xml`<span class="d-none" t-att-data-state="state"/>`;
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        useEffect(
            (id, state) => {
                this.wait = FIRST_MS;
                this.plan(id, state);
                return () => clearTimeout(this.timer);
            },
            () => [this.props.record.resId, this.state]
        );
        onWillUnmount(() => (this.gone = true));
    }

    get state() {
        return this.props.record.data.ereceipt_state;
    }

    plan(id, state) {
        clearTimeout(this.timer);
        if (id && !this.gone && MOVING.includes(state)) {
            this.timer = setTimeout(() => this.look(id, state), this.wait);
            this.wait = Math.min(this.wait * SLOWER, LAST_MS);
        }
    }

    async look(id, state) {
        const { record } = this.props;
        const now = document.hidden ? state : await this.read(id, state);
        const same = !this.gone && record.resId === id && this.state === state;
        if (same && now !== state && !(await record.isDirty())) {
            await record.load();
        } else {
            this.plan(id, state);
        }
    }

    /**
     * Nobody has asked for this: where the server is away for a moment nobody is
     * bothered, and it is asked again later.
     */
    async read(id, state) {
        try {
            const [now] = await this.orm.silent.read(
                this.props.record.resModel,
                [id],
                ["ereceipt_state"]
            );
            return now ? now.ereceipt_state : state;
        } catch {
            return state;
        }
    }
}

registry.category("view_widgets").add("ereceipt_watch_state", {
    component: WatchState,
    fieldDependencies: [{ name: "ereceipt_state", type: "selection" }],
});
