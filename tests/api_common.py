from .rpc_common import RpcKit

CALL_ERROR = "odoo.addons.account_ereceipt.models.ereceipt_api_error.ApiError"


class ApiKit(RpcKit):
    """Calls of other systems, over HTTP with the API key of a user of each role."""

    def setUp(self):
        super().setUp()
        self.keys = {}

    def key(self, user):
        if user not in self.keys:
            self.keys[user] = super().key(user)
        return self.keys[user]

    def post(self, user, method, **body):
        """Call a method.

        :return: the HTTP status and the whole answer
        """
        answer = self.ask_json2(user, "ereceipt.api", method, body)
        self.env.invalidate_all()
        return answer.status_code, answer.json()

    def ok(self, method, user=None, **body):
        """Call a method that is understood; return what it answers."""
        status, answer = self.post(user or self.accountant, method, **body)
        self.assertEqual(status, 200, answer)
        self.assertEqual(answer["version"], 1)
        return answer

    def one(self, method, name, **body):
        """Call a method about one thing; return its document or error."""
        argument = "invoices" if method == "issue" else "documents"
        [result] = self.ok(method, **{argument: [name]}, **body)["results"]
        return result["document"] if result["ok"] else result["error"]

    def assert_code(self, code, method, user=None, **body):
        """The call as a whole is refused with a code and a sentence."""
        status, answer = self.post(user or self.accountant, method, **body)
        self.assertEqual(status, 422, answer)
        self.assertEqual(answer["name"], CALL_ERROR)
        self.assertEqual(answer["context"], {"code": code}, answer["message"])
        self.assertTrue(answer["message"].endswith("."), answer["message"])
