import { Component, onMounted, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { useSetupAction } from "@web/search/action_hook";
import { formatInteger } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const REFRESH_MS = 60000;
const ICONS = {
    danger: "fa-exclamation-circle",
    warning: "fa-exclamation-triangle",
    info: "fa-info-circle",
    success: "fa-check-circle",
};

/**
 * The day of whoever issues electronic receipts: what the server counts, as it says it.
 *
 * One call brings everything. It is read anew each minute, never for a tab that nobody
 * sees. Each figure that has something behind it opens it.
 */
export class EreceiptCockpit extends Component {
    static template = "account_ereceipt.Cockpit";
    static components = { Layout };
    static props = { ...standardActionServiceProps };
    static displayName = _t("Overview");

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.display = { controlPanel: {} };
        this.state = useState({
            figures: null,
            environment: null,
            days: 7,
            ...this.props.state,
        });
        useSetupAction({
            getLocalState: () => ({
                environment: this.state.environment,
                days: this.state.days,
            }),
        });
        onWillStart(() => this.load());
        onMounted(() => {
            this.timer = setInterval(() => this.refresh(), REFRESH_MS);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    async load(orm = this.orm) {
        const { environment, days } = this.state;
        const asked = (this.asked = Symbol("asked"));
        const figures = await orm.call("ereceipt.document", "cockpit", [], {
            environment,
            days,
        });
        // an answer that was overtaken by a later question counts no more
        if (this.asked === asked) {
            this.state.figures = figures;
            this.state.environment = figures.environment || null;
        }
    }

    /** Nobody has asked for this, so nobody is bothered where it does not succeed. */
    async refresh() {
        if (!document.hidden) {
            await this.load(this.orm.silent).catch(() => {});
        }
    }

    choose(choice) {
        this.state[choice.name] = choice.value;
        return this.load();
    }

    open(action) {
        return action && this.action.doAction(action);
    }

    number(count) {
        return formatInteger(count);
    }

    /** What a row shows as its figure. */
    figure(row) {
        return row.count === null ? row.text : this.number(row.count);
    }

    icon(level) {
        return ICONS[level] || "";
    }

    levelClass(level) {
        return level ? `fw-bold text-${level}` : "";
    }

    levelText(level) {
        const texts = {
            danger: _t("Urgent"),
            warning: _t("Worth a look"),
            info: _t("For information"),
            success: _t("All is well"),
        };
        return texts[level] || "";
    }
}

registry.category("actions").add("account_ereceipt.cockpit", EreceiptCockpit);
