import { registry } from "@web/core/registry";

import { Watch } from "./watch";

const MOVING = ["draft", "running"];

/** Shows on an open form how far the job has come with it. */
export class WatchProgress extends Watch {
    get state() {
        const { state, progress } = this.props.record.data;
        return `${state} ${progress}`;
    }

    moves(state) {
        return MOVING.includes(state.split(" ")[0]);
    }

    async look(id, state) {
        const fields = ["state", "progress"];
        const [now] = await this.orm.silent.read(this.props.record.resModel, [id], fields);
        return now ? `${now.state} ${now.progress}` : state;
    }
}

registry.category("view_widgets").add("ereceipt_watch_progress", {
    component: WatchProgress,
    fieldDependencies: [
        { name: "state", type: "selection" },
        { name: "progress", type: "float" },
    ],
});
