"""What is said to who clicked, as an action for the client."""

CLOSE = {"type": "ir.actions.act_window_close"}
"""Close the dialog, and reload what lies below it."""

RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}
"""Reload what is shown."""


def notification(level, message, then=None, **more):
    """Return the action that says something.

    :param str level: ``success``, ``info``, ``warning`` or ``danger``
    :param dict then: what the client does next, nothing if not given
    :param more: ``title``, and ``sticky`` for what stays until it is closed
    """
    params = {"type": level, "message": message, **more}
    if then:
        params["next"] = dict(then)
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": params,
    }


def told_errors(env, errors, otherwise):
    """Return the action that says what went wrong with calls to an authority, each
    sentence once, and reloads what is shown.

    :param errors: those that were raised, if any
    :param str otherwise: what is said when there are none
    """
    text = env["ereceipt.document"]._error_text
    sentences = dict.fromkeys(text(error, env.user) for error in errors)
    level = "danger" if sentences else "success"
    return notification(level, "\n".join(sentences) or otherwise, RELOAD)
