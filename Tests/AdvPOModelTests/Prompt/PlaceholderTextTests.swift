import AdvPOModel
import Testing

@Suite struct PlaceholderTextTests {
    @Test(
        "only a name in double braces is a placeholder",
        arguments: [
            ("{{q}}", ["q"]), ("{q}", []), ("{{ q }}", []), ("{{q }}", []), ("{{1q}}", []), ("{{a-b}}", []), ("{{}}", []), ("{{q}", []), ("{q}}", []), ("{{{q}}}", ["q"]), ("{{{{q}}}}", ["q"]),
            ("{{q}}{{_r2}}{{q}}", ["q", "_r2"]), ("{{q{{r}}", ["r"]), ("{{é}}", []), ("é{{q}}é", ["q"]), (#"{"a": {"b": "{{q}}"}}"#, ["q"]), (#"\frac{{{q}}}{2}"#, ["q"]),
        ] as [(String, [String])])
    func names(text: String, names: [String]) {
        let parsed = PlaceholderText(text)
        #expect(parsed.names == names)
        // Without values nothing may change.
        #expect(Array(parsed.rendered(variables: [:]).utf8) == Array(text.utf8))
    }

    @Test("values are not searched for placeholders") func onePass() {
        #expect(PlaceholderText("{{a}} {{b}}").rendered(variables: ["a": "{{b}}", "b": "{{a}}"]) == "{{b}} {{a}}")
    }

    @Test("every message of a document is rendered") func documentRendering() {
        let document = PromptDocument(system: "S {{a}}", examples: [.init(user: "U {{a}}", assistant: "{\"x\": {{a}}}")], user: "{{a}} {{other}}")
        #expect(document.rendered(variables: ["a": "1"]).map(\.text) == ["S 1", "U 1", "{\"x\": 1}", "1 {{other}}"])
    }
}
