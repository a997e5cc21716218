import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const PICTURES = {
    valid: "fa-university",
    delivered: "fa-envelope",
    told: "fa-comment",
    money: "fa-money",
};

/** How a lamp burns, once by its colour and once by a mark, since not all see colours. */
const MARKS = {
    on: { colour: "text-success", mark: "fa-check" },
    half: { colour: "text-info", mark: "fa-clock-o" },
    wrong: { colour: "text-danger", mark: "fa-times" },
    off: { colour: "text-muted", mark: "" },
};

/** The four lamps of an invoice, in a list as pictures, on a form with words. */
export class Lamps extends Component {
    static template = "account_ereceipt.Lamps";
    static props = { ...standardFieldProps, texts: { type: Boolean, optional: true } };
    static defaultProps = { texts: false };

    get lamps() {
        return (this.props.record.data[this.props.name] || []).map((lamp) => ({
            ...lamp,
            ...MARKS[lamp.level],
            picture: PICTURES[lamp.name],
            words: `${lamp.title}: ${lamp.text}`,
        }));
    }
}

registry.category("fields").add("ereceipt_lamps", {
    component: Lamps,
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ texts: Boolean(options.texts) }),
});
