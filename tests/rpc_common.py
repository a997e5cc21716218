import json
from datetime import datetime, timedelta

from odoo.http import Request
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
    def ask(self, path, **params):
        """Ask an address of the web client.

        :return: the whole answer, not looked at
        """
        return self.url_open(
            path,
            data=json.dumps({"params": params}),
            headers={"Content-Type": "application/json"},
        )

    def ask_method(self, model, method, args, kwargs):
        """Call a method as the web client does.

        :return: the whole answer, not looked at
        """
        return self.ask(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=args,
            kwargs=kwargs,
        )

    def call(self, model, method, args, context=None):
        """Call a method as the web client does.

        :return: its result, or the name of the error
        """
        answer = self.ask_method(model, method, args, {"context": context or {}}).json()
        if "error" in answer:
            return answer["error"]["data"]["name"]
        return answer.get("result")

    def export(self, records, *names):
        """Export fields of records as the dialog of a list does."""
        asked = {
            "model": records._name,
            "fields": [{"name": n, "label": n, "type": "char"} for n in names],
            "ids": records.ids,
            "domain": [],
            "groupby": [],
            "import_compat": False,
            "context": {},
        }
        form = {"data": json.dumps(asked), "csrf_token": Request.csrf_token(self)}
        with mute_logger("odoo.http", "odoo.addons.web.controllers.export"):
            return self.url_open("/web/export/csv", data=form)

    def key(self, user):
        """Return an API key of a user, as other programs sign in with it."""
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate("rpc", "test", datetime.now() + timedelta(hours=1))

    @mute_logger("odoo.http")
    def ask_json2(self, user, model, method, body):
        """Call a method over JSON-2.

        :return: the whole answer, not looked at
        """
        return self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(body),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.key(user)}",
            },
            timeout=60,
        )

    def call_json2(self, user, model, method, **body):
        """Call a method over JSON-2.

        :return: HTTP status, and the result or the name of the error
        """
        answer = self.ask_json2(user, model, method, body)
        content = answer.json()
        if answer.status_code != 200:
            content = content["name"]
        return answer.status_code, content
