import os
import unittest

import check_output

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class CheckOutputTest(unittest.TestCase):
    def test_a_clean_output_is_clean(self):
        self.assertEqual(check_output.findings("[ OK ] all 3 tests\nwarning: 12-31-2016", set()), [])

    def test_credentials_addresses_and_numbers_are_found_and_not_repeated(self):
        text = "ok\nkey sandbox-edx-client-secret-not-a-secret\nto jane@example.org\nssn 123-45-6789"
        found = check_output.findings(text, set())
        self.assertEqual([number for number, _ in found], [2, 3, 4])
        self.assertFalse(any("jane" in what for _, what in found))

    def test_issued_tokens_are_credentials_too(self):
        for token in ("sandbox-edx-issued-7-not-a-secret", "sandbox-openapply-issued-12-not-a-secret"):
            self.assertEqual(len(check_output.findings(f"Authorization: JWT {token}", set())), 1, token)

    def test_a_name_of_the_documents_examples_is_looked_for(self):
        values = check_output.example_values(ROOT)
        self.assertIn("Doe,John N.", values)
        self.assertEqual(len(check_output.findings('refused: "Doe,John N." is no date', values)), 1)

    def test_values_of_persons_in_examples_are_found(self):
        values = check_output.personal_values({"student": [{"last_name": "Abernathy", "city": "Lincoln"}]})
        self.assertEqual(values, {"Abernathy"})
        self.assertEqual(len(check_output.findings("hello Abernathy", values)), 1)
        self.assertEqual(check_output.findings("hello Lincoln", values), [])

    def test_digits_within_a_longer_number_are_nobodys(self):
        self.assertEqual(check_output.findings("E1122 04:20:32.596351622 5005 handshake", {"51622"}), [])
        self.assertEqual(len(check_output.findings("code 51622, please", {"51622"})), 1)


if __name__ == "__main__":
    unittest.main()
