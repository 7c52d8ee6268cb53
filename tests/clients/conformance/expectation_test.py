"""The judge must find what is wrong."""

import unittest

from expectation import differences


def wrong(expected, actual):
    return list(differences(expected, actual))


class ExpectationTest(unittest.TestCase):

    def test_a_part_of_an_object_is_enough(self):
        self.assertEqual(wrong({"a": 1}, {"a": 1, "b": 2}), [])

    def test_a_field_that_is_missing_or_another_is_found(self):
        self.assertEqual(len(wrong({"a": 1}, {"b": 2})), 1)
        self.assertEqual(len(wrong({"a": {"b": "x"}}, {"a": {"b": "y"}})), 1)

    def test_a_list_is_compared_whole_and_in_order(self):
        self.assertEqual(wrong([1, 2], [1, 2]), [])
        self.assertEqual(len(wrong([1], [1, 2])), 1)
        self.assertEqual(len(wrong([1, 2], [2, 1])), 2)

    def test_a_truth_is_no_number(self):
        self.assertEqual(len(wrong(True, 1)), 1)
        self.assertEqual(len(wrong(0, False)), 1)
        self.assertEqual(wrong(False, False), [])

    def test_operators_find_what_is_wrong(self):
        for expected, good, bad in [
            ({"$absent": True}, {}, {"a": None}),
            ({"$matches": "^x"}, {"a": "xy"}, {"a": "yx"}),
            ({"$matches": "x"}, {"a": "x"}, {}),
            ({"$length": 2}, {"a": [1, 2]}, {"a": [1]}),
            ({"$atLeast": 2}, {"a": 2}, {"a": 1}),
            ({"$atLeast": 2}, {"a": "10"}, {"a": "1"}),
            ({"$atLeast": 2}, {"a": [1, 2]}, {"a": [1]}),
            ({"$holds": [{"b": 1}]}, {"a": [{"b": 2}, {"b": 1}]}, {"a": [{"b": 2}]}),
        ]:
            with self.subTest(expected=expected):
                self.assertEqual(wrong({"a": expected}, good), [])
                self.assertEqual(len(wrong({"a": expected}, bad)), 1)

    def test_an_operator_that_does_not_exist_is_a_mistake_of_the_case(self):
        with self.assertRaises(KeyError):
            wrong({"$mathces": "x"}, "x")

    def test_a_message_shows_no_address(self):
        self.assertNotIn("learner", "".join(wrong("x", "learner@example.org")))


if __name__ == "__main__":
    unittest.main()
