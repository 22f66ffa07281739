import Testing
@testable import AdvPOOptimizer

@Suite struct RegionedTextTests {
    @Test(
        "templates divide into open and frozen text",
        arguments: [
            ("plain {{x}}", ["+plain {{x}}"]), ("a<advpo:optimize>b</advpo:optimize>c", ["-a", "+b", "-c"]),
            ("<advpo:exclude>a</advpo:exclude>b", ["-a", "+b"]), ("a<advpo:optimize></advpo:optimize>", ["-a", "+"]),
            ("a<advpo:exclude></advpo:exclude>b", ["+ab"]),
            ("<advpo:exclude>a</advpo:exclude>b<advpo:optimize>c</advpo:optimize>", ["-ab", "+c"]),
            ("<advpo:optimize>a</advpo:optimize><advpo:optimize>b</advpo:optimize>", ["+ab"]), ("<b>bold</b> {\"a\": {}}", ["+<b>bold</b> {\"a\": {}}"]),
        ] as [(String, [String])])
    func divides(template: String, expected: [String]) {
        let shown = RegionedText(template: template).segments.map { ($0.isOpen ? "+" : "-") + $0.text }
        // A template that ends in an exclude tag has an empty open end; it may be written in, but says nothing here.
        #expect(shown.filter { $0 != "+" || expected.contains("+") } == expected)
    }

    @Test(
        "a rewrite matches when the frozen text is there to the letter and in order",
        arguments: [
            ("a<advpo:optimize>b</advpo:optimize>c", "aXXc", true), ("a<advpo:optimize>b</advpo:optimize>c", "ac", true),
            ("a<advpo:optimize>b</advpo:optimize>c", "aXX", false), ("a<advpo:optimize>b</advpo:optimize>c", "Xac", false),
            ("a<advpo:optimize>b</advpo:optimize>c", "acXc", true), ("a<advpo:optimize>b</advpo:optimize>a", "a", false),
            ("<advpo:exclude>one</advpo:exclude>x<advpo:exclude>two</advpo:exclude>", "two one", false), ("anything", "else", true),
            ("<advpo:optimize>x</advpo:optimize>caf\u{E9}", "xcafe\u{301}", false),
        ])
    func matches(template: String, rewritten: String, isMatch: Bool) {
        let found = RegionedText(template: template).matching(rewritten)
        #expect((found != nil) == isMatch)
        if let found { #expect(found.text == rewritten) }
    }
}
