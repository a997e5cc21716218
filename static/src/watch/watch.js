import { Component, onWillUnmount, useEffect, xml } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/**
 * Reads a form anew when something has changed on the server meanwhile.
 *
 * While that may be, it is looked for now and then, less often the longer it takes, and
 * never for a tab that nobody sees. A form that somebody is changing is left alone.
 */
export class Watch extends Component {
    static template = xml`<span class="d-none" t-att-data-state="state"/>`;
    static props = { ...standardWidgetProps };

    /** Milliseconds until the first look, at most, and by how much each takes longer. */
    static pace = { first: 2000, last: 30000, slower: 1.5 };

    setup() {
        this.orm = useService("orm");
        useEffect(
            (id, state) => {
                this.wait = this.constructor.pace.first;
                this.plan(id, state);
                return () => clearTimeout(this.timer);
            },
            () => [this.props.record.resId, this.state]
        );
        onWillUnmount(() => (this.gone = true));
    }

    /** What the form shows of it. */
    get state() {
        throw new Error("Say what is watched");
    }

    /** Whether a state may become another one by itself. */
    moves(state) {
        return Boolean(state);
    }

    /** Return the state as the server has it. */
    async look(_id, _state) {
        throw new Error("Say how it is looked for");
    }

    plan(id, state) {
        clearTimeout(this.timer);
        if (id && !this.gone && this.moves(state)) {
            const { last, slower } = this.constructor.pace;
            this.timer = setTimeout(() => this.compare(id, state), this.wait);
            this.wait = Math.min(this.wait * slower, last);
        }
    }

    async compare(id, state) {
        const { record } = this.props;
        const now = document.hidden ? state : await this.lookQuietly(id, state);
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
    async lookQuietly(id, state) {
        try {
            return await this.look(id, state);
        } catch {
            return state;
        }
    }
}
