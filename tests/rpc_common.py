import json
from datetime import datetime, timedelta

from odoo.tools import mute_logger

ACCESS = "odoo.exceptions.AccessError"
USER = "odoo.exceptions.UserError"
VALIDATION = "odoo.exceptions.ValidationError"
EXPIRED = "odoo.http.SessionExpiredException"


class RpcKit:
    """Calls over HTTP, for test classes that are an ``HttpCase``: as the web client
    makes them and as other programs do. Who signs in has his login as password."""

    def sign_in(self, user):
        self.authenticate(user.login, user.login)

    @mute_logger("odoo.http")
    def call(self, model, method, args, context=None):
        """Call a method as the web client does.

        :return: its result, or the name of the error
        """
        answer = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            data=json.dumps(
                {
                    "params": {
                        "model": model,
                        "method": method,
                        "args": args,
                        "kwargs": {"context": context or {}},
                    }
                }
            ),
            headers={"Content-Type": "application/json"},
        ).json()
        if "error" in answer:
            return answer["error"]["data"]["name"]
        return answer.get("result")

    def key(self, user):
        """Return an API key of a user, as other programs sign in with it."""
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate("rpc", "test", datetime.now() + timedelta(hours=1))

    @mute_logger("odoo.http")
    def call_json2(self, user, model, method, **body):
        """Call a method over JSON-2.

        :return: HTTP status, and the result or the name of the error
        """
        answer = self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(body),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.key(user)}",
            },
        )
        content = answer.json()
        if answer.status_code != 200:
            content = content["name"]
        return answer.status_code, content
