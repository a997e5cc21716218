from lxml import html

from ..controllers import invoice_page, original
from ..controllers.limiter import Limiter


class PortalKit:
    """Opens a customer's pages over HTTP, as who has the link of his invoice."""

    def setUp(self):
        super().setUp()
        # other tests of this process knock at the same doors
        self.patch(invoice_page, "TRIES", Limiter(20, 60))
        self.patch(original, "DOWNLOADS", Limiter(60, 60))
        self.patch(original, "PICTURES", Limiter(120, 60))

    def link(self, move, suffix=""):
        return move.sudo().get_portal_url(suffix=suffix)

    def page(self, url):
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        return html.fromstring(response.text)

    def said(self, page, name):
        return " ".join(
            " ".join(part.text_content() for part in page.xpath(f"//*[@name='{name}']"))
            .replace("\xa0", " ")
            .split()
        )

    def send(self, url, form, **values):
        """Send a form of a page, and return the page that comes of it."""
        [token] = self.page(url).xpath(
            f"//form[@name='{form}']//input[@name='csrf_token']/@value"
        )
        response = self.url_open(url, data={"csrf_token": token, **values})
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        return html.fromstring(response.text)
