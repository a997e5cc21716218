from odoo.tests import Form, tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestRegistrationName(EreceiptCommon):
    """A registration is called by the name that it was given, or else in each reader's
    language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ar_001")
        cls.registration = cls.registration.with_user(cls.administrator)
        cls.arabic = cls.registration.with_context(lang="ar_001")

    def test_named_for_each_reader(self):
        name = f"Egypt: ETA e-Receipt of {self.company.name} (test)"
        self.assertEqual(self.registration.name, name)
        self.assertEqual(self.registration.display_name, name)
        self.assertIn(self.company.name, self.arabic.name)
        self.assertNotIn("(test)", self.arabic.name)
        self.assertEqual(self.arabic.display_name, self.arabic.name)

    def test_follows_what_it_is_made_of(self):
        self.company.name = "مكتبة النيل"
        self.assertIn("مكتبة النيل (test)", self.registration.name)

    def test_given_name_is_everybodys(self):
        self.registration.name = "Shops in Cairo"
        self.assertEqual(self.registration.display_name, "Shops in Cairo")
        self.assertEqual(self.arabic.display_name, "Shops in Cairo")
        self.registration.name = False
        self.assertIn(self.company.name, self.registration.name)

    def test_saving_the_form_gives_no_name(self):
        """It shows the automatic name, in the language of whoever saves it."""
        for registration in (self.registration, self.arabic):
            with Form(registration) as form:
                form.name = registration.name
                form.obliged_from = "2026-01-01"
            self.assertFalse(registration.given_name)

    def test_found_by_name_in_ones_own_language(self):
        model = self.registration.browse()
        ours = [("id", "=", self.registration.id)]
        for reader in (self.registration, self.arabic):
            found = reader.search([*ours, ("name", "ilike", reader.name[-8:])])
            self.assertEqual(found, self.registration)
        self.assertFalse(model.search([*ours, ("name", "ilike", "no such name")]))
        self.registration.name = "Shops in Cairo"
        found = model.name_search("in cairo", ours)
        self.assertEqual([id_ for id_, _name in found], self.registration.ids)
