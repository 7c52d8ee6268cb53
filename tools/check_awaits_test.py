import unittest

import check_awaits


def faults(body):
    """Returns the lines with a fault in a coroutine of this body, whose first line is line 2."""
    text = "Task<void> Coroutine(CallContext& call) {\n" + body + "\n}\n"
    return [line for line, _ in check_awaits.check_text(text)]


class CheckAwaitsTest(unittest.TestCase):

    def test_an_await_that_stands_alone_is_right(self):
        for statement in (
                "co_await Sleep(call, absl::Seconds(1));",
                "auto page = co_await api_.Call<openapply::ReenrollmentPage>(call, kList, request);",
                "const absl::StatusOr<std::vector<int>>& x = co_await F();",
                "absl::Status status = co_await std::move(task);",
                "status = co_await F(a, b);",
                "this->status_ = co_await client->Send(call, request);",
                "results[i] = co_await F(i);",
                "auto [a, b] = co_await F();",
                "std::ignore = co_await F();",
                "co_await *event;",
                "if (ready) co_await F();",
                "if (a) { x = 1; } else x = co_await F();",
                "for (int i = 0; i < 3; ++i) co_await F(i);",
                "switch (x) { case 1: co_await F(); break; default: co_await G(); }",
                "auto x = co_await F(Options{.size = 3}, {1, 2});",
                "auto x = co_await F(table[i], \"a ? b : c; [&]() {\", 'x');",
                "auto x = co_await F(\n      a,\n      b);",
                "CO_ASSIGN_OR_RETURN(auto page, co_await F(call, a));",
                "CO_RETURN_IF_ERROR(co_await F(call));",
        ):
            self.assertEqual([], faults(statement), statement)

    def test_an_await_in_anything_larger_is_found(self):
        for statement in (
                "if (co_await F()) { G(); }",
                "while (co_await F()) {}",
                "for (int i = 0; i < co_await F(); ++i) {}",
                "for (auto x = co_await F(); x; ) {}",
                "G(co_await F());",
                "auto x = G(1, co_await F());",
                "auto x = Page{co_await F()};",
                "Page x{co_await F()};",
                "Page x = {1, co_await F()};",
                "auto x = Page{co_await F(), 1};",
                "auto x = c ? co_await F() : co_await G();",
                "auto x = co_await F() ? 1 : 2;",
                "auto x = co_await F(c ? 1 : 2);",
                "auto x = (co_await F()).value();",
                "auto x = co_await F() + 1;",
                "auto x = co_await F() && y;",
                "auto x = co_await F() < 1;",
                "auto x = 1 + co_await F();",
                "auto x = !co_await F();",
                "auto x = *co_await F();",
                "co_return co_await F();",
                "table[co_await F()] = 1;",
                "int a = 1, b = co_await F(), c = 2;",
                "co_await F([&](int x) { return x; });",
                "auto x = co_await F(1, [] { return 1; });",
                "EXPECT_EQ(1, co_await F());",
                "CO_ASSIGN_OR_RETURN(auto page, G(co_await F(call, a)));",
                "CO_ASSIGN_OR_RETURN(auto page, co_await F() + 1);",
        ):
            self.assertNotEqual([], faults(statement), statement)

    def test_an_await_in_a_lambda_is_right_only_without_captures(self):
        self.assertEqual([], faults(
            "auto f = [](CallContext& call) -> Task<int> {\n  co_await F(call);\n};"))
        self.assertEqual([], faults("Spawn([](int x) -> Task<void> { co_await F(x); }(3));"))
        self.assertEqual([3], faults(
            "auto f = [&](CallContext& call) -> Task<int> {\n  co_await F(call);\n};"))
        self.assertEqual([2], faults("Run([this]() mutable { if (x) { co_await F(); } });"))

    def test_comments_strings_and_macro_definitions_do_not_count(self):
        self.assertEqual([], list(check_awaits.check_text(
            '// G(co_await F());\n/* G(co_await F()); */\nconst char* s = "G(co_await F())";\n'
            'const char* r = R"x(G(co_await F()))x";\n'
            '#define CO_ASSIGN_OR_RETURN(lhs, rexpr) \\\n  auto r = (co_await (rexpr)); \\\n  lhs = *r\n'
        )))

    def test_every_finding_has_its_own_line(self):
        self.assertEqual([3, 5], faults("co_await F();\nG(co_await F());\nint n = 1'000'000;\n"
                                        "G(co_await F());"))


if __name__ == "__main__":
    unittest.main()
